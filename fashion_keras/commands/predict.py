"""`fashion-keras predict`."""

import argparse
import sys

from fashion_keras.commands.options import Commands, Parser, add_command


def add_to(commands: "Commands[Parser]") -> None:
    """Declare the command."""
    parser = add_command(commands, "predict", predict, "classify pictures with an exported model")
    parser.add_argument("model", metavar="MODEL", help="folder of a SavedModel, such as saved_models/cnn/cnn")
    parser.add_argument("images", nargs="+", metavar="IMAGE", help="picture files")
    parser.add_argument(
        "--invert", choices=("auto", "on", "off"), default="auto", help="make a dark-on-light picture light on dark"
    )


def predict(options: argparse.Namespace) -> int:
    """Classify what can be read; a picture that cannot is named and makes the status 1."""
    import numpy as np

    from fashion_keras.inference import ImageError, format_rows, load_model, read_picture

    model = load_model(options.model)
    pictures, errors = [], []
    for path in options.images:
        try:
            pictures.append(read_picture(path, model.image_shape, options.invert))
        except ImageError as error:
            errors.append(error)
    if pictures:
        answers = model.predict(np.stack([picture.pixels for picture in pictures]))
        print("\n".join(format_rows(pictures, answers)))
    for complaint in errors:
        print(f"fashion-keras: {complaint}", file=sys.stderr)
    return 1 if errors else 0
