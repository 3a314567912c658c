"""What all tests share: the sample of the data, and the rule that only `-m network` may use the network."""

import contextlib
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from headless_browser import CHROMIUM, Browser

from fashion_keras.data import Dataset, image_folders, load, locate
from fashion_keras.images.worker import PictureReader


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "network: fetches over the network; runs only when -m names it")
    # A shell lets what it starts in the background ignore Ctrl-C, and so would the programs that tests interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "network" not in config.option.markexpr:
        for item in items:
            if item.get_closest_marker("network"):
                item.add_marker(pytest.mark.skip(reason="needs the network: pytest -m network"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say why tests were skipped, a line for each reason."""
    reasons = Counter(report.longrepr[2] for report in terminalreporter.stats.get("skipped", ()))
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"{count} skipped: {reason.removeprefix('Skipped: ')}")


@pytest.fixture(scope="session", autouse=True)
def one_picture_process() -> Iterator[None]:
    """Read all tests' folders of pictures in one process; a program starts one for each folder."""
    with PictureReader() as reader, pytest.MonkeyPatch.context() as patch:
        patch.setattr(image_folders, "PictureReader", lambda: contextlib.nullcontext(reader))
        yield


@pytest.fixture(scope="session")
def sample_dir() -> Path:
    """The sample of Fashion-MNIST: 600 training and 200 test images, each class equally often."""
    return Path(__file__).parent / "sample"


@pytest.fixture(scope="session")
def sample_dataset(sample_dir: Path) -> Dataset:
    return load(locate(dataset=sample_dir))


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """The one browser of all tests of pages; `open` starts each afresh."""
    if CHROMIUM is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    browser = Browser(tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.close()


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Let TensorFlow use one thread, as runs do: it takes the number before its first operation, in whichever test.

    Test modules import TensorFlow at their top where they need it, so that by now it is known whether any does.
    """
    if "tensorflow" in sys.modules:
        from fashion_keras.training.run import use_threads

        use_threads(1)
