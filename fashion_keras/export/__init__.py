"""Models that leave the package: SavedModels, and out of them or of runs ONNX, LiteRT and Keras files.

Everything is written whole, and only where it agrees with the model in float32. Importing this package takes no
TensorFlow.
"""

from fashion_keras.export.saved_model import export_model, export_run

__all__ = ["export_model", "export_run"]
