"""`python -m fashion_keras.experiments` runs all comparisons of the report."""

from fashion_keras.cli import run_main
from fashion_keras.experiments import NAMES, load_experiment

if __name__ == "__main__":
    raise SystemExit(run_main([load_experiment(name) for name in NAMES]))
