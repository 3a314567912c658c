"""The page with the shipped FCN, served by a thread of the test's own; the sample stands for the test set."""

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from fashion_keras.data import Dataset
from fashion_keras.demo.prediction import NearestImages

if TYPE_CHECKING:
    from fashion_keras.demo.prediction import Demo


@pytest.fixture(scope="session")
def demo(sample_dataset: Dataset) -> "Demo":
    from fashion_keras.demo.prediction import Demo
    from fashion_keras.inference.classifier import load_model

    nearest = NearestImages(sample_dataset.test_images, sample_dataset.test_labels, sample_dataset.class_names)
    return Demo(load_model("fcn"), "fcn", nearest)


@pytest.fixture(scope="session")
def installed() -> None:
    pytest.importorskip("starlette", reason="needs the extra demo")
    pytest.importorskip("uvicorn", reason="needs the extra demo")


@pytest.fixture(scope="session")
def address(installed: None, demo: "Demo") -> Iterator[str]:
    from fashion_keras.demo.app import build_app
    from fashion_keras.demo.server import address_of, bind, make_server

    with bind(0) as listening:
        server = make_server(build_app(demo))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield address_of(listening)
        server.should_exit = True
        thread.join()
