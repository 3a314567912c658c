"""Server of the page on a loopback address, until it is interrupted."""

import contextlib
import errno
import os
import socket
import sys
from typing import TYPE_CHECKING, NoReturn

from fashion_keras.errors import ConfigError

if TYPE_CHECKING:
    import uvicorn
    from starlette.applications import Starlette

__all__ = ["address_of", "bind", "end_process", "make_server", "open_browser", "serve"]

_STOPPING_SEC = 1


def bind(port: int) -> socket.socket:
    """Return a socket that listens on the loopback alone; port 0 is any free one.

    Raises:
        ConfigError: The port is not to be had.
    """
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        reason = "is taken by another program" if taken else f"cannot be had: {error.strerror}"
        raise ConfigError(f"port {port} {reason}; choose another with --port, or --port 0 for any free one") from error


def address_of(listening: socket.socket) -> str:
    """Return the page's address for a browser, such as `http://127.0.0.1:8765/`."""
    return "http://{}:{}/".format(*listening.getsockname())


def open_browser(address: str) -> None:
    """Show a page to who sits at a terminal with a display; in continuous integration nobody does."""
    import webbrowser

    has_display = sys.platform in ("darwin", "win32") or {"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ)
    if has_display and sys.stdout.isatty() and "CI" not in os.environ:
        webbrowser.open(address)


def make_server(app: "Starlette") -> "uvicorn.Server":
    """Return a server of an application; `run(sockets=[...])` serves until an interrupt or `should_exit`."""
    import uvicorn

    from fashion_keras.demo.connections import PatientProtocol

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            app.state.stop()  # or a picture that is being read would be waited for
            await super().shutdown(sockets)

    return Server(
        uvicorn.Config(
            app,
            loop="asyncio",
            http=PatientProtocol,
            ws="none",
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=_STOPPING_SEC,
        )
    )


def serve(app: "Starlette", listening: socket.socket) -> None:
    """Serve until Ctrl-C, which ends it as it should."""
    # uvicorn finishes what it answers, and raises the interrupt again afterwards.
    with contextlib.suppress(KeyboardInterrupt):
        make_server(app).run(sockets=[listening])


def end_process() -> NoReturn:
    """End the process with status 0 at once: TensorFlow takes one to three seconds to take itself apart."""
    sys.stdout.flush()
    os._exit(0)
