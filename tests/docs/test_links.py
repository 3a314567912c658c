"""Links between the Markdown files of a clone lead somewhere: to a file, and to a heading of it."""

import re
from collections import Counter
from pathlib import Path
from urllib.parse import unquote

import pytest
from guides import PROJECT, tracked

from fashion_keras.experiments.names import FEWER_SEEDS

DOCUMENTS = {str(path.relative_to(PROJECT)): path for path in tracked("*.md")}
_FENCED = re.compile(r"^( *)```.*?^\1```$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(<?([^)\s>]+)>?(?: \"[^\"]*\")?\)|^\[[^]]+\]: (\S+)|(?:href|src)=\"([^\"]+)\"", re.MULTILINE)
_PLACE = re.compile(r"(?<![\w./-])(?:tests|fashion_keras|docs|experiments|benchmarks|scripts|saved_models)/[\w./-]*\w")
_SCHEME = re.compile(r"[a-z]+:", re.IGNORECASE)


def links(path: Path) -> list[str]:
    """Return what a document links to inside the project; code is no link."""
    text = _FENCED.sub("", path.read_text())
    found = ("".join(parts) for parts in _LINK.findall(text))
    return [link for link in found if not _SCHEME.match(link)]


def anchors(path: Path) -> set[str]:
    """Return the anchors of a document's headings, as GitHub makes them."""
    seen: Counter[str] = Counter()
    found = set()
    for title in re.findall(
        r"^#{1,6} (.+?)\s*$", re.sub(r"^```.*?^```$", "", path.read_text(), flags=re.M | re.S), re.M
    ):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title).lower()
        anchor = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        found.add(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
        seen[anchor] += 1
    return found


def problem(document: Path, link: str) -> str:
    """Return what is wrong with a link; an empty text where it leads somewhere."""
    place, _, anchor = unquote(link).partition("#")
    target = (document.parent / place).resolve() if place else document
    if not target.exists():
        return f"{link}: no such file"
    if not target.is_relative_to(PROJECT):
        return f"{link}: outside of the project"
    if anchor and target.suffix == ".md" and anchor not in anchors(target):
        return f"{link}: no such heading; there are {', '.join(sorted(anchors(target)))}"
    return ""


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_of_a_document_leads_somewhere(name):
    assert [said for link in links(DOCUMENTS[name]) if (said := problem(DOCUMENTS[name], link))] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_path_of_the_project_that_a_document_names_is_there(name: str) -> None:
    made = re.compile(r"/[A-Z]+(/|$)|^saved_models/exported/")  # names that stand for others, and what commands write
    named = {path for path in _PLACE.findall(DOCUMENTS[name].read_text()) if not made.search(path)}
    folders = (PROJECT, DOCUMENTS[name].parent)
    assert [path for path in sorted(named) if not any((folder / path).exists() for folder in folders)] == []


def test_the_index_lists_every_guide():
    index = PROJECT / "docs" / "README.md"
    listed = {(index.parent / link).resolve() for link in links(index)}
    assert {path.name for path in index.parent.glob("*.md") if path not in listed} == {"README.md"}


@pytest.mark.parametrize("link", ["nowhere.md", "#nothing", "other.md#nothing", "../../../.."])
def test_a_dead_link_is_found(link, tmp_path):
    (tmp_path / "other.md").write_text("# Other\n")
    (tmp_path / "page.md").write_text(f"# Page\nSee [it]({link}), not `[code](gone.md)`.\n")
    (found,) = links(tmp_path / "page.md")
    assert problem(tmp_path / "page.md", found)


def test_headings_have_github_s_anchors(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# What's *new*, in `run`?\n## A [link](x.md)\n## A link\n```sh\n# no heading\n```\n")
    assert anchors(page) == {"whats-new-in-run", "a-link", "a-link-1"}


@pytest.mark.parametrize("path", ["README.md", "docs/compare.md"])
def test_comparisons_that_are_published_with_fewer_seeds_are_named(path: str) -> None:
    (named,) = re.findall(r"five of ((?:`\w+`(?:,\s+|\s+and\s+)?)+)", (PROJECT / path).read_text())
    assert set(re.findall(r"\w+(?=`)", named)) == set(FEWER_SEEDS)
