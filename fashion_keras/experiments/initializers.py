"""Initialisation schemes of the weights of all three layers of the fully connected network.

Reproduces: table 3 and figure 7 of the report.
Run:        python -m fashion_keras.experiments.initializers
Cost:       4 arms x 10 seeds of 50 epochs; --dry-run says how long here.
Measured:   experiments/initializers/
"""

from fashion_keras.experiments import BASE, Arm, Experiment, main

EXPERIMENT = Experiment(
    name="initializers",
    title="Initialisation schemes",
    base=BASE,
    arms=(
        Arm("default", published="base"),
        Arm("random_normal", initializer="random_normal", published="random_normal"),
        Arm("xavier_normal", initializer="xavier_normal", published="xavier_normal"),
        Arm("he_uniform", initializer="he_uniform", published="he_uniform"),
    ),
)

if __name__ == "__main__":
    main(EXPERIMENT)
