"""The names of the report's comparisons, each a module of `fashion_keras.experiments`."""

NAMES = ("learning_rates", "optimizers", "dropout", "initializers", "batch_norm", "cnn")
