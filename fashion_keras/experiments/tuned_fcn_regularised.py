"""The pick of a search among wide fully connected networks that train long, beside the base.

Reproduces: nothing of the report; tuned_fcn_regularised.json holds the pick and the search that it comes from.
Run:        python -m fashion_keras.experiments.tuned_fcn_regularised
Cost:       2 arms x 10 seeds; --dry-run says how long here.
Measured:   experiments/tuned_fcn_regularised/
"""

from fashion_keras.experiments import main
from fashion_keras.tuning.search.picks import load_adopted

EXPERIMENT = load_adopted("tuned_fcn_regularised")

if __name__ == "__main__":
    main(EXPERIMENT)
