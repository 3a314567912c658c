"""The base in bfloat16 beside float32: may the faster arithmetic stand in for the other?

Reproduces: nothing of the report; it decides what `--precision auto` does, with `precision_cnn`.
Run:        python -m fashion_keras.experiments.precision_fcn
Cost:       2 arms x 10 seeds of 50 epochs; --dry-run says how long here.
Measured:   experiments/precision_fcn/
"""

from fashion_keras.experiments import BASE, Arm, Experiment, main

EXPERIMENT = Experiment(
    name="precision_fcn",
    title="The base in bfloat16 and in float32",
    base=BASE,
    arms=(
        Arm("float32"),
        Arm("mixed_bfloat16", precision="mixed_bfloat16"),
    ),
)

if __name__ == "__main__":
    main(EXPERIMENT)
