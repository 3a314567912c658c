"""The page in headless Chromium: a person drops a picture, draws, and sees a prediction."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
from headless_browser import Browser

from fashion_keras._tensorflow import import_tensorflow

import_tensorflow()

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
PREDICTED = "!document.getElementById('prediction').hidden && !document.body.classList.contains('busy')"
HEADLINE = "document.getElementById('headline').textContent"
NOTE = "document.getElementById('note').textContent"


@pytest.fixture
def page(chromium: Browser, address: str) -> Iterator[Browser]:
    """The page, opened; afterwards nothing may have been complained of, nor asked for elsewhere."""
    chromium.open(address)
    chromium.wait_for("document.getElementById('model').textContent.startsWith('Model fcn')")
    yield chromium
    assert chromium.complaints == []
    assert [request for request in chromium.requests if not request.startswith(address)] == []
    assert len(chromium.requests) >= 4


def drop(page: Browser, path: Path) -> None:
    content = base64.b64encode(path.read_bytes()).decode()
    page.run(
        f"""(() => {{
            const bytes = Uint8Array.from(atob("{content}"), (char) => char.charCodeAt(0));
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([bytes], "{path.name}"));
            document.body.dispatchEvent(new DragEvent("drop", {{dataTransfer, bubbles: true, cancelable: true}}));
        }})()"""
    )


def test_clicked_examples_are_answered(page: Browser) -> None:
    examples = {"dark shoe": "Sneaker", "white shirt": "Pullover", "red dress": "Dress", "brown bag": "Bag"}
    for name, expected in examples.items():
        page.run(f"document.querySelector('#examples [alt$=\"{name}\"]').click()")
        page.wait_for(f"{PREDICTED} && {HEADLINE}.startsWith('{expected}, ')")


def test_dropped_picture_is_answered(page: Browser) -> None:
    drop(page, PICTURES / "trouser-at-night.webp")
    page.wait_for(PREDICTED)
    assert page.run(HEADLINE).startswith("Trouser, ")
    assert page.run(NOTE) == "Not inverted: dark border; trimmed."
    assert page.run("document.querySelectorAll('#bars li').length") == 10
    assert page.run("document.querySelectorAll('#nearest canvas').length") == 8
    assert page.run("[document.getElementById('seen').width, document.getElementById('seen').height]") == [28, 28]


def test_chosen_picture_is_answered_and_the_switch_inverts_it(page: Browser) -> None:
    document = page.call("DOM.getDocument")["root"]["nodeId"]
    chooser = page.call("DOM.querySelector", nodeId=document, selector="#file")["nodeId"]
    page.call("DOM.setFileInputFiles", files=[str(PICTURES / "bag-turned.jpg")], nodeId=chooser)
    page.wait_for(f"{PREDICTED} && {NOTE} === 'Inverted: light border; trimmed.'")
    page.run("document.querySelector('input[value=off]').click()")
    page.wait_for(f"{PREDICTED} && {NOTE} === 'Not inverted: as asked.'")


def test_drawing_by_mouse_is_answered_and_can_be_undone(page: Browser) -> None:
    box = page.run("document.getElementById('canvas').getBoundingClientRect().toJSON()")
    corners = [(0.35, 0.1), (0.65, 0.1), (0.68, 0.9), (0.54, 0.9), (0.5, 0.3), (0.46, 0.9), (0.32, 0.9), (0.35, 0.1)]
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse("mousePressed", *points[0])
    for point in points[1:]:
        page.mouse("mouseMoved", *point)
    page.mouse("mouseReleased", *points[-1])
    page.wait_for(PREDICTED)
    assert page.run(HEADLINE).endswith(" %")
    # Filled: the waist, which lies between the lines, is light; beside the legs it is dark.
    levels = "[...document.getElementById('seen').getContext('2d').getImageData(0, 0, 28, 28).data]"
    seen = page.run(levels)[::4]
    assert seen[6 * 28 + 14] >= 240
    assert seen[14 * 28 + 3] == 0
    page.run("document.getElementById('undo').click()")
    page.wait_for("document.getElementById('prediction').hidden && document.getElementById('clear').disabled")


def test_drawing_by_keyboard_is_answered(page: Browser) -> None:
    page.run("document.getElementById('canvas').focus()")
    for key in (" ", *["ArrowDown"] * 9, *["ArrowRight"] * 3, " "):
        page.key(key)
    page.wait_for(PREDICTED)
    assert page.run("strokes.length") == 1
    assert page.run("strokes[0].points.length") == 13


def test_unreadable_picture_is_said(page: Browser, tmp_path: Path) -> None:
    (tmp_path / "fake.png").write_bytes(b"no picture")
    drop(page, tmp_path / "fake.png")
    page.wait_for("!document.getElementById('error').hidden")
    said = "document.getElementById('error').textContent"
    assert page.run(said) == "This picture is no PNG, JPEG, WebP, GIF, BMP or TIFF picture."
    # That the browser notes the status 422 is right.
    assert all("422" in complaint for complaint in page.complaints)
    page.complaints.clear()


@pytest.mark.parametrize("width", [360, 800, 1400])
def test_nothing_is_wider_than_the_window(page: Browser, width: int) -> None:
    page.resize(width)
    drop(page, PICTURES / "boot.jpg")
    page.wait_for(PREDICTED)
    assert page.run("document.documentElement.scrollWidth") == width
    # Nor does a text leave the box that it stands in.
    overflowing = "[...document.querySelectorAll('body *')].filter((e) => e.scrollWidth > e.clientWidth + 1 && \
        getComputedStyle(e).display !== 'inline' && e.tagName !== 'INPUT').map((e) => e.id || e.tagName)"
    assert page.run(overflowing) == []
