"""`fashion-keras predict`."""

import argparse
import sys
from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from fashion_keras.commands.options import Commands, Parser, add_command, count

if TYPE_CHECKING:
    from fashion_keras.images.reading import Picture
    from fashion_keras.inference.classifier import Classifier
    from fashion_keras.inference.collecting import Unreadable
    from fashion_keras.workflows.predict import Batches, Predicted

__all__ = ["add_to", "predict"]

BATCH_SIZE = 500


def add_to(commands: "Commands[Parser]") -> None:
    """Declare the command."""
    parser = add_command(commands, "predict", predict, "classify pictures with an exported model")
    parser.add_argument("model", metavar="MODEL", help="cnn or fcn, or the folder of a SavedModel")
    parser.add_argument(
        "images",
        nargs="+",
        metavar="IMAGE",
        help="PNG, JPEG, WebP, GIF, BMP or TIFF files, folders of them, quoted patterns such as 'photos/*.jpg', IDX "
        "files, or - for standard input",
    )
    parser.add_argument("--top", type=count, default=1, metavar="K", help="the K most probable classes (default: 1)")
    parser.add_argument(
        "--invert",
        choices=("auto", "on", "off"),
        default="auto",
        help="exchange light and dark (default: auto, where the model's training images have them the other way round)",
    )
    form = parser.add_mutually_exclusive_group()
    for name, text in (("json", "write a JSON array"), ("csv", "write CSV, a row per picture and class")):
        form.add_argument(f"--{name}", dest="form", action="store_const", const=name, default="text", help=text)


def predict(options: argparse.Namespace) -> int:
    """Classify what can be read; what cannot is named on standard error and makes the status 1."""
    from fashion_keras.images.worker import PictureReader
    from fashion_keras.inference.classifier import load_model
    from fashion_keras.inference.collecting import Unreadable, read_pictures
    from fashion_keras.workflows.predict import WRITERS

    model, is_whole = load_model(options.model), True
    standard_input = getattr(sys.stdin, "buffer", None)

    def answered(pictures: "Iterator[Picture | Unreadable]") -> "Batches":
        nonlocal is_whole
        while batch := list(islice(pictures, BATCH_SIZE)):  # no more of them are in memory at a time
            yield _predict(model, batch, options.top)
            sys.stdout.flush()
            for item in batch:
                if isinstance(item, Unreadable):
                    is_whole = False
                    print(f"fashion-keras: {item.reason}", file=sys.stderr)

    with PictureReader() as reader:
        read = partial(reader.read, ground=model.info.ground)
        pictures = read_pictures(options.images, model.image_shape, options.invert, standard_input, read)
        WRITERS[options.form](answered(pictures), sys.stdout, model.class_names)
    return 0 if is_whole else 1


def _predict(model: "Classifier", batch: "list[Picture | Unreadable]", top: int) -> "list[Predicted]":
    """Return each picture with its most probable classes, and each error with none, in their order."""
    from fashion_keras.images.reading import Picture

    pictures = [item for item in batch if isinstance(item, Picture)]
    found = iter(model.predict_pictures(pictures).top(top) if pictures else ())
    return [(item, next(found) if isinstance(item, Picture) else ()) for item in batch]
