"""The page in headless Chromium, opened from disk."""

from pathlib import Path

import pytest
from headless_browser import Browser
from html_pages import HOSTILE, seeded_comparison

from fashion_keras.claims import evaluate_claims
from fashion_keras.reporting.html import build_page
from fashion_keras.workflows.published import load_published

PUBLISHED = Path(__file__).parents[2] / "experiments"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = [*load_published(PUBLISHED, ["optimizers", "dropout"]), seeded_comparison(arm=HOSTILE, title=HOSTILE)]
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(build_page(found, evaluate_claims(found[:2])), encoding="utf-8")
    return path


@pytest.fixture
def page(chromium: Browser, path: Path) -> Browser:
    chromium.open(path.as_uri())
    return chromium


def attribute(page: Browser, selector: str, name: str) -> str:
    return page.run(f"document.querySelector({selector!r}).getAttribute({name!r})")


def count(page: Browser, selector: str) -> int:
    return page.run(f"document.querySelectorAll({selector!r}).length")


def is_visible(page: Browser, selector: str) -> bool:
    return page.run(f"document.querySelector({selector!r}).checkVisibility()")


def test_it_opens_from_disk_without_complaints_and_requests(page: Browser, path: Path) -> None:
    assert page.complaints == []
    assert [url for url in page.requests if not url.startswith("data:")] == [path.as_uri()]


@pytest.mark.parametrize("width", [360, 800, 1400])
def test_nothing_overflows_whatever_is_unfolded(chromium: Browser, path: Path, width: int) -> None:
    chromium.open(path.as_uri(), width=width)
    chromium.run("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    assert chromium.run("document.scrollingElement.scrollWidth") <= width


def test_a_metric_is_switched_with_the_keyboard(page: Browser) -> None:
    loss, accuracy = (f"#comparison-1 .curves [data-metric=test_{name}]" for name in ("loss", "accuracy"))
    before = attribute(page, "#comparison-1 .curve-line", "points")
    page.run(f"document.querySelector({loss!r}).focus()")
    page.key("Enter")
    assert attribute(page, loss, "aria-pressed") == "true"
    assert attribute(page, accuracy, "aria-pressed") == "false"
    assert attribute(page, "#comparison-1 .curve-line", "points") != before
    assert "Test loss" in page.run("document.querySelector('#comparison-1 .curves svg title').textContent")


def test_an_arm_and_the_spread_are_switched_off_and_on(page: Browser) -> None:
    arm, line, band = "#comparison-1 [data-arm='0']", "#comparison-1 .curve-line", "#comparison-1 .band"
    lines = count(page, line)
    assert lines == count(page, band) > 1
    page.click(arm)
    page.click("#comparison-1 button.spread")
    assert count(page, line) == lines - 1
    assert count(page, band) == 0
    assert attribute(page, arm, "aria-pressed") == "false"
    page.click(arm)
    assert count(page, line) == lines


def test_a_table_is_sorted_within_its_parts_by_numbers(page: Browser) -> None:
    table = "#comparison-1 table.sortable"
    head = f"{table} thead th:nth-child(3)"
    values = f"""[...document.querySelector('{table}').tBodies].map((body) =>
        [...body.rows].map((row) => Number(row.cells[2]?.dataset.sort)).filter(Number.isFinite))"""
    for order in ("ascending", "descending"):
        page.click(f"{head} button")
        assert attribute(page, head, "aria-sort") == order
        parts = page.run(values)
        assert len(parts) == 2
        assert all(part == sorted(part, reverse=order == "descending") for part in parts)


@pytest.mark.parametrize("dark", [False, True])
def test_light_and_dark_follow_the_system_until_the_button_is_pressed(
    chromium: Browser, path: Path, dark: bool
) -> None:
    chromium.open(path.as_uri(), dark=dark)
    paper = "getComputedStyle(document.body).backgroundColor"
    before = chromium.run(paper)
    assert attribute(chromium, ".theme", "aria-pressed") == str(dark).lower()
    chromium.click(".theme")
    assert chromium.run(paper) != before
    assert attribute(chromium, ".theme", "aria-pressed") == str(not dark).lower()


def test_without_scripts_the_numbers_of_the_curves_are_there(chromium: Browser, path: Path) -> None:
    chromium.open(path.as_uri(), scripts=False)
    assert is_visible(chromium, "#comparison-1 .curves table")
    assert not is_visible(chromium, ".theme")
    assert not is_visible(chromium, "#comparison-1 .plot")


def test_a_link_to_a_claim_unfolds_it(page: Browser) -> None:
    assert not page.run("document.querySelector('#claim-3').open")
    page.click("table.claims tbody a[href='#claim-3']")
    page.wait_for("document.querySelector('#claim-3').open")


def test_the_skip_link_is_the_first_stop_of_the_keyboard(page: Browser) -> None:
    page.key("Tab")
    assert page.run("document.activeElement.className") == "skip"
    page.key("Enter")
    page.wait_for("document.activeElement.id === 'main'")


def test_epochs_are_whole_numbers(page: Browser) -> None:
    ticks = "document.querySelectorAll('#comparison-3 .plot .tick[text-anchor=middle]')"
    assert page.run(f"[...{ticks}].map((each) => each.textContent)") == ["1", "2", "3"]


def test_verdicts_are_in_sight_on_a_phone(chromium: Browser, path: Path) -> None:
    chromium.open(path.as_uri(), width=360)
    right = "Math.max(...[...document.querySelectorAll('td.words')].map((each) => each.getBoundingClientRect().right))"
    assert 100 < chromium.run(right) < 360
