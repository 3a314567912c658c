"""Optimizers, each at its best learning rate, on the fully connected network.

Reproduces: table 1 and figure 6 of the report; below the line, RMSprop and Adam at SGD's rate and SGD with momentum,
            which the report only describes.
Run:        python -m fashion_keras.experiments.optimizers
Cost:       6 arms x 10 seeds of 50 epochs; --dry-run says how long here.
Measured:   experiments/optimizers/
"""

from fashion_keras.experiments import BASE, Arm, Experiment, main

EXPERIMENT = Experiment(
    name="optimizers",
    title="Optimizers at the report's best learning rates",
    base=BASE,
    arms=(
        Arm("sgd", published="base"),
        Arm("rmsprop", optimizer="rmsprop", learning_rate=1e-4, published="rmsprop_lr_1e-4"),
        Arm("adam", optimizer="adam", learning_rate=8e-5, published="adam_lr_8e-5"),
        Arm("rmsprop_0.02", optimizer="rmsprop", learning_rate=0.02, text_only=True),
        Arm("adam_0.02", optimizer="adam", learning_rate=0.02, text_only=True),
        Arm("sgd_momentum_0.9", momentum=0.9, text_only=True),
    ),
)

if __name__ == "__main__":
    main(EXPERIMENT)
