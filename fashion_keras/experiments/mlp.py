"""A fully connected network with augmented inputs, beside the base and the best of an earlier search.

Reproduces: nothing of the report.
Run:        python -m fashion_keras.experiments.mlp
Cost:       3 arms x 10 seeds; --dry-run says how long here.
Measured:   experiments/mlp/
"""

from dataclasses import replace

from fashion_keras.experiments import BASE, Arm, Experiment, main
from fashion_keras.experiments.tuned_fcn_regularised import EXPERIMENT as SEARCHED

EXPERIMENT = Experiment(
    name="mlp",
    title="Fully connected networks with and without augmentation",
    base=replace(BASE, precision="mixed_bfloat16"),
    arms=(
        *SEARCHED.arms,
        Arm(
            "augmented",
            model={"name": "fcn", "hidden_units": (1024, 256), "batch_norm": True, "dropout_rate": 0.2},
            augmentation={"name": "shift+mixup", "max_shift": 0.04},
            optimizer={"name": "adamw", "learning_rate": 0.001, "weight_decay": 0.007},
            schedule={"name": "cosine", "warmup_epochs": 3},
            loss={"name": "cross_entropy", "label_smoothing": 0.1},
            batch_size=256,
            epochs=50,
        ),
    ),
)

if __name__ == "__main__":
    main(EXPERIMENT)
