"""Pictures are read in a process of their own, in bounded time and memory, and can be given up."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from made_files import encoded
from PIL import Image
from progressive import progressive_jpeg

from fashion_keras.errors import ImageError
from fashion_keras.images import structure, worker
from fashion_keras.images.reading import read_picture
from fashion_keras.images.worker import PictureReader

SLOW_READ = """
from fashion_keras.images.reading import read_picture as read_quickly

def read_picture(name, **request):
    import time
    if not name.endswith("quick"):
        time.sleep(60)
    return read_quickly(name=name, **request)
"""


PIXELS = np.random.default_rng(0).integers(0, 256, (60, 50)).astype(np.uint8)
CONTENT = encoded(PIXELS)


@pytest.fixture(scope="module")
def reader() -> Iterator[PictureReader]:
    with PictureReader() as reader:
        yield reader


@pytest.fixture
def slow_reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[PictureReader]:
    """One whose process sleeps over every picture."""
    monkeypatch.setattr(
        worker, "_START", worker._START.replace("serve(*", f"exec({SLOW_READ!r}, serve.__globals__); serve(*")
    )
    with PictureReader(seconds=0.5) as reader:
        yield reader


@pytest.mark.parametrize(("shape", "invert", "ground"), [((28, 28, 1), "auto", "black"), ((9, 7, 3), "on", "mixed")])
def test_a_picture_is_read_as_without_the_process(
    reader: PictureReader, shape: tuple[int, int, int], invert: str, ground: str
) -> None:
    found = reader.read(CONTENT, shape, invert, "a\udcff", ground)
    expected = read_picture(CONTENT, shape, invert, "a\udcff", ground=ground)
    np.testing.assert_array_equal(found.pixels, expected.pixels)
    assert (found.name, found.note, found.plain_ground) == (expected.name, expected.note, expected.plain_ground)


@pytest.mark.parametrize("content", [b"", b"no picture", CONTENT[:90], encoded(Image.new("L", (9, 9)))])
def test_an_error_is_the_same_and_the_process_goes_on(reader: PictureReader, content: bytes) -> None:
    reader.read(CONTENT)
    process = reader._process
    with pytest.raises(ImageError) as expected:
        read_picture(content, name="x")
    with pytest.raises(ImageError) as found:
        reader.read(content, name="x")
    assert str(found.value) == str(expected.value)
    reader.read(CONTENT)
    assert reader._process is process


def test_a_process_for_data_sets_is_started_without_what_tells_items_from_their_ground() -> None:
    program = "import sys; from fashion_keras.images.worker import serve; print('scipy.ndimage' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "False\n"


def test_a_picture_that_takes_too_long_is_given_up_and_the_next_one_read(slow_reader: PictureReader) -> None:
    for _ in range(2):
        with pytest.raises(ImageError, match=r"x takes longer than 0\.5 s to read"):
            slow_reader.read(CONTENT, name="x")
        assert slow_reader._process is None


def test_of_many_files_the_one_that_takes_too_long_is_named(slow_reader: PictureReader, tmp_path: Path) -> None:
    paths = [tmp_path / name for name in ("1.quick", "2.quick", "slow")]
    for path in paths:
        path.write_bytes(CONTENT)
    with pytest.raises(ImageError, match=r"/slow takes longer than 0\.5 s to read"):
        list(slow_reader.read_files(paths, (60, 50, 1)))
    found = [picture.pixels for picture in slow_reader.read_files(paths[:2], (60, 50, 1))]
    np.testing.assert_array_equal(found, [PIXELS, PIXELS])


def test_a_decoder_that_works_is_ended_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        worker, "_START", "from fashion_keras.images import structure; structure.MAX_SCANS = 9**9; " + worker._START
    )
    content = progressive_jpeg(7_000, 400)
    with pytest.raises(ImageError, match="scans"):
        structure.check_structure(content, "x")
    with PictureReader(seconds=0.3) as reader, pytest.raises(ImageError, match="takes longer"):
        reader.read(content)


def test_a_picture_that_takes_too_much_memory_is_one_line_and_the_next_one_is_read() -> None:
    large = Image.new("RGB", (7_000, 7_000))
    large.putpixel((0, 0), (255, 255, 255))
    with PictureReader(memory=200 * 2**20) as reader:
        with pytest.raises(ImageError, match=r"x (needs more memory than a picture may have|cannot be read)"):
            reader.read(encoded(large, "WEBP", lossless=True, method=0), name="x")
        assert reader.read(CONTENT).pixels.shape == (28, 28)


def test_a_process_that_dies_is_one_line_and_the_next_picture_is_read(reader: PictureReader) -> None:
    reader.read(CONTENT)
    assert reader._process
    reader._process.kill()
    reader._process.wait()
    with pytest.raises(ImageError, match="x cannot be read: its decoder broke down"):
        reader.read(CONTENT, name="x")
    assert reader.read(CONTENT).name == "picture"


def test_who_reads_and_who_waits_can_give_up(slow_reader: PictureReader) -> None:
    slow_reader._limits = (60.0, slow_reader._limits[1])
    unwanted = [threading.Event(), threading.Event()]
    errors: list[str] = []

    def read(sign: threading.Event) -> None:
        with pytest.raises(ImageError) as caught:
            slow_reader.read(CONTENT, unwanted=sign)
        errors.append(str(caught.value))

    threads = [threading.Thread(target=read, args=(sign,)) for sign in unwanted]
    for thread in threads:
        thread.start()
        time.sleep(0.1)
    unwanted[1].set()
    threads[1].join(timeout=5)
    assert threads[0].is_alive()
    slow_reader.close()
    threads[0].join(timeout=5)
    assert errors == ["picture is no longer wanted"] * 2
