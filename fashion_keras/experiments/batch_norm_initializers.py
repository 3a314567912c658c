"""Batch normalisation by initialisation: does batch norm make the result less sensitive to the initialiser?

Reproduces: the report's claim 14 as what it is, an interaction; its arms are those of `initializers` and `batch_norm`,
            whose runs it shares.
Run:        python -m fashion_keras.experiments.batch_norm_initializers
Cost:       8 arms x 10 seeds of 50 epochs, most of them shared; --dry-run says how long here.
Measured:   experiments/batch_norm_initializers/
"""

from fashion_keras.experiments import BASE, Experiment, main

EXPERIMENT = Experiment.grid(
    "batch_norm_initializers",
    "Batch normalisation by initialisation",
    base=BASE,
    factors={"batch norm": {"plain": {}, "batch_norm_0.008": {"batch_norm": True, "learning_rate": 0.008}}},
    initializer=["pytorch_default", "random_normal", "xavier_normal", "he_uniform"],
)

if __name__ == "__main__":
    main(EXPERIMENT)
