"""Dropout after each hidden layer of the fully connected network.

Reproduces: table 2 of the report; below the line, a lower and a high rate, which the report only describes.
Run:        python -m fashion_keras.experiments.dropout
Cost:       4 arms x 10 seeds of 50 epochs; --dry-run says how long here.
Measured:   experiments/dropout/
"""

from fashion_keras.experiments import BASE, Arm, Experiment, main

EXPERIMENT = Experiment(
    name="dropout",
    title="Dropout rates",
    base=BASE,
    arms=(
        Arm("no_dropout", published="base"),
        Arm("dropout_0.1", dropout_rate=0.1, published="dropout_0.1"),
        Arm("dropout_0.05", dropout_rate=0.05, text_only=True),
        Arm("dropout_0.5", dropout_rate=0.5, text_only=True),
    ),
)

if __name__ == "__main__":
    main(EXPERIMENT)
