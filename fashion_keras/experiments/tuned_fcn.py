"""The fully connected network that a search picked by validation alone, beside the base.

Reproduces: nothing of the report; tuned_fcn.json holds the pick and the search that it comes from.
Run:        python -m fashion_keras.experiments.tuned_fcn
Cost:       2 arms x 10 seeds; --dry-run says how long here.
Measured:   experiments/tuned_fcn/
"""

from fashion_keras.experiments import main
from fashion_keras.tuning.search.picks import load_adopted

if __name__ == "__main__":
    main(lambda: load_adopted("tuned_fcn"))  # there, a pick that nobody has adopted yet is told in one line
else:
    EXPERIMENT = load_adopted("tuned_fcn")
