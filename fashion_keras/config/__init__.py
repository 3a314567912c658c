"""Configuration: what a run is made of, checked and hashed; custom code and the names of Keras's classes."""
