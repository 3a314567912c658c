"""Trained models in use: loading, predictions, and what a model says of itself."""
