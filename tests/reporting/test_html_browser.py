"""The page in a real browser, opened from disk: needs Chromium and playwright, and is skipped without them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from html_pages import HOSTILE, seeded_comparison

from fashion_keras.claims import evaluate_claims
from fashion_keras.reporting.html import build_page
from fashion_keras.workflows.report import load_published

sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")

PUBLISHED = Path(__file__).parents[2] / "experiments"
WIDTHS = (360, 800, 1400)


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    found = [*load_published(PUBLISHED, ["optimizers", "dropout"]), seeded_comparison(arm=HOSTILE, title=HOSTILE)]
    path = tmp_path_factory.mktemp("page") / "report.html"
    path.write_text(build_page(found, evaluate_claims(found[:2])), encoding="utf-8")
    return path


class Opened:
    """A page in the browser, with what it complained of and asked for."""

    def __init__(self, browser, path: Path, **settings):
        self.context = browser.new_context(**{"viewport": {"width": 800, "height": 900}, **settings})
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: (self.complaints.append(dialog.message), dialog.dismiss()))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())


@pytest.fixture
def opened(browser, path) -> Iterator[Opened]:
    opened = Opened(browser, path)
    yield opened
    opened.context.close()


def test_it_opens_from_disk_without_complaints_and_requests(opened, path):
    assert opened.complaints == []
    assert [url for url in opened.requests if not url.startswith("data:")] == [path.as_uri()]


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_overflows_whatever_is_unfolded(browser, path, width):
    opened = Opened(browser, path, viewport={"width": width, "height": 900})
    opened.page.evaluate("document.querySelectorAll('details').forEach((part) => { part.open = true; })")
    scroll_width = opened.page.evaluate("document.scrollingElement.scrollWidth")
    opened.context.close()
    assert scroll_width <= width


def test_a_metric_is_switched_with_the_keyboard(opened):
    buttons = "#comparison-1 .curves [data-metric={}]"
    lines = "document.querySelector('#comparison-1 .curve-line').getAttribute('points')"
    before = opened.page.evaluate(lines)
    opened.page.focus(buttons.format("test_loss"))
    opened.page.keyboard.press("Enter")
    assert opened.page.get_attribute(buttons.format("test_loss"), "aria-pressed") == "true"
    assert opened.page.get_attribute(buttons.format("test_accuracy"), "aria-pressed") == "false"
    assert opened.page.evaluate(lines) != before
    assert "Test loss" in opened.page.text_content("#comparison-1 .curves svg title")


def test_an_arm_and_the_spread_are_switched_off_and_on(opened):
    count = "document.querySelectorAll('#comparison-1 .{}').length"
    lines, bands = (opened.page.evaluate(count.format(name)) for name in ("curve-line", "band"))
    assert lines == bands > 1
    opened.page.click("#comparison-1 [data-arm='0']")
    opened.page.click("#comparison-1 button.spread")
    assert opened.page.evaluate(count.format("curve-line")) == lines - 1
    assert opened.page.evaluate(count.format("band")) == 0
    assert opened.page.get_attribute("#comparison-1 [data-arm='0']", "aria-pressed") == "false"
    opened.page.click("#comparison-1 [data-arm='0']")
    assert opened.page.evaluate(count.format("curve-line")) == lines


def test_a_table_is_sorted_within_its_parts_by_numbers(opened):
    table = "#comparison-1 table.sortable"
    opened.page.click(f"{table} thead th:nth-child(3) button")
    head = f"{table} thead th:nth-child(3)"
    assert opened.page.get_attribute(head, "aria-sort") == "ascending"
    values = f"""[...document.querySelector('{table}').tBodies].map((body) =>
        [...body.rows].map((row) => Number(row.cells[2]?.dataset.sort)).filter(Number.isFinite))"""
    parts = opened.page.evaluate(values)
    assert len(parts) == 2
    assert all(part == sorted(part) for part in parts)
    opened.page.click(f"{head} button")
    assert opened.page.get_attribute(head, "aria-sort") == "descending"
    assert all(part == sorted(part, reverse=True) for part in opened.page.evaluate(values))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_follow_the_system_until_the_button_is_pressed(browser, path, scheme):
    opened = Opened(browser, path, color_scheme=scheme)
    paper = "getComputedStyle(document.body).backgroundColor"
    before = opened.page.evaluate(paper)
    assert opened.page.get_attribute(".theme", "aria-pressed") == str(scheme == "dark").lower()
    opened.page.click(".theme")
    after, pressed = opened.page.evaluate(paper), opened.page.get_attribute(".theme", "aria-pressed")
    opened.context.close()
    assert before != after
    assert pressed == str(scheme == "light").lower()


def test_without_scripts_the_numbers_of_the_curves_are_there(browser, path):
    opened = Opened(browser, path, java_script_enabled=False)
    shown = opened.page.is_visible("#comparison-1 .curves table")
    controls = opened.page.is_visible(".theme") or opened.page.is_visible("#comparison-1 .plot")
    opened.context.close()
    assert shown
    assert not controls


def test_a_link_to_a_claim_unfolds_it(opened):
    opened.page.click("table.claims tbody a >> nth=2")
    assert opened.page.evaluate("document.querySelector('#claim-3').open")


def test_the_skip_link_is_the_first_stop_of_the_keyboard(opened):
    opened.page.keyboard.press("Tab")
    assert opened.page.evaluate("document.activeElement.className") == "skip"
    opened.page.keyboard.press("Enter")
    assert opened.page.evaluate("document.activeElement.id") == "main"
