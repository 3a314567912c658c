"""The convolutional network beside the fully connected one.

Reproduces: figure 19 of the report. Optimizer, learning rate and batch size of the CNN are not stated there; Adam at
            0.001 with batches of 512 is the plain reading.
Run:        python -m fashion_keras.experiments.cnn
Cost:       2 arms x 10 seeds of 50 epochs, 10 seeds of 10 epochs of the CNN; --dry-run says how long here.
Measured:   experiments/cnn/
"""

from fashion_keras.experiments import BASE, Arm, Experiment, main

EXPERIMENT = Experiment(
    name="cnn",
    title="A convolutional network beside the fully connected one",
    base=BASE,
    arms=(
        Arm("fcn_sgd", published="base"),
        Arm("fcn_adam", optimizer="adam", learning_rate=8e-5, published="adam_lr_8e-5"),
        Arm("cnn", model="cnn", optimizer="adam", learning_rate=1e-3, epochs=10, published="cnn"),
    ),
)

if __name__ == "__main__":
    main(EXPERIMENT)
