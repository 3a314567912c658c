"""`fashion-keras export`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from fashion_keras.commands.options import Commands, Parser, add_command, add_data_options, path
from fashion_keras.formatting import one_line

if TYPE_CHECKING:
    from fashion_keras.data import Dataset
    from fashion_keras.storage.runs import StoredRun

__all__ = ["add_to", "export"]

SAVED_MODEL = "savedmodel"


def add_to(commands: "Commands[Parser]") -> None:
    """Declare the command."""
    parser = add_command(commands, "export", export, "write a trained model for other programs")
    parser.add_argument(
        "model",
        metavar="RUN_OR_MODEL",
        help="a run's folder or its name in the store, a shipped model such as cnn, or the folder of a SavedModel",
    )
    parser.add_argument(
        "--format",
        choices=(SAVED_MODEL, "onnx", "litert", "keras"),
        default=SAVED_MODEL,
        help="of the file (default: %(default)s); onnx and litert are extras of the installation",
    )
    parser.add_argument(
        "--out", type=path, metavar="DIR", help="folder of the model (default: saved_models/exported/NAME)"
    )
    parser.add_argument(
        "--store",
        type=path,
        default=Path("runs", "store"),
        metavar="DIR",
        help="folder of the runs (default: %(default)s)",
    )
    add_data_options(parser)


def export(options: argparse.Namespace) -> int:
    """Export one model."""
    from fashion_keras.export.formats import FORMATS
    from fashion_keras.export.trained import find_trained
    from fashion_keras.storage.runs import RunStore
    from fashion_keras.workflows.session import Session

    found = find_trained(options.model, RunStore(options.store))
    if options.format in FORMATS:
        FORMATS[options.format].check_installed()
    elif isinstance(found, Path):
        return _copy(found, options)
    return _export_found(found, Session.of(vars(options)).dataset, options)


def _export_found(found: "StoredRun | Path", dataset: "Dataset", options: argparse.Namespace) -> int:
    from fashion_keras.export import export_run
    from fashion_keras.export.formats import FORMATS, LABELS, write_format
    from fashion_keras.export.trained import load_trained
    from fashion_keras.storage.runs import StoredRun

    folder = _folder(found, options)
    if isinstance(found, StoredRun) and options.format == SAVED_MODEL:
        report = export_run(found, dataset, folder / "1")
        print(one_line(f"{folder / '1'}: {report}"))
        return 0
    file_format = FORMATS[options.format]
    trained = load_trained(found, dataset)
    images = dataset.test_images.reshape(-1, *dataset.image_shape)
    report = write_format(file_format, trained, folder, images)
    path = folder / file_format.file
    print(one_line(f"{path} ({path.stat().st_size / 1e6:.2f} MB) and {LABELS}: {report}"))
    return 0


def _copy(found: Path, options: argparse.Namespace) -> int:
    from fashion_keras.export.saved_model import copy_export

    path = _folder(found, options) / "1"
    copy_export(found, path)
    print(one_line(f"{path}: a copy of {found}"))
    return 0


def _folder(found: "StoredRun | Path", options: argparse.Namespace) -> Path:
    from fashion_keras.workflows.evaluate import short_name

    # By what tells it from others: two comparisons may each have an arm of a name, two data sets a run of a label.
    name = short_name(options.model) if isinstance(found, Path) else found.path.name
    return options.out or Path("saved_models", "exported", name)
