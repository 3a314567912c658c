"""Layout of a folder of pictures: its parts, its classes, and what lies in no place of them."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fashion_keras.errors import DataError
from fashion_keras.formatting import count_noun
from fashion_keras.images.names import SUFFIXES, is_system_file

__all__ = ["PictureFolder", "find_pictures", "may_hold_pictures"]

TEST_SHARE = 5
"""One in so many pictures of a class is for testing, where the folder does not say which."""

_PART_NAMES = {
    "train": ("train", "training"),
    "test": ("test", "testing"),
    "val": ("val", "valid", "validation"),
}


@dataclass(frozen=True)
class PictureFolder:
    """The pictures of a folder, each with the name of its class.

    Attributes:
        train, test: Pairs of file and class.
        val: The same of a validation part of its own; empty where there is none.
        division: How they were divided, for people; empty where the folder says it.
        notes: What was left out, or found where one would not look, for people.
    """

    train: tuple[tuple[Path, str], ...]
    test: tuple[tuple[Path, str], ...]
    division: str = ""
    notes: tuple[str, ...] = ()
    val: tuple[tuple[Path, str], ...] = ()


@dataclass
class _Found:
    """What was come across on the way."""

    nested: list[Path] = field(default_factory=list)
    others: list[Path] = field(default_factory=list)
    stray: list[Path] = field(default_factory=list)

    def notes(self, root: Path) -> Iterator[str]:
        if self.nested:
            example = self.nested[0].parent.relative_to(root)
            yield (
                f"{count_noun(len(self.nested), 'picture')} in folders within their class's, such as {example}, "
                "are read as of that class"
            )
        if self.stray:
            example = self.stray[0].relative_to(root)
            yield f"{count_noun(len(self.stray), 'picture')} in no class's folder left out, such as {example}"
        if self.others:
            kinds = Counter(path.suffix.lower() or "no suffix" for path in self.others)
            listed = ", ".join(f"{kind} {number:,}" for kind, number in kinds.most_common(4))
            yield f"{count_noun(len(self.others), 'file')} of other kinds than pictures left out: {listed}"


def may_hold_pictures(directory: Path) -> bool:
    """Whether a folder has pictures in it, or folders, in which they should be."""
    return any(path.is_dir() or _is_picture(path) for path in _entries(directory))


def find_pictures(directory: Path) -> PictureFolder:
    """Find the pictures of a folder; without train and test folders, a fifth of each class is the test set.

    Which fifth, the SHA-256 of `class/file` decides, so that it is the same everywhere and every time.

    Raises:
        DataError: It has but one of train and test, a class has no pictures, or too few to be divided.
    """
    parts = _find_parts(directory)
    found = _Found()
    if parts:
        names = ("train", "test", "val")
        train, test, val = (_pairs(_classes(parts[name], found)) if name in parts else () for name in names)
        return PictureFolder(train, test, "", (*found.notes(directory), *_unused(directory, parts)), val)
    classes = _classes(directory, found)
    if len(classes) == 1:
        inside = f"; name {directory / next(iter(classes))} if they are in there" if found.nested else ""
        raise DataError(f"{directory} has one folder of pictures, where each of two classes or more has one{inside}")
    chosen = {name: _divide(directory / name, files) for name, files in classes.items()}
    train, test = (_pairs({name: sides[side] for name, sides in chosen.items()}) for side in (0, 1))
    total = len(train) + len(test)
    division = f"a fifth of each class is the test set: {len(test):,} of {total:,} pictures, by their names"
    return PictureFolder(train, test, division, tuple(found.notes(directory)))


def _find_parts(directory: Path) -> Mapping[str, Path]:
    """Return the folders of the parts; none where each folder is a class, one that is called `train` included."""
    folders = _folders(directory)
    named = {folder: part for folder in folders if (part := _part_of(folder))}
    flat = [folder.name for folder in named if any(map(_is_picture, _entries(folder)))]
    if flat and (len(flat) < len(named) or len(named) == len(folders)):
        raise DataError(f"{directory / flat[0]} has pictures, but no folders of classes: what they show is not known")
    if flat:
        return {}
    parts: dict[str, Path] = {}
    for folder, part in named.items():
        if part in parts:
            raise DataError(f"{directory} has both {parts[part].name} and {folder.name}; put them together in one")
        parts[part] = folder
    missing = {"train", "test"} - set(parts)
    others = [folder for folder in folders if folder not in named]
    if len(missing) == 2 or (missing and any(_is_picture(path) for folder in others for path in _entries(folder))):
        return {}
    if missing:
        name = missing.pop()
        remedy = f"rename {parts['val'].name} to {name}" if "val" in parts else "make it"
        raise DataError(f"{directory} has no folder {name}; {remedy}, or put the classes' folders there themselves")
    return parts


def _part_of(folder: Path) -> str | None:
    return next((part for part, names in _PART_NAMES.items() if folder.name.lower() in names), None)


def _unused(directory: Path, parts: Mapping[str, Path]) -> Iterator[str]:
    """Say which folders beside the parts are not used."""
    for folder in _folders(directory):
        if folder not in parts.values():
            number = sum(map(_is_picture, _files_below(folder)))
            yield f"{folder.name}/ with {count_noun(number, 'picture')} is not used: it is no part of the data"


def _entries(directory: Path) -> list[Path]:
    """Return what is in a folder, sorted, but for the files of systems."""
    try:
        return sorted(path for path in directory.iterdir() if not is_system_file(path.name))
    except OSError as error:
        raise DataError(f"{directory} cannot be read: {error.strerror}") from error


def _folders(directory: Path) -> list[Path]:
    return [path for path in _entries(directory) if path.is_dir()]


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and path.is_file()


def _files_below(folder: Path) -> Iterator[Path]:
    """Yield what is no folder in a folder and below it; a link to a folder within it counts as a file."""
    waiting = [folder]
    while waiting:
        entries = _entries(waiting.pop(0))
        yield from (path for path in entries if not path.is_dir() or path.is_symlink())
        waiting += [path for path in entries if path.is_dir() and not path.is_symlink()]


def _classes(directory: Path, found: _Found) -> dict[str, list[Path]]:
    """Return the pictures of each class, those in its folder first."""
    classes = {}
    for path in _entries(directory):
        if not path.is_dir():
            (found.stray if _is_picture(path) else found.others).append(path)
            continue
        files = list(_files_below(path))
        pictures = [file for file in files if _is_picture(file)]
        if not pictures:
            raise DataError(
                f"{path} has no pictures ({', '.join(SUFFIXES)}); each folder is a class: remove it, or fill it"
            )
        found.nested += [file for file in pictures if file.parent != path]
        found.others += [file for file in files if not _is_picture(file)]
        classes[path.name] = pictures
    if not classes:
        raise DataError(f"{directory} has no folders; each class has a folder of pictures there")
    return classes


def _divide(folder: Path, files: list[Path]) -> tuple[list[Path], list[Path]]:
    if len(files) < 2:
        raise DataError(f"{folder} has one picture; a class needs two, to train and to test with")

    def draw(path: Path) -> bytes:
        name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
        return hashlib.sha256(name.encode(errors="surrogateescape")).digest()

    test = set(sorted(files, key=draw)[: max(1, len(files) // TEST_SHARE)])
    return [path for path in files if path not in test], [path for path in files if path in test]


def _pairs(classes: Mapping[str, list[Path]]) -> tuple[tuple[Path, str], ...]:
    return tuple((path, name) for name, files in classes.items() for path in files)
