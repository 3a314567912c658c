"""Training: one run, its callbacks, its compilation, its environment, and its time."""
