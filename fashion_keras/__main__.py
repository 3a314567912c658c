"""`python -m fashion_keras` is the console command."""

from fashion_keras.cli import command

if __name__ == "__main__":
    command()
