"""Models that leave the package: SavedModels, and out of them or of runs ONNX, LiteRT and Keras files.

Everything is written whole, and only where it agrees with the model in float32. Importing this package and finding an
export that is already there take no TensorFlow.
"""

from fashion_keras.export.parity import ParityReport
from fashion_keras.export.saved_model import export_model, export_run
from fashion_keras.inference.record import RECORD, find_damage, find_export, read_record

__all__ = [
    "RECORD",
    "ParityReport",
    "export_model",
    "export_run",
    "find_damage",
    "find_export",
    "read_record",
]
