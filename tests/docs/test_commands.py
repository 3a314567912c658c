"""The commands of the guides run as they stand; `guides.py` says how they are marked."""

import re
from pathlib import Path

import pytest
from guides import PROJECT, Block, Reader, read_blocks

from fashion_keras.data import locate
from fashion_keras.errors import DataError

GUIDES = [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted((PROJECT / "docs").glob("*.md"))]
BLOCKS = {str(path.relative_to(PROJECT)): read_blocks(path) for path in GUIDES}
QUICK = [name for name, blocks in BLOCKS.items() if any(block.is_runnable and not block.mark for block in blocks)]
SLOW = [name for name, blocks in BLOCKS.items() if any(block.is_runnable and block.mark for block in blocks)]
HEAVY = re.compile(r"^(scripts/|pip |fashion-keras (run|tune)\b(?!.*--dry-run))", re.MULTILINE)
# What the commands of a guide must have said, where the guide itself does not show it.
SAID = {
    "docs/own-comparison.md": (
        "12 runs: 0 in the store, 12 to train",
        r"^\d+ runs: \d+ in the store, 0 to train",
        r"^norm .*better",
        r"^digit.png +\d .*not inverted: as asked",
    ),
}


@pytest.fixture(scope="session")
def data() -> Path | None:
    """The folder of Fashion-MNIST, wherever it was found; nothing is fetched for a guide."""
    try:
        return locate(offline=True).directory
    except DataError:
        return None


def run_blocks(name: str, blocks: list[Block], folder: Path, data: Path | None) -> str:
    if data is None and any("fashion-keras" in block.text for block in blocks):
        pytest.skip("Fashion-MNIST is not here: `fashion-keras data` fetches it")
    with Reader(PROJECT / name, folder, data) as reader:
        return "".join(reader.run(block) for block in blocks)


@pytest.mark.parametrize("name", QUICK)
def test_the_quick_commands_of_a_guide_run_as_they_stand(name, tmp_path, data):
    run_blocks(name, [block for block in BLOCKS[name] if block.is_runnable and not block.mark], tmp_path, data)


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_all_commands_of_a_guide_run_as_they_stand(name, tmp_path, data):
    printed = run_blocks(name, [block for block in BLOCKS[name] if block.is_runnable], tmp_path, data)
    for expected in SAID.get(name, ()):
        assert re.search(expected, printed, re.MULTILINE), f"{expected!r} is not in:\n{printed}"


@pytest.mark.parametrize("name", BLOCKS)
def test_only_a_slow_command_trains_much_or_sets_up(name):
    for block in BLOCKS[name]:
        if block.language == "sh" and not block.mark:
            assert not HEAVY.search(block.text), f"{block.place} needs a mark: {HEAVY.search(block.text)}"


def test_what_trains_or_sets_up_is_known():
    assert HEAVY.search("fashion-keras list\nfashion-keras run cnn  # hours\n")
    assert HEAVY.search("scripts/reproduce\n")
    assert not HEAVY.search("fashion-keras report cnn\nfashion-keras run cnn --dry-run\n")
