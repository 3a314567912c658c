"""The page on the architecture names the rooms that there are, in the order that the imports are held to."""

import re
import tomllib

from guides import PROJECT

PAGE = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
PACKAGE = PROJECT / "fashion_keras"
ROOMS = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}


def rooms_of_the_contract() -> list[str]:
    """Return the folders of the layers contract, from the top floor down."""
    settings = tomllib.loads((PROJECT / "pyproject.toml").read_text())
    (contract,) = settings["tool"]["importlinter"]["contracts"]
    return [name for layer in contract["layers"] for name in layer.split(" | ") if name in ROOMS]


def test_table_has_every_room_in_the_order_of_the_contract() -> None:
    assert re.findall(r"^\| `(\w+)/`", PAGE, re.MULTILINE) == rooms_of_the_contract()
    assert set(rooms_of_the_contract()) == ROOMS


def test_drawing_has_every_room() -> None:
    drawing = PAGE.partition("```mermaid")[2].partition("```")[0]
    assert set(re.findall(r"(\w+)[\[(]+\"(\w+): ", drawing)) == {(room, room) for room in ROOMS - {"cli"}}


def test_every_module_that_it_names_is_there() -> None:
    for name in re.findall(r"`(\w+/\w+\.py|\w+\.py)`", PAGE):
        assert (PACKAGE / name).exists() or next(PACKAGE.glob(f"*/{name}"), None), name
