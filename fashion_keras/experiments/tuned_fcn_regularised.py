"""The best of 20 trials among wide fully connected networks that train long, beside the base.

Reproduces: nothing of the report. Bayesian search of `fcn_regularised` with seed 0, 50 epochs a trial, by validation
            accuracy alone: trial 18 of study fcn_regularised-bayesian-s0-a04a2712 reached 91.50 %.
Run:        python -m fashion_keras.experiments.tuned_fcn_regularised
Cost:       2 arms x 10 seeds; --dry-run says how long here.
Measured:   experiments/tuned_fcn_regularised/
"""

from dataclasses import replace

from fashion_keras.experiments import BASE, Arm, Experiment, main

EXPERIMENT = Experiment(
    name="tuned_fcn_regularised",
    title="The pick of 20 trials (bayesian search of fcn_regularised) beside the base",
    base=replace(BASE, precision="mixed_bfloat16"),
    arms=(
        Arm("base"),
        Arm(
            "tuned",
            model={"name": "fcn", "hidden_units": (1024, 512), "batch_norm": True, "dropout_rate": 0.2},
            optimizer={"name": "adamw", "learning_rate": 0.000822, "weight_decay": 0.00682},
            schedule={"name": "cosine", "warmup_epochs": 5},
            loss={"name": "cross_entropy", "label_smoothing": 0.2},
            batch_size=256,
        ),
    ),
)

if __name__ == "__main__":
    main(EXPERIMENT)
