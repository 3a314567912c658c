"""`python -m fashion_keras.tuning SPACE` is `fashion-keras tune SPACE`."""

import sys

from fashion_keras.cli import main

if __name__ == "__main__":
    raise SystemExit(main(["tune", *sys.argv[1:]]))
