"""The page as text: what stands on it, that it asks for nothing, and that names of users cannot become markup."""

import base64
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from html_pages import HOSTILE, seeded_comparison

from fashion_keras import cli
from fashion_keras.claims import ClaimResult, ClaimVerdict, Part, evaluate_claims
from fashion_keras.claims.definition import Unit
from fashion_keras.reporting import runs_csv
from fashion_keras.reporting.html import build_page
from fashion_keras.reporting.html.summary import undecided_claims
from fashion_keras.storage.comparison import ComparisonResults
from fashion_keras.workflows.published import load_published

PROJECT = Path(__file__).parents[2]
PUBLISHED = PROJECT / "experiments"


class Tags(HTMLParser):
    """Collects elements with their attributes, and tells whether every element is closed in its order."""

    EMPTY = frozenset({"meta", "wbr", "link", "img", "br", "line", "circle", "rect", "input"})

    def __init__(self, page: str):
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.found.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def named(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.found if tag in tags]


@pytest.fixture(scope="module")
def published() -> list[ComparisonResults]:
    return load_published(PUBLISHED)


@pytest.fixture(scope="module")
def published_page(published) -> str:
    return build_page(published, evaluate_claims(published))


def test_every_element_is_closed_in_its_order(published_page):
    assert Tags(published_page).open == []


def test_the_page_asks_for_nothing_outside_itself(published_page):
    tags = Tags(published_page)
    addresses = [each.get("src") or each.get("href") or "" for _, each in tags.found]
    assert [address for address in addresses if address and not address.startswith(("#", "data:"))] == []
    assert set(re.findall(r"https?://[^\s\"'<]+", published_page)) == {"http://www.w3.org/2000/svg"}
    assert "@import" not in published_page
    assert "url(" not in published_page.split("</style>")[0]


def test_the_full_reproduction_stays_under_three_megabytes(published_page):
    assert len(published_page.encode()) < 3_000_000


def test_every_comparison_and_every_claim_has_its_place(published, published_page):
    ids = [attributes["id"] for _, attributes in Tags(published_page).found if "id" in attributes]
    assert len(ids) == len(set(ids))
    wanted = {f"comparison-{number}" for number in range(1, len(published) + 1)}
    assert wanted | {f"claim-{number}" for number in range(1, 17)} <= set(ids)


def test_every_link_has_its_target(published_page):
    tags = Tags(published_page)
    ids = {attributes.get("id") for _, attributes in tags.found}
    links = [each["href"] or "" for each in tags.named("a")]
    assert {link.removeprefix("#") for link in links if not link.startswith("data:")} <= ids


def test_tables_have_captions_and_scopes_and_pictures_names(published_page):
    tags = Tags(published_page)
    assert len(tags.named("caption")) == len(tags.named("table")) > 20
    assert all(each.get("scope") in ("col", "row", "rowgroup") for each in tags.named("th"))
    assert tags.named("svg")
    assert all(each["aria-hidden"] == "true" for each in tags.named("svg"))  # the names and numbers are text beside


def test_equal_results_give_equal_bytes_and_without_claims_there_is_no_part_for_them():
    page = build_page([seeded_comparison()])
    assert page == build_page([seeded_comparison()])
    assert 'id="claims"' not in page
    assert 'href="#claims"' not in page


def test_the_archive_has_no_answers_and_the_page_says_so(published, published_page):
    assert published_page.count("is in the store alone") == len(published)
    assert "Confusion matrix" not in published_page


def test_names_of_users_are_text_and_never_markup():
    page = build_page([seeded_comparison(arm=HOSTILE, title=HOSTILE, data=HOSTILE)])
    assert page.count("<script") == Tags(page).found.count(("script", {})) + 1
    assert "<img src=x" not in page
    assert "alert(1)" in page
    assert Tags(page).open == []
    (data,) = re.findall(r'<script type="application/json">(.*?)</script>', page, re.DOTALL)
    assert json.loads(data)["arms"][1]["name"] == " ".join(HOSTILE.split())


def test_the_first_screen_says_who_wins_by_how_much_and_both_accuracies():
    page = build_page([seeded_comparison(gain=0.02)])
    first_screen = page.split("</header>")[0]
    assert "other beats base" in first_screen
    assert "+2.00" in first_screen
    assert re.search(r"87\.0\d ± 0\.0\d % against 85\.0\d ± 0\.0\d %", first_screen)
    assert "untuned" not in first_screen


def test_the_first_screen_counts_untuned_runs_where_there_are_tuned_ones(published_page):
    assert "untuned ones beside tuned among them" in published_page.split("</header>")[0]


