"""`python -m fashion_keras.experiments` is `fashion-keras run all`."""

import os
import sys

if __name__ == "__main__":
    os.execv(sys.executable, [sys.executable, "-m", "fashion_keras", "run", "all", *sys.argv[1:]])
