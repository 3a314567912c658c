"""A residual network of a third of the report's CNN's parameters, beside it.

Reproduces: nothing of the report.
Run:        python -m fashion_keras.experiments.resnet --seeds 5 --fixed
Cost:       2 arms x 5 seeds; --dry-run says how long here.
Measured:   experiments/resnet/
"""

from dataclasses import replace

from fashion_keras.experiments import BASE, Arm, Experiment, main

EXPERIMENT = Experiment(
    name="resnet",
    title="A residual network beside the report's convolutional one",
    base=replace(BASE, precision="mixed_bfloat16"),
    arms=(
        Arm("cnn", model="cnn", optimizer="adam", learning_rate=1e-3, epochs=10),
        Arm(
            "resnet",
            model={"name": "resnet", "filters": (32, 48, 96)},
            augmentation={"name": "flip+shift", "max_shift": 0.04},
            optimizer={"name": "SGD", "learning_rate": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 5e-4},
            schedule={"name": "cosine", "warmup_epochs": 1},
            loss={"name": "cross_entropy", "label_smoothing": 0.1},
            batch_size=128,
            epochs=16,
        ),
    ),
)

if __name__ == "__main__":
    main(EXPERIMENT)
