"""`python -m fashion_keras.tuning SPACE` is `fashion-keras tune SPACE`."""

import os
import sys

if __name__ == "__main__":
    os.execv(sys.executable, [sys.executable, "-m", "fashion_keras", "tune", *sys.argv[1:]])
