"""What is published, and what a fresh clone makes of it. No TensorFlow, no training."""

import ast
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from stored_runs import commit
from timing_runs import make_all_times

from benchmarks import campaign
from fashion_keras import cli
from fashion_keras.config.components import Component
from fashion_keras.data.dataset import FASHION_MNIST_HASH
from fashion_keras.errors import ConfigError, StoreError
from fashion_keras.experiments.names import ALL_NAMES
from fashion_keras.experiments.registry import load_experiment
from fashion_keras.reporting import Report, write_report
from fashion_keras.storage.archive import ARCHIVE, RunArchive, write_archive
from fashion_keras.storage.comparison import load_results, make_record, save_record
from fashion_keras.storage.runs import RunStore
from fashion_keras.storage.stored_comparisons import load_stored
from fashion_keras.storage.times import TIMES, times_text
from fashion_keras.workflows import publish as publishing
from fashion_keras.workflows.publish import publish
from fashion_keras.workflows.published import RECORD, UNFINISHED, fill_answers, load_published, published_tuned
from fashion_keras.workflows.report import report_comparisons

PROJECT = Path(__file__).parents[2]
PUBLISHED = PROJECT / "experiments"
DATA = {
    "name": "fashion_mnist",
    "content_hash": FASHION_MNIST_HASH,
    "class_names": ["a", "b"],
    "is_fashion_mnist": True,
}


@pytest.fixture
def console():
    return Console(quiet=True)


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path / "runs" / "store")


def train(store, name, num_seeds, skip=None):
    """Put every run of a comparison into a store, but the one that is skipped: an arm and a seed."""
    experiment = load_experiment(name)
    save_record(store, make_record(experiment, DATA, range(num_seeds)))
    for number, arm in enumerate(experiment.arms):
        for seed in range(num_seeds):
            if (arm.name, seed) != skip:
                config = replace(experiment.config_of(arm), seed=seed)
                commit(store, config, (1.0, 0.3 + 0.1 * number + 0.01 * seed))


@pytest.fixture
def without_pictures(monkeypatch):
    """Draw no curves, which takes seconds; it comes before `published`."""
    monkeypatch.setattr("fashion_keras.reporting.Report.draw", lambda _: {})


@pytest.fixture
def published(store, tmp_path):
    train(store, "learning_rates", 10)
    folder = tmp_path / "experiments"
    publish(load_stored(store, ["learning_rates"]), folder)
    return folder


def test_an_archived_run_says_what_the_stored_one_says(store, tmp_path):
    train(store, "learning_rates", 1)
    runs = list(store.all_runs())
    write_archive(tmp_path / ARCHIVE, runs)
    archive = RunArchive(tmp_path / ARCHIVE)
    for run in runs:
        found = archive.find_folder(run.path.name)
        assert found is not None
        assert (found.run_id, found.seed, found.final, found.history) == (run.run_id, run.seed, run.final, run.history)
        assert (found.correct == run.correct).all()
    assert archive.find_folder("another") is None


@pytest.mark.parametrize("content", [b"", b"no archive", None])
def test_a_file_that_is_no_archive_is_told_in_one_line(tmp_path, content):
    if content is not None:
        (tmp_path / ARCHIVE).write_bytes(content)
    with pytest.raises(StoreError, match=f"{ARCHIVE} (is damaged|cannot be read): "):
        RunArchive(tmp_path / ARCHIVE)


def test_an_archive_of_another_protocol_is_refused(store, tmp_path, monkeypatch):
    train(store, "learning_rates", 1)
    monkeypatch.setattr("fashion_keras.storage.archive.PROTOCOL_VERSION", 99)
    write_archive(tmp_path / ARCHIVE, store.all_runs())
    monkeypatch.undo()
    with pytest.raises(StoreError, match="protocol version 99"):
        RunArchive(tmp_path / ARCHIVE)


