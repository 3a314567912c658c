"""Batch normalisation before each ReLU of the fully connected network.

Reproduces: table 4 of the report; below the line, the base's learning rate, which the report only describes, and the
            other initialisers, for its claim that batch norm makes the result less sensitive to them.
Run:        python -m fashion_keras.experiments.batch_norm
Cost:       6 arms x 10 seeds of 50 epochs; --dry-run says how long here.
Measured:   experiments/batch_norm/
"""

from fashion_keras.experiments import BASE, Arm, Experiment, main

EXPERIMENT = Experiment(
    name="batch_norm",
    title="Batch normalisation",
    base=BASE,
    arms=(
        Arm("no_batch_norm", published="base"),
        Arm("batch_norm_0.008", batch_norm=True, learning_rate=0.008, published="batch_norm_0.008"),
        Arm("batch_norm_0.02", batch_norm=True, text_only=True),
        Arm("batch_norm_0.008_random_normal", batch_norm=True, learning_rate=0.008, initializer="random_normal",
            text_only=True),
        Arm("batch_norm_0.008_xavier_normal", batch_norm=True, learning_rate=0.008, initializer="xavier_normal",
            text_only=True),
        Arm("batch_norm_0.008_he_uniform", batch_norm=True, learning_rate=0.008, initializer="he_uniform",
            text_only=True),
    ),
)  # fmt: skip

if __name__ == "__main__":
    main(EXPERIMENT)
