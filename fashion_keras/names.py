"""The names of the comparisons, each a module of `fashion_keras.experiments`."""

NAMES = ("learning_rates", "optimizers", "dropout", "initializers", "batch_norm", "cnn")
"""The report's, which `run all` trains."""

PRECISION_NAMES = ("precision_fcn", "precision_cnn")
"""What `--precision auto` rests on."""

ALL_NAMES = NAMES + PRECISION_NAMES
