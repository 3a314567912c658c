"""Training of one run: a configuration and its data in, a result out."""
