"""Sources of data: the user's folder, our cache, Debian, Keras's cache, or the internet; always verified.

`locate` finds or fetches, in the main process. `load` reads what was located, in any process: no lock, no network.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from fashion_keras.data import fetching, idx
from fashion_keras.data.checks import check_dataset
from fashion_keras.data.class_names import read_class_names
from fashion_keras.data.dataset import (
    FASHION_MNIST_CLASSES,
    FASHION_MNIST_FILES,
    FASHION_MNIST_HASH,
    FASHION_MNIST_NAME,
    DataLocation,
    Dataset,
    build_dataset,
    content_hash,
    find_fashion_mnist,
    first_label,
    read_fashion_mnist_file,
)
from fashion_keras.data.fetching import DEBIAN_PACKAGE, Say
from fashion_keras.data.folder_layout import may_hold_pictures
from fashion_keras.data.image_folders import read_pictures
from fashion_keras.data.npz import read_npz
from fashion_keras.errors import DataError
from fashion_keras.formatting import one_line

__all__ = ["ENVIRONMENT_VARIABLE", "cache_folder", "keras_folder", "load", "locate"]

ENVIRONMENT_VARIABLE = "FASHION_KERAS_DATA"
LOCK_TIMEOUT_SEC = 1800


def locate(
    data_dir: str | os.PathLike[str] | None = None,
    dataset: str | os.PathLike[str] | None = None,
    offline: bool = False,
    on_progress: Say | None = None,
    image_size: tuple[int, int] | None = None,
) -> DataLocation:
    """Find Fashion-MNIST, or fetch it into the cache; or find the user's own data.

    Sources in this order: `data_dir` or FASHION_KERAS_DATA, our cache, the installed Debian package, Keras's cache,
    Debian's package through apt (no root needed), Keras's mirror, Zalando's. A folder that is given but unusable is an
    error, not a reason to look further. Only the SHA-256 of the decompressed files decides.

    Args:
        data_dir: A folder with the four files of Fashion-MNIST, raw or gzipped.
        dataset: Other data: a folder in IDX format, and maybe a labels.txt, one class name a line; an .npz file; or a
            folder of pictures, see `pictures`.
        offline: Fetch nothing.
        on_progress: Is told, in lines for people, what takes long, what was repaired, and what should be known of the
            user's own data.
        image_size: Height and width that the pictures of a folder are scaled to.

    Raises:
        DataError: The given folder is unusable; or nothing serves, and the message names every place and what to do.
    """
    say = on_progress or (lambda _message: None)
    if dataset is not None:
        if data_dir is not None:
            raise DataError("--data-dir says where Fashion-MNIST is and --dataset names other data; give one of them")
        location = _locate_own(_folder(dataset), image_size)
        for note in location.notes:
            say(f"Note: {note}")
        return location
    if image_size is not None:
        raise DataError("--image-size scales the pictures of your own data; name their folder with --dataset")
    if data_dir is not None:
        return _locate_in(_folder(data_dir), "the folder given")
    if variable := os.environ.get(ENVIRONMENT_VARIABLE):
        return _locate_in(_folder(variable), f"the folder in {ENVIRONMENT_VARIABLE}")
    tried = [f"--data-dir and {ENVIRONMENT_VARIABLE}: not given"]
    for label, find in _local_sources(say):
        try:
            return find()
        except DataError as error:
            tried.append(f"{label}: {error}")
    if offline:
        tried.append("Debian's package through apt, and download: not tried, --offline forbids it")
    elif fetched := _fetch(say, tried):
        return fetched
    raise DataError(
        "Fashion-MNIST was found nowhere:",
        *tried,
        f"Install it with `apt-get install {DEBIAN_PACKAGE}`, or copy its four files from another machine and give "
        f"their folder with --data-dir or {ENVIRONMENT_VARIABLE}.",
    )


def load(location: DataLocation) -> Dataset:
    """Read a located data set into memory, and verify that it is still the same.

    Raises:
        DataError: A file is gone or damaged, or the content is no longer what was located.
    """
    parts = _read_own(location.directory, location.files, location.image_size).parts
    if content_hash(parts) != location.content_hash:
        raise DataError(f"{location.place}: the data has changed since it was found; start again to use it as it is")
    return build_dataset(parts, location)


def cache_folder() -> Path:
    """Return the folder of our verified copy, decompressed; XDG_CACHE_HOME moves it."""
    return Path(platformdirs.user_cache_dir("fashion_keras", appauthor=False)) / "fashion-mnist"


def keras_folder() -> Path:
    """Return the folder where `keras.datasets.fashion_mnist` keeps its copy, which it never verifies."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "datasets" / "fashion-mnist"


def _local_sources(say: Say) -> list[tuple[str, Callable[[], DataLocation]]]:
    return [
        ("our cache", lambda: _locate_in_cache(say)),
        ("Debian's package", lambda: _locate_in(fetching.DEBIAN_FOLDER, f"Debian package {DEBIAN_PACKAGE}")),
        ("Keras's cache", lambda: _locate_in(keras_folder(), "Keras's cache")),
    ]


def _folder(path: str | os.PathLike[str]) -> Path:
    try:
        return Path(path).expanduser().absolute()  # a worker may have another current directory
    except RuntimeError as error:  # ~somebody who does not exist
        raise DataError(f"{os.fspath(path)}: {error}") from error


