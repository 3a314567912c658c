"""Search: keras-tuner's oracles over the package's own execution and store."""
