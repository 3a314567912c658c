"""Storage: finished runs, comparisons, archives and times on disk. Knows neither TensorFlow nor Keras."""
