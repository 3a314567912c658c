"""`fashion-keras demo`."""

import argparse
from typing import TYPE_CHECKING

from fashion_keras.commands.options import Commands, Parser, add_command, add_data_options, port
from fashion_keras.errors import DataError, check_installed
from fashion_keras.formatting import one_line

if TYPE_CHECKING:
    from fashion_keras.demo.prediction import NearestImages
    from fashion_keras.inference.classifier import Classifier

__all__ = ["add_to", "demo"]

MODULES = ("starlette", "uvicorn")


def add_to(commands: "Commands[Parser]") -> None:
    """Declare the command."""
    parser = add_command(
        commands, "demo", demo, "open a page on this machine to try a model: drop a picture or draw one"
    )
    parser.add_argument(
        "model", nargs="?", default="cnn", metavar="MODEL", help="cnn (default) or fcn, or the folder of a SavedModel"
    )
    parser.add_argument("--port", type=port, default=8765, help="of the page (default: %(default)s; 0: any free one)")
    parser.add_argument("--no-browser", dest="browser", action="store_false", help="do not open it in a browser")
    add_data_options(parser, can_fetch=False)


def demo(options: argparse.Namespace) -> int:
    """Serve the page until Ctrl-C, which ends the process."""
    from fashion_keras.demo.server import address_of, bind, end_process, open_browser, serve

    check_installed("demo", "demo", MODULES)
    # Before the model is loaded, which takes seconds.
    with bind(options.port) as listening:
        from fashion_keras.demo.app import build_app
        from fashion_keras.demo.prediction import Demo
        from fashion_keras.inference.classifier import load_model

        model = load_model(options.model)
        nearest, missing = _read_test_set(options, model)
        app = build_app(Demo(model, options.model, nearest, missing))
        print(one_line(f"{options.model} is at {address_of(listening)} until Ctrl-C"), flush=True)
        if missing:
            print(one_line(f"Without similar images: {missing}"), flush=True)
        if options.browser:
            open_browser(address_of(listening))
        serve(app, listening)
    print("Stopped.")
    end_process()


def _read_test_set(options: argparse.Namespace, model: "Classifier") -> "tuple[NearestImages | None, str]":
    """Return the test set that is there, or None and the reason; one that the user names must do."""
    from fashion_keras.data import FASHION_MNIST_HASH, load, locate
    from fashion_keras.demo.prediction import NearestImages

    named = options.data_dir or options.dataset
    if not named and not options.image_size and model.info.data_hash not in (None, FASHION_MNIST_HASH):
        return None, f"name the data of {options.model} with --dataset"
    try:
        dataset = load(locate(options.data_dir, options.dataset, offline=True, image_size=options.image_size))
    except DataError:
        if named or options.image_size:
            raise
        return None, "no test set is on this machine; `fashion-keras data` fetches Fashion-MNIST"
    if (dataset.image_shape, dataset.class_names) == (model.image_shape, model.class_names):
        return NearestImages(dataset.test_images, dataset.test_labels, dataset.class_names), ""
    reason = f"{named or dataset.name} has other images or classes than {options.model}; name its data with --dataset"
    if named:
        raise DataError(reason)
    return None, reason
