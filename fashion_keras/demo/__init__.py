"""Page on this machine to try a model on: drop a picture or draw one. Needs the extra `demo`."""