def test_tables_and_curves_from_the_archive_are_those_that_were_published(published, tmp_path, console):
    assert report_comparisons([], tmp_path / "again", published, console) == 0
    names = [path.name for path in (published / "learning_rates").iterdir() if path.name != RECORD]
    assert {"table.md", "table.csv", "runs.csv", "differences.csv", "curves_by_arm.png"} <= set(names)
    for name in names:
        again = tmp_path / "again" / "published" / "learning_rates" / name
        assert again.read_bytes() == (published / "learning_rates" / name).read_bytes(), name
    again = tmp_path / "again" / "published" / "claims.md"
    assert again.read_bytes() == (published / "claims.md").read_bytes()


def test_a_named_comparison_is_reported_alone_once_and_without_the_claims(published, tmp_path, console):
    assert len(load_published(published, ["learning_rates", "learning_rates"])) == 1
    assert report_comparisons(["learning_rates"], tmp_path / "again", published, console) == 0
    assert [path.name for path in (tmp_path / "again" / "published").iterdir()] == ["learning_rates"]


def test_publishing_twice_gives_equal_bytes_and_leaves_what_else_lies_there(published, store):
    (published / "notes.txt").write_text("mine")
    before = {path: path.read_bytes() for path in published.rglob("*.*")}
    publish(load_stored(store, ["learning_rates"]), published)
    assert before == {path: path.read_bytes() for path in published.rglob("*.*")}


def test_nothing_is_published_with_fewer_than_ten_seeds_or_while_a_run_is_missing(store, tmp_path):
    train(store, "learning_rates", 9)
    with pytest.raises(StoreError, match="has 9 seeds; publishing needs 10"):
        publish(load_stored(store, ["learning_rates"]), tmp_path / "experiments")
    train(store, "learning_rates", 10, skip=("sgd_0.05", 9))
    with pytest.raises(StoreError, match=r"learning_rates has 9 of 10 runs of sgd_0\.05"):
        publish(load_stored(store, ["learning_rates"]), tmp_path / "experiments")
    assert not (tmp_path / "experiments").exists()


def write_times(folder, num_rounds=6):
    folder.mkdir(exist_ok=True)
    (folder / TIMES).write_text(times_text(make_all_times(num_rounds).measurements))


def publish_times(folder):
    write_times(folder)
    publish(load_published(folder), folder)


def test_published_times_are_judged_on_the_page_and_named_beside_the_comparisons(without_pictures, published):
    before = {path.name: path.read_text() for path in published.glob("*.md")}
    publish_times(published)
    assert (published / TIMES).read_text() == times_text(make_all_times().measurements)
    assert "| 16 | time-order |" in before["claims.md"]
    assert "### 16. time-order: undecided" in before["claims.md"]
    assert "### 16. time-order: supported" in (published / "claims.md").read_text()
    added = set((published / "README.md").read_text().splitlines()) - set(before["README.md"].splitlines())
    (line,) = added
    assert line.startswith("- [times](times.csv)")
    assert {"6", "60"} <= set(line.split())


def test_the_claims_from_the_archive_are_those_that_were_published_with_times(
    without_pictures, published, tmp_path, console, store
):
    publish_times(published)
    write_times(tmp_path / "again", num_rounds=1)  # what was measured there later is not what was published
    report_comparisons([], tmp_path / "again", published, console)
    assert (tmp_path / "again" / "published" / "claims.md").read_bytes() == (published / "claims.md").read_bytes()
    before = {path: path.read_bytes() for path in published.rglob("*.*")}
    publish(load_stored(store, ["learning_rates"]), published)
    assert before == {path: path.read_bytes() for path in published.rglob("*.*")}


def test_the_claims_of_a_store_take_its_own_times_and_else_the_published_ones(
    without_pictures, published, tmp_path, console, monkeypatch
):
    monkeypatch.chdir(tmp_path)  # where `published` is experiments/
    page = tmp_path / "runs" / "claims.md"
    report_comparisons([], tmp_path / "runs", None, console)
    assert "There are no timing runs yet" in page.read_text()
    publish_times(published)
    report_comparisons([], tmp_path / "runs", None, console)
    assert "Measured in 6 rounds" in page.read_text()
    write_times(tmp_path / "runs", num_rounds=3)
    report_comparisons([], tmp_path / "runs", None, console)
    assert "Measured in 3 rounds" in page.read_text()


