"""How blocks are found and marked, and how they fail."""

import pytest
from guides import FROM_NOTHING, PROJECT, Block, Reader, copy_project, read_blocks, tracked


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "guide.md"
        path.write_text(text)
        return path

    return write


def test_a_mark_is_the_comment_on_the_line_before(write):
    path = write("```sh\nls\n```\n<!-- slow -->\n```sh\npwd\n```\n<!-- not run: no cluster -->\n```python\n1\n```\n")
    assert [(block.text, block.mark) for block in read_blocks(path)] == [
        ("ls\n", ""), ("pwd\n", "slow"), ("1\n", "not run: no cluster")
    ]  # fmt: skip


def test_other_comments_and_languages_are_no_commands(write):
    (block,) = read_blocks(write("<!-- answer -->\n```json\n{}\n```\n"))
    assert (block.mark, block.is_command, block.is_runnable) == ("", False, False)


def test_an_output_belongs_to_the_commands_before_it(write):
    (block,) = read_blocks(write("```sh\necho 1\n```\nIt says\n<!-- output -->\n```text\n1\n```\n"))
    assert block == Block(block.place, "sh", "echo 1\n", shown="1\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("```sh\nls\n", "not closed"),
        ("<!-- slow -->\n\n```sh\nls\n```\n", "on the line before"),
        ("<!-- output -->\n```text\n1\n```\n", "follow a command"),
    ],
)
def test_a_guide_with_a_slip_is_refused(write, text, said):
    with pytest.raises(ValueError, match=said):
        read_blocks(write(text))


@pytest.fixture
def reader(write, tmp_path):
    with Reader(write(FROM_NOTHING), tmp_path) as reader:
        yield reader


def test_python_blocks_share_their_names_and_a_named_one_becomes_a_file(reader):
    reader.run(Block("1", "python", "# mine.py\nvalue = 3\n"))
    reader.run(Block("2", "python", "from mine import value\n"))
    assert reader.run(Block("3", "python", "print(value + 1)\n")) == "4\n"
    assert reader.run(Block("4", "sh", "python mine.py; ls *.py\n")) == "mine.py\n"


@pytest.mark.parametrize("block", [Block("", "sh", "false\ntrue\n"), Block("", "python", "1 / 0\n")])
def test_a_block_that_fails_is_told(reader, block):
    with pytest.raises(AssertionError, match=r"status 1|ZeroDivisionError"):
        reader.run(block)


def test_another_output_than_the_shown_is_told(reader):
    reader.run(Block("", "sh", "echo 1\n", shown="1\n"))
    with pytest.raises(AssertionError, match="something else"):
        reader.run(Block("", "sh", "echo 1\n", shown="2\n"))


def test_a_copy_has_what_a_clone_has(tmp_path):
    copy_project(tmp_path / "copy")
    assert (tmp_path / "copy" / "experiments" / "runs.json.xz").is_file()
    assert {path.name for path in (tmp_path / "copy" / "saved_models").iterdir()} == {"README.md", "pretrained"}
    assert not (tmp_path / "copy" / ".git").exists()


def test_the_documents_of_a_clone_are_found():
    found = {str(path.relative_to(PROJECT)) for path in tracked("*.md")}
    assert {"README.md", "docs/scaling.md", "experiments/initializers/table.md"} <= found