def test_what_would_decide_stands_with_its_command_and_cost():
    page = build_page([seeded_comparison(num_seeds=3)])
    assert page.count("<code>the same command with --seeds 10</code>") == 2  # in the summary and with the comparison
    assert "about 15 min, one run at a time" in page  # 14 runs of 63 seconds
    part = page.split('<section id="undecided"')[1].split("</section>")[0]
    assert "fewer than 5 seeds" in part
    assert "at least 5 seeds; there are 3" in part


def test_a_table_can_be_downloaded_as_the_file_beside_table_md():
    results = seeded_comparison()
    links = {
        each["download"]: each["href"] or "" for each in Tags(build_page([results])).named("a") if "download" in each
    }
    assert list(links) == ["table.csv", "differences.csv", "runs.csv"]
    start, _, content = links["runs.csv"].partition(",")
    assert start == "data:text/csv;charset=utf-8;base64"
    assert base64.b64decode(content).decode() == runs_csv(results)


def test_verdicts_stand_beside_the_names_and_no_name_is_cut():
    page = build_page([seeded_comparison(arm="a_name_of_more_than_thirty_characters")])
    table = page.split("<h3>Against base</h3>")[1]
    assert re.findall(r"<th scope=\"col\"[^>]*>([^<]+)</th>", table)[:2] == ["arm", "verdict"]
    assert "…" not in page
    assert page.count("a_<wbr>name_<wbr>of_<wbr>more_<wbr>than_<wbr>thirty_<wbr>characters") >= 3


def test_the_page_is_built_without_tensorflow_and_matplotlib(tmp_path):
    program = f"""
import sys
from fashion_keras import cli
options = ["--published", {str(PUBLISHED)!r}, "--out", {str(tmp_path)!r}, "--html"]
assert cli.main(["report", "learning_rates", *options]) == 0
print(sorted({{"tensorflow", "keras", "matplotlib"}} & set(sys.modules)))"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=PROJECT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[]"
    assert (tmp_path / "published" / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_the_page_is_written_where_it_is_wanted(tmp_path, capsys):
    path = tmp_path / "deep" / "page.html"
    options = ["--published", str(PUBLISHED), "--out", str(tmp_path / "out"), "--html", str(path)]
    assert cli.main(["report", "dropout", *options]) == 0
    assert str(path) in capsys.readouterr().out.replace("\n", "")
    assert "dropout_0.05" in path.read_text(encoding="utf-8")
    assert not (tmp_path / "out").exists()


def test_a_name_behind_html_is_told_from_a_file(tmp_path, capsys):
    assert cli.main(["report", "--published", str(PUBLISHED), "--out", str(tmp_path), "--html", "dropout"]) == 2
    assert "--html takes a file such as page.html, got dropout" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_published_page_and_a_page_for_oneself_are_not_mixed(tmp_path, capsys):
    assert cli.main(["report", "--publish", "--out", str(tmp_path), "--html"]) == 2
    assert "--html" in capsys.readouterr().err


def test_what_stands_between_backticks_is_code_and_is_escaped_all_the_same():
    claim = ClaimResult(1, "key", "text", ClaimVerdict.UNDECIDED, "`<a>` above <b>", "measure", ())
    page = build_page([seeded_comparison()], [claim])
    assert "<code>&lt;a&gt;</code> above &lt;b&gt;" in page


def test_an_open_claim_says_what_it_asks_for():
    parts = (
        Part("first", ClaimVerdict.UNDECIDED, num_seeds=10),
        Part("second", ClaimVerdict.UNDECIDED, "no timing runs", Unit.TIME),
    )
    claim = ClaimResult(1, "key", "text", ClaimVerdict.UNDECIDED, "because", "measure", parts)
    (item,) = undecided_claims([claim])
    assert "more seeds; there are 10" in item["remedy"]
    assert "benchmarks.times" in item["remedy"]


def test_the_page_says_how_claims_are_judged_and_what_that_does_not_cover(published_page):
    part = published_page.split('<section id="reading"')[1].split("</section>")[0]
    assert "<dt>refuted</dt><dd>at least one part was shown to be the other way round" in part
    assert "<dt>not covered</dt><dd>One data set, its one test set" in part


def test_every_run_is_traced_by_its_id_and_the_number_of_its_machine(published, published_page):
    runs = [run for results in published for arm in results.arms for run in arm.runs.values()]
    assert all(run.run_id in published_page for run in runs)
    names = ("processor", "cores", "platform", "python", "numpy", "keras", "tensorflow")
    known = {tuple(str(run.result["environment"].get(name)) for name in names) for run in runs}
    machines = published_page.split('<section id="machines"')[1]
    assert machines.count('<th scope="row" class="number">') == len(known)