def test_the_marked_block_of_a_page_is_filled_and_the_rest_stays(published):
    page = "before\n<!-- answers of experiments -->\nold\n<!-- end -->\nafter\n"
    filled = fill_answers(page, load_published(published))
    assert filled.startswith("before\n<!-- answers of experiments -->\n| comparison |")
    assert "sgd_0.05" in filled
    assert "old" not in filled
    assert filled.endswith("|\n<!-- end -->\nafter\n")
    assert fill_answers(filled, load_published(published)) == filled


def test_what_was_not_published_is_told_by_name(published, tmp_path):
    with pytest.raises(StoreError, match="cnn was not published"):
        load_published(published, ["cnn"])
    with pytest.raises(ConfigError, match="did you mean 'dropout'"):
        load_published(published, ["droput"])
    with pytest.raises(StoreError, match="holds no published comparison"):
        publishing.load_publishable(RunStore(tmp_path / "store"), tmp_path / "nothing")


def test_the_readme_shows_the_published_tables():
    readme = (PROJECT / "README.md").read_text()
    assert "answers of experiments" in readme
    assert fill_answers(readme, load_published(PUBLISHED)) == readme


def test_every_comparison_is_published_whole():
    found = load_published(PUBLISHED)
    assert [results.record.name for results in found] == [*ALL_NAMES, *published_tuned(PUBLISHED)]
    for results in found:
        publishing._check_whole(results)


@pytest.mark.parametrize("name", [*ALL_NAMES, *published_tuned(PUBLISHED)])
def test_the_published_tables_are_those_of_the_published_runs(name, tmp_path):
    (results,) = load_published(PUBLISHED, [name])
    paths = write_report(Report(results), tmp_path, pictures=(), published=True)
    assert "differences.csv" in [path.name for path in paths]
    for path in paths:
        assert path.read_text() == (PUBLISHED / name / path.name).read_text(), path.name


def test_what_was_published_is_published_again_without_a_store(published, tmp_path, monkeypatch):
    before = {path: path.read_bytes() for path in published.rglob("*.*")}
    monkeypatch.setattr("fashion_keras.workflows.published.ALL_NAMES", ("learning_rates",))
    monkeypatch.setattr("fashion_keras.workflows.publish.ALL_NAMES", ("learning_rates",))
    monkeypatch.chdir(tmp_path)
    (published / "learning_rates" / "table.md").write_text("an older wording")
    assert cli.main(["report", "--publish", "--published", "experiments"]) == 0
    assert before == {path: path.read_bytes() for path in published.rglob("*.*")}


def test_a_new_comparison_is_made_of_the_store_s_runs_and_of_published_ones(published, tmp_path, monkeypatch):
    monkeypatch.setattr("fashion_keras.workflows.publish.ALL_NAMES", ("learning_rates", "dropout"))
    monkeypatch.setattr("fashion_keras.workflows.published.ALL_NAMES", ("learning_rates", "dropout"))
    store = RunStore(tmp_path / "other")
    train(store, "dropout", 10)
    for run in store.all_runs():
        if run.config.model == Component("fcn"):
            shutil.rmtree(run.path)  # the base, which learning_rates was published with
    assert len(list(store.all_runs())) == 30
    old, new = publishing.load_publishable(store, published)
    assert (old.record.name, new.record.name) == ("learning_rates", "dropout")
    assert [len(arm.runs) for arm in new.arms] == [10] * len(new.arms)


