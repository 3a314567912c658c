"""The names of the report's comparisons, each a module of this package."""

NAMES = ("learning_rates", "optimizers", "dropout", "initializers", "batch_norm", "cnn")
