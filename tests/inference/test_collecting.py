"""What the command line's arguments mean, in which order it comes, and what is wrong with the rest."""

import gzip
import io
import os
import subprocess
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from made_files import idx_file
from PIL import Image

from fashion_keras.errors import ImageError
from fashion_keras.images.reading import Picture
from fashion_keras.inference.collecting import Unreadable, read_pictures


def paint(path: Path, level: int = 200) -> Path:
    """A square on a dark ground."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.zeros((40, 40), np.uint8)
    pixels[10:30, 10:30] = level
    Image.fromarray(pixels).save(path, "PNG")
    return path


def names(*arguments: object) -> list[str]:
    """The names of the pictures that arguments mean; of what is none, the reason."""
    found = read_pictures([str(argument) for argument in arguments])
    return [item.label if isinstance(item, Picture) else item.reason for item in found]


@pytest.fixture(autouse=True)
def current(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_folder_means_its_pictures_by_name_and_then_those_below(current: Path) -> None:
    for name in ("b.png", "a.JPG", "z/1.webp", "c/y.jpeg", "c/d/x.png", ".hidden.png", ".git/x.png"):
        paint(current / "photos" / name)
    (current / "photos" / "notes.txt").write_text("no picture")
    assert names("photos") == [f"photos/{name}" for name in ("a.JPG", "b.png", "c/y.jpeg", "c/d/x.png", "z/1.webp")]
    (current / "photos" / "phone.HEIC").write_bytes(b"another format")
    assert "photos/phone.HEIC is no PNG, JPEG, WebP, GIF, BMP or TIFF picture" in names("photos")


def test_links_to_folders_are_not_followed_but_links_to_pictures_are(current: Path) -> None:
    paint(current / "photos" / "a.png")
    (current / "photos" / "loop").symlink_to(current / "photos")
    (current / "photos" / "another").symlink_to(current / "photos")
    (current / "photos" / "link.png").symlink_to("a.png")
    assert names("photos") == ["photos/a.png", "photos/link.png"]
    assert names("photos/**/*.png") == ["photos/a.png", "photos/link.png"]


def test_folder_may_be_called_like_a_picture_and_one_without_pictures_is_said(current: Path) -> None:
    paint(current / "photos" / "x.png" / "inner.png")
    assert names("photos") == names("photos/x.png") == ["photos/x.png/inner.png"]
    (current / "y.png").mkdir()
    assert names("y.png") == ["y.png is a folder without PNG, JPEG, WebP, GIF, BMP or TIFF pictures"]


def test_very_deep_folders_are_walked(current: Path) -> None:
    depth = 1_200
    here = os.open(current, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=here)
        here, above = os.open("d", os.O_RDONLY, dir_fd=here), here
        os.close(above)
    os.close(here)
    paint(current / "d" / "a.png")
    try:
        assert names("d") == ["d/a.png"]
    finally:
        subprocess.run(["rm", "-r", "d"], check=True)  # too deep for pytest to remove


def test_pattern_means_files_sorted(current: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("b.png", "a.png", "c.jpg", ".h.png", "below/d.png"):
        paint(current / "photos" / name)
    assert names("photos/*.png") == ["photos/a.png", "photos/b.png"]
    assert names(current / "photos" / "[ab].png") == [f"{current}/photos/a.png", f"{current}/photos/b.png"]
    assert names("photos/.*.png") == ["photos/.h.png"]
    assert names("**/*.jpg", "photos/?.jpg") == ["photos/c.jpg", "photos/c.jpg"]
    assert names(f"../{current.name[:-1]}?/photos/c.*") == [f"../{current.name}/photos/c.jpg"]
    monkeypatch.setenv("HOME", str(current))
    assert names("~/photos/*.jpg") == [f"{current}/photos/c.jpg"]


def test_pattern_that_matches_nothing_is_said_unless_a_file_is_called_so(current: Path) -> None:
    (current / "folder").mkdir()
    assert names("*.webp", "fold*") == ["no file matches the pattern *.webp", "no file matches the pattern fold*"]
    assert names("a**b")[0].startswith(("the pattern a**b cannot be used", "no file matches"))
    paint(current / "what[1]*.png")
    assert names("what[1]*.png") == ["what[1]*.png"]


def test_one_unreadable_picture_stands_in_its_place_among_the_rest(current: Path) -> None:
    for number in range(5):
        paint(current / f"{number}.png")
    (current / "2.png").write_bytes(b"no picture")
    found = list(read_pictures(["."]))
    assert [isinstance(item, Picture) for item in found] == [True, True, False, True, True]
    assert found[2] == Unreadable("2.png", "2.png is no PNG, JPEG, WebP, GIF, BMP or TIFF picture")


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("shape", [(3, 28, 28), (3, 28, 28, 1)])
def test_idx_file_is_known_by_its_content_and_taken_as_it_is(current: Path, pack, shape: tuple[int, ...]) -> None:
    images = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    (current / "images").write_bytes(pack(idx_file(images)))
    for invert, inverted, reason in (
        ("auto", False, "as an IDX file has it"),
        ("off", False, "as asked"),
        ("on", True, "as asked"),
    ):
        found = [item for item in read_pictures(["images"], invert=invert) if isinstance(item, Picture)]
        assert [item.label for item in found] == ["images[0]", "images[1]", "images[2]"]
        pixels = np.stack([item.pixels for item in found])
        np.testing.assert_array_equal(255 - pixels if inverted else pixels, images.reshape(3, 28, 28))
        assert {(item.inverted, item.reason) for item in found} == {(inverted, reason)}


def test_idx_file_that_does_not_fit_or_ends_early_is_said_after_what_it_has(current: Path) -> None:
    images = np.zeros((3, 28, 28), np.uint8)
    for content, expected in {
        idx_file(np.zeros((2, 32, 32), np.uint8)): [
            "x is 2 x 32 x 32 values; expected count x 28 x 28, what the model takes"
        ],
        idx_file(np.zeros(9, np.uint8)): ["x is 9 values; expected count x 28 x 28, what the model takes"],
        idx_file(images)[:-1]: ["x[0]", "x[1]", "x ends after 2 of the 3 images that its header promises"],
        idx_file(images) + b"more": ["x[0]", "x[1]", "x[2]", "x goes on after the 3 images that its header promises"],
        gzip.compress(idx_file(images), mtime=0)[:-9]: ["x is cut off: its gzip stream does not end"],
        b"\0\0\x0d" + idx_file(images)[3:]: [
            "x holds values of IDX type 0x0d; only 8-bit ones, 0x08, are read: write uint8"
        ],
    }.items():
        (current / "x").write_bytes(content)
        assert names("x")[-len(expected) :] == expected


def test_large_idx_file_is_never_whole_in_memory(current: Path) -> None:
    (current / "large.gz").write_bytes(gzip.compress(idx_file(np.zeros((20_000, 28, 28), np.uint8)), 1))
    tracemalloc.start()
    assert sum(1 for _ in read_pictures(["large.gz"])) == 20_000
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()


def test_standard_input_is_a_picture_or_an_idx_file(current: Path) -> None:
    picture = paint(current / "a.png").read_bytes()
    for content, labels in {
        picture: ["standard input"],
        idx_file(np.zeros((2, 28, 28), np.uint8)): ["standard input[0]", "standard input[1]"],
        b"": ["standard input is empty"],
        b"text": ["standard input is no PNG, JPEG, WebP, GIF, BMP or TIFF picture"],
    }.items():
        found = list(read_pictures(["-"], standard_input=io.BytesIO(content)))
        assert [item.label if isinstance(item, Picture) else item.reason for item in found] == labels
    assert names("-") == ["standard input is closed"]


def test_endless_standard_input_is_read_no_further_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fashion_keras.images.decoding.MAX_FILE_BYTES", 2**20)
    with Path("/dev/zero").open("rb") as endless:
        (found,) = read_pictures(["-"], standard_input=endless)
    assert found == Unreadable("standard input", "standard input is larger than 1 MiB, the limit of a picture")


def test_mistaken_names_are_a_line_each_and_odd_ones_shown_with_escapes(current: Path) -> None:
    os.mkfifo(current / "pipe.png")
    assert names("", "pipe.png", "line\nbreak") == [
        "an empty name is no picture",
        "pipe.png is a named pipe, not a picture; pipe what it gives to `-`",
        r"line\nbreak cannot be read: No such file or directory",
    ]
    paint(current / "photos" / "a.png").rename(current / "photos" / os.fsdecode(b"\xff.png"))
    assert names("photos") == [r"photos/\udcff.png"]


def test_unknown_way_to_invert_is_refused() -> None:
    with pytest.raises(ImageError, match="one of auto, on, off"):
        list(read_pictures(["a.png"], invert="maybe"))
