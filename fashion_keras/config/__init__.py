"""Run configuration: what a run is made of, checked, hashed and resolved to Keras objects."""