def _locate_own(path: Path, image_size: tuple[int, int] | None) -> DataLocation:
    directory, files = _own_files(path)
    if image_size is not None and files:
        raise DataError("--image-size goes with a folder of pictures; other data has its size already")
    own = _read_own(directory, files, image_size)
    try:
        first = first_label([part.array for part in own.parts[1::2]])
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    num_classes = int(own.parts[1].array.max()) - first + 1
    name = one_line(path.resolve().stem if path.is_file() else path.resolve().name)
    class_names = own.class_names or tuple(str(label) for label in range(num_classes))
    digest = content_hash(own.parts)
    if digest == FASHION_MNIST_HASH:
        name, class_names = FASHION_MNIST_NAME, FASHION_MNIST_CLASSES
    if own.class_names is None:
        class_names = read_class_names(directory / "labels.txt", default=class_names)
    origin = "the file given" if path.is_file() else "the folder given"
    origin += f"; {own.division}" if own.division else ""
    location = DataLocation(name, directory, files, origin, digest, class_names, image_size, own.notes)
    if digest == FASHION_MNIST_HASH:
        return location
    found = check_dataset(build_dataset(own.parts, location))
    return replace(location, notes=own.notes + found)


def _own_files(path: Path) -> tuple[Path, tuple[Path, ...]]:
    """Return the folder of the user's own data, and the files that hold it; none where it is pictures."""
    if path.is_file():
        if path.suffix != ".npz":
            raise DataError(f"{path} is a file; a folder of IDX files or of pictures, or an .npz file, is expected")
        return path.parent, (path,)
    if not path.exists() or idx.find_files(path) or not may_hold_pictures(path):
        files = idx.choose_files(path)
        idx.check_shapes([idx.read_shape(file) for file in files], path)
        return path, files
    return path, ()


def _read_own(directory: Path, files: tuple[Path, ...], image_size: tuple[int, int] | None) -> idx.OwnData:
    if not files:
        return read_pictures(directory, image_size)
    if len(files) == 1:
        return read_npz(files[0])
    return idx.OwnData([idx.read_file(file) for file in files])


def _locate_in(directory: Path, origin: str) -> DataLocation:
    """Return the location of Fashion-MNIST in a folder, each file verified."""
    files = tuple(path for path, _ in find_fashion_mnist(directory).values())
    return DataLocation(FASHION_MNIST_NAME, directory, files, origin, FASHION_MNIST_HASH, FASHION_MNIST_CLASSES)


def _locate_in_cache(say: Say) -> DataLocation:
    folder = cache_folder()
    try:
        return _locate_in(folder, _cached_origin())
    except DataError:
        if not folder.is_dir():
            raise
    # Another process may be amid filling it: look again under the lock, and only then call a file wrong.
    with _locked_cache(say):
        for path in (folder / name for name in FASHION_MNIST_FILES if (folder / name).exists()):
            try:
                read_fashion_mnist_file(path, path.name)
            except DataError as error:
                say(f"removing a damaged file from the cache: {error}")
                path.unlink()
        return _locate_in(folder, _cached_origin())


def _cached_origin() -> str:
    """Return `cache`, and how the files came there."""
    try:
        return f"cache of fashion_keras, from {(cache_folder() / 'origin.txt').read_text(encoding='utf-8').strip()}"
    except (OSError, UnicodeDecodeError):
        return "cache of fashion_keras"


@contextmanager
def _locked_cache(say: Say) -> Iterator[Path]:
    """Hold the cache's lock, so that of several processes one fetches; what the disk refuses becomes a DataError."""
    folder = cache_folder()
    lock = FileLock(folder / ".lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=1)
        except Timeout:
            say("another process is fetching Fashion-MNIST; waiting for it")
            lock.acquire(timeout=LOCK_TIMEOUT_SEC)
        yield folder
    except Timeout:
        raise DataError(
            f"{lock.lock_file} has been locked for {LOCK_TIMEOUT_SEC} s; end the process that holds it"
        ) from None
    except OSError as error:
        reason = error.strerror or error
        raise DataError(
            f"{folder}: the cache cannot be written: {reason}; make room or move it with XDG_CACHE_HOME"
        ) from error
    finally:
        lock.release()


def _fetch(say: Say, tried: list[str]) -> DataLocation | None:
    """Fetch Fashion-MNIST into the cache from the first source that serves; add to `tried` why the others did not."""
    with _locked_cache(say) as folder:
        try:
            return _locate_in(folder, _cached_origin())  # fetched by another process while this one waited
        except DataError:
            pass
        for left_over in folder.glob("fetch-*"):  # by a process that was killed
            shutil.rmtree(left_over, ignore_errors=True)
        for origin, fetch in fetching.fetchers():
            with tempfile.TemporaryDirectory(dir=folder, prefix="fetch-") as temporary:
                try:
                    _fill_cache(folder, fetch(Path(temporary), say), origin, Path(temporary))
                except DataError as error:
                    tried.append(f"{origin}: {error}")
                else:
                    return _locate_in(folder, origin)
    return None


def _fill_cache(folder: Path, fetched: Path, origin: str, temporary: Path) -> None:
    """Write verified files into the cache, decompressed; nothing is written before all four are right."""
    contents: dict[str, bytes | bytearray] = {"origin.txt": origin.encode()}
    contents |= {name: file.content for name, (_, file) in find_fashion_mnist(fetched).items()}
    for name, content in contents.items():
        unfinished = temporary / f"{name}.unfinished"  # below the cache, thus on the same disk
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(folder / name)
