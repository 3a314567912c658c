"""The API reference is built from the docstrings, and its links lead somewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

from guides import PROJECT

_SCRIPT = re.compile("<script.*?</script>", re.DOTALL)


def dead_links(folder: Path) -> list[str]:
    """Return the links between the pages of a folder that lead nowhere, each with its page; the web is not asked."""
    pages = {path.resolve(): _SCRIPT.sub("", path.read_text()) for path in folder.rglob("*.html")}
    anchors = {path: set(re.findall(r'\bid="([^"]+)"', text)) for path, text in pages.items()}
    return sorted(
        f"{path.relative_to(folder.resolve())}: {link}"
        for path, text in pages.items()
        for link in dict.fromkeys(re.findall(r'\b(?:href|src)="([^"]+)"', text))
        if not leads_somewhere(path, link, anchors)
    )


def leads_somewhere(path: Path, link: str, anchors: dict[Path, set[str]]) -> bool:
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return True
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if target not in anchors:
        return target.is_file()
    return not parts.fragment or unquote(parts.fragment) in anchors[target]


def test_the_reference_is_built_without_a_dead_link(tmp_path):
    done = subprocess.run(
        [sys.executable, PROJECT / "docs" / "reference.py", tmp_path / "site"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "Warn" not in done.stderr
    assert (tmp_path / "site" / "fashion_keras" / "statistics" / "verdicts.html").is_file()
    assert 'id="load_model"' in (tmp_path / "site" / "fashion_keras.html").read_text()
    assert dead_links(tmp_path / "site") == []


def test_a_dead_link_between_pages_is_found(tmp_path):
    (tmp_path / "other.html").write_text('<h1 id="there">Other</h1>')
    links = ("other.html#there", "#here", "https://example.org/gone", "other.html#gone", "gone.html", "#gone")
    page = "".join(f'<a href="{link}">x</a>' for link in links)
    (tmp_path / "page.html").write_text(f'<p id="here">{page}</p>')
    assert dead_links(tmp_path) == ["page.html: #gone", "page.html: gone.html", "page.html: other.html#gone"]