def test_tables_alone_are_the_same_and_need_no_matplotlib(published, tmp_path):
    program = f"""
import sys
from fashion_keras import cli
sys.argv[1:] = ["report", "--tables-only", "--published", {str(published)!r}, "--out", {str(tmp_path / "again")!r}]
assert cli.main() == 0
assert "matplotlib" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    again = tmp_path / "again" / "published"
    written = sorted(path.relative_to(again) for path in again.rglob("*.*"))
    assert not [path for path in written if path.suffix in (".png", ".svg")]
    assert {path.name for path in written} >= {"table.md", "differences.csv", "claims.md"}
    for path in written:
        assert (again / path).read_bytes() == (published / path).read_bytes(), path


def test_a_run_that_was_published_is_never_lost(store, published):
    train(store, "dropout", 10)
    publish(load_stored(store, ["learning_rates", "dropout"]), published)
    before = {path: path.read_bytes() for path in published.rglob("*.*")}
    with pytest.raises(StoreError, match="dropout was published and is not in the store"):
        publish(load_stored(store, ["learning_rates"]), published)
    assert before == {path: path.read_bytes() for path in published.rglob("*.*")}
    shutil.rmtree(published / "dropout")  # as an earlier version left it that was killed: the archive alone has them
    with pytest.raises(StoreError, match=r"runs\.json\.xz holds \d+ runs of comparisons that are neither"):
        publish(load_stored(store, ["learning_rates"]), published)
    publish(load_stored(store, ["learning_rates", "dropout"]), published)


def test_a_published_comparison_is_not_replaced_by_one_of_fewer_seeds(store, published):
    train(store, "learning_rates", 11)
    publish(load_stored(store, ["learning_rates"]), published)
    (results,) = load_stored(store, ["learning_rates"])
    fewer = results.record.of_seeds(range(10))
    with pytest.raises(StoreError, match="published with 11 seeds and has 10"):
        publish([load_results(store, fewer, range(10))], published)


def test_a_kill_while_publishing_loses_nothing_and_the_next_invocation_completes_it(tmp_path):
    # In a process of its own: it forks, and TensorFlow may have threads here.
    program = f"""
from pathlib import Path
from benchmarks import campaign
print(dict(campaign.kill_publishing(Path({str(tmp_path)!r}), every=17)))
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=True, capture_output=True, text=True)
    found = Counter(ast.literal_eval(done.stdout))
    assert found["kills"] == found["retries that ended in the new"] == found["old tables"] + found["new tables"] > 5
    assert found["tables new, README not yet"] <= 1, "one rename follows the other"
    assert found["runs lost"] == found["mixed tables"] == found["files left behind after the retry"] == 0


@pytest.mark.parametrize(
    "command",
    [["report", "--published", "experiments"], ["report"], ["check", "experiments"], ["check", "experiments/x.csv"]],
    ids=" ".join,
)
def test_whatever_reads_published_results_first_ends_a_publishing_that_was_killed(
    command, without_pictures, published, tmp_path, monkeypatch, capsys
):
    block = "<!-- answers of experiments -->\n<!-- end -->\n"
    (tmp_path / "README.md").write_text(block)
    (published / UNFINISHED).touch()
    monkeypatch.chdir(tmp_path)
    cli.main(command)
    assert (tmp_path / "README.md").read_text() == fill_answers(block, load_published(published)) != block
    assert not (published / UNFINISHED).exists()


def test_a_page_that_cannot_be_filled_keeps_nobody_from_reading(without_pictures, published, tmp_path, capsys):
    (tmp_path / "README.md").mkdir()
    (published / UNFINISHED).touch()
    assert len(load_published(published)) == 1
    assert "README.md does not show what was published last: " in capsys.readouterr().err
    assert (published / UNFINISHED).exists()


def test_flipped_bits_are_never_wrong_in_silence(tmp_path):
    for kind, counts in campaign.flip_bits(tmp_path, 4).items():
        assert counts.total() == 4, kind
        assert not counts["silently wrong"], kind
        assert not counts["traceback"], kind


def test_a_narrower_report_leaves_no_file_of_the_wider_one(store, tmp_path, console):
    train(store, "learning_rates", 10)
    folder = tmp_path / "runs" / "learning_rates"
    report_comparisons(["learning_rates"], tmp_path / "runs", None, console, pictures=())
    (folder / "notes.csv").write_text("mine")
    (folder / "curves_by_arm.svg").write_text("of an earlier report")
    (results,) = load_stored(store, ["learning_rates"])
    one_arm = replace(results, arms=results.arms[:1])
    paths = write_report(Report(one_arm), folder, pictures=())
    assert {path.name for path in folder.iterdir()} == {"notes.csv", *(path.name for path in paths)}
    assert not (folder / "differences.csv").exists()


def test_a_comparison_whose_runs_are_all_published_is_published_with_them(tmp_path):
    """A grid of settings that others have needs no training."""
    found = publishing._load_new("batch_norm_initializers", RunStore(tmp_path / "empty"), PUBLISHED)
    assert [len(arm.runs) for arm in found.arms] == [10] * 8
