"""`python -m fashion_keras` is the console command, `fashion-keras`."""

import signal

__all__ = ["start"]


def start() -> None:
    """End at Ctrl-C without a word while modules are imported; `main` takes over."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # and not ignored, as behind `nohup`
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from fashion_keras.cli import command

    command()


if __name__ == "__main__":
    start()
