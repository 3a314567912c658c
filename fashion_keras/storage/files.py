"""Writing what a report consists of."""

from collections.abc import Mapping
from pathlib import Path

from fashion_keras.storage.runs import clear_errors, write_file


def write_files(folder: Path, contents: Mapping[str, str | bytes]) -> list[Path]:
    """Write files of these names and contents into a folder, each whole or not at all, and return their paths.

    Raises:
        StoreError: The folder cannot be written, in one line.
    """
    with clear_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            write_file(folder / name, content)
    return [folder / name for name in contents]
