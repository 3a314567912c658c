"""The best of 40 trials among fully connected networks of at most three layers of 1024 units, beside the base.

Reproduces: nothing of the report. Bayesian search of `fcn_small` with seed 0, 20 epochs a trial, by validation accuracy
            alone: trial 39 of study fcn_small-bayesian-s0-e39c25e9 reached 91.07 %.
Run:        python -m fashion_keras.experiments.tuned_fcn_small
Cost:       2 arms x 10 seeds; --dry-run says how long here.
Measured:   experiments/tuned_fcn_small/
"""

from dataclasses import replace

from fashion_keras.experiments import BASE, Arm, Experiment, main

EXPERIMENT = Experiment(
    name="tuned_fcn_small",
    title="The pick of 40 trials (bayesian search of fcn_small) beside the base",
    base=replace(BASE, precision="mixed_bfloat16"),
    arms=(
        Arm("base"),
        Arm(
            "tuned",
            model={"name": "fcn", "hidden_units": (1024, 512), "batch_norm": True},
            optimizer={"name": "adamw", "learning_rate": 0.000148, "weight_decay": 0.00748},
            schedule="cosine",
            loss={"name": "cross_entropy", "label_smoothing": 0.2},
            batch_size=128,
            epochs=20,
        ),
    ),
)

if __name__ == "__main__":
    main(EXPERIMENT)
