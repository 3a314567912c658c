"""SGD at two learning rates on the fully connected network.

Reproduces: figures 4 and 5 of the report.
Run:        python -m fashion_keras.experiments.learning_rates
Cost:       2 arms x 10 seeds of 50 epochs; --dry-run says how long here.
Measured:   experiments/learning_rates/
"""

from fashion_keras.experiments import BASE, Arm, Experiment, main

EXPERIMENT = Experiment(
    name="learning_rates",
    title="Learning rates of SGD",
    base=BASE,
    arms=(
        Arm("sgd_0.02", published="base"),
        Arm("sgd_0.05", learning_rate=0.05, published="sgd_lr_0.05"),
    ),
)

if __name__ == "__main__":
    main(EXPERIMENT)
