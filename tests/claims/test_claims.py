"""From comparisons to verdicts, and the published page."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from fashion_keras.claims import ClaimResult, ClaimVerdict, Part, evaluate_claims
from fashion_keras.claims.definition import judge_parts
from fashion_keras.reporting.claims import claims_page
from fashion_keras.statistics import Design
from fashion_keras.storage.comparison import ArmRecord, ArmResults, ComparisonRecord, ComparisonResults
from fashion_keras.storage.results import METRICS
from fashion_keras.storage.runs import StoredRun
from fashion_keras.storage.times import TIMES, load_times
from fashion_keras.workflows import publish as publishing
from fashion_keras.workflows.published import load_published

SUPPORTED, REFUTED, UNDECIDED = ClaimVerdict
PUBLISHED = Path(__file__).parents[2] / "experiments"


def make_arm(name: str, accuracies: list[float | None]) -> ArmResults:
    final = dict.fromkeys(METRICS, 0.5)
    runs = {
        seed: StoredRun(Path(f"{name}__s{seed}"), {"final": {**final, "test_accuracy": accuracy}})
        for seed, accuracy in enumerate(accuracies)
    }
    folders = {seed: run.path.name for seed, run in runs.items()}
    return ArmResults(ArmRecord(name, None, False, {"model": name}, folders), runs)


def make_comparison(name: str, *arms: ArmResults, num_seeds: int = 6) -> dict[str, ComparisonResults]:
    record = ComparisonRecord(name, name, arms[0].name, tuple(arm.record for arm in arms), {}, Design.fixed(num_seeds))
    return {name: ComparisonResults(record, arms, tuple(range(num_seeds)))}


def dropout(base: list[float | None], dropped: list[float | None]) -> dict[str, ComparisonResults]:
    return make_comparison("dropout", make_arm("no_dropout", base), make_arm("dropout_0.1", dropped))


def judge(key: str, found: dict[str, ComparisonResults]) -> ClaimResult:
    return next(claim for claim in evaluate_claims(found.values()) if claim.key == key)


BASE = [0.80, 0.81, 0.82, 0.83, 0.84, 0.85]
HIGHER = [0.82, 0.83, 0.83, 0.85, 0.87, 0.87]


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([SUPPORTED, SUPPORTED], SUPPORTED),
        ([SUPPORTED, UNDECIDED], UNDECIDED),
        ([SUPPORTED, UNDECIDED, REFUTED], REFUTED),
        ([SUPPORTED, None], SUPPORTED),
    ],
)
def test_a_claim_holds_where_every_judged_part_does_and_falls_where_one_falls(verdicts, expected):
    assert judge_parts([Part("it", verdict) for verdict in verdicts])[0] is expected
    with pytest.raises(ValueError, match="at least one part"):
        judge_parts([Part("it", None)])


def test_a_clear_difference_supports_and_its_contrary_refutes():
    assert judge("dropout-slight", dropout(BASE, HIGHER)).verdict == "supported"
    assert judge("dropout-slight", dropout(HIGHER, BASE)).verdict == "refuted"


def test_neither_of_two_equivalent_arms_is_above_and_the_claim_says_why():
    alike = [value + shift for value, shift in zip(BASE, [0.0005, -0.0005] * 3, strict=True)]
    claim = judge("dropout-slight", dropout(BASE, alike))
    assert claim.verdict == "undecided"
    assert "equivalent within 0.2 points" in claim.because


def test_arms_are_paired_by_seed_and_not_by_place():
    found = dropout(BASE, HIGHER)
    base, dropped = found["dropout"].arms
    turned = replace(dropped, runs=dict(reversed(dropped.runs.items())))
    found["dropout"] = replace(found["dropout"], arms=(base, turned))
    assert judge("dropout-slight", found) == judge("dropout-slight", dropout(BASE, HIGHER))


def test_a_missing_seed_a_missing_value_and_a_missing_comparison_leave_it_undecided():
    reasons = {
        "planned seeds not done": make_comparison(
            "dropout", make_arm("no_dropout", [*BASE, 0.8]), make_arm("dropout_0.1", HIGHER), num_seeds=7
        ),
        "cannot be measured in 1 of 6 seeds": dropout(BASE, [*HIGHER[:5], None]),
        "not run: dropout/dropout_0.1": make_comparison("dropout", make_arm("no_dropout", BASE)),
        "not run: dropout/dropout_0.1, dropout/no_dropout": {},
    }
    for reason, found in reasons.items():
        claim = judge("dropout-slight", found)
        assert claim.verdict == "undecided"
        assert reason in claim.because


def test_the_cnn_meets_every_other_arm_once_and_never_itself():
    shared, cnn = make_arm("fcn", BASE), make_arm("cnn", [0.90, 0.91, 0.93, 0.93, 0.95, 0.95])
    found = make_comparison("cnn", shared, cnn) | make_comparison("dropout", shared, make_arm("other", HIGHER))
    parts = [part for part in judge("cnn-best", found).figures if part.estimate is not None]
    assert [part.words for part in parts] == ["test accuracy: `cnn` above `fcn`", "test accuracy: `cnn` above `other`"]
    assert {part.verdict for part in parts} == {SUPPORTED}
    # One network that is better refutes it, though times are missing.
    assert judge("cnn-best", make_comparison("cnn", make_arm("fcn", HIGHER), make_arm("cnn", BASE))).verdict == REFUTED


def test_a_comparison_that_is_not_the_reports_and_a_cnn_with_options_change_no_claim():
    fcn, cnn = make_arm("fcn", BASE), make_arm("cnn", HIGHER)
    expected = judge("cnn-best", make_comparison("cnn", fcn, cnn))
    cnn = replace(cnn, record=replace(cnn.record, config={"model": {"name": "cnn", "kernel_size": 3}}))
    others = make_comparison("precision_fcn", make_arm("fcn_bfloat16", HIGHER))
    assert judge("cnn-best", make_comparison("cnn", fcn, cnn) | others) == expected


def test_the_spread_between_initialisers_is_compared_seed_by_seed():
    def arms(names: list[str], step: float) -> list[ArmResults]:
        return [make_arm(name, [value + place * step for value in BASE]) for place, name in enumerate(names)]

    schemes = ["random_normal", "xavier_normal", "he_uniform"]
    normed = ["batch_norm_0.008", *(f"batch_norm_0.008_{scheme}" for scheme in schemes)]
    plain = make_comparison("initializers", *arms(["default", *schemes], 0.02))
    claim = judge("bn-less-sensitive", plain | make_comparison("batch_norm", *arms(normed, 0.01)))
    # Four steps of 0.01 spread by the root of 5/3 steps; twice that without batch norm.
    assert claim.verdict == "supported"
    assert claim.figures[0].estimate == pytest.approx(-0.01 * (5 / 3) ** 0.5)


def test_without_any_run_all_sixteen_are_there_in_order_and_undecided():
    claims = evaluate_claims([])
    assert [claim.number for claim in claims] == list(range(1, 17))
    assert {claim.verdict for claim in claims} == {UNDECIDED}
    assert all("not run" in claim.because for claim in claims[:15])
    summary = claims_page(claims).split("## ")[0]
    for claim in claims:
        assert f"| {claim.number} | {claim.key} | {claim.text} | **undecided** |" in summary


def test_times_are_not_judged_without_timing_runs():
    claims = evaluate_claims(load_published(PUBLISHED))
    assert claims[15].verdict == "undecided"
    assert "no timing runs" in claims[15].because
    assert claims[14].because == "computation time: `cnn` below the others: no timing runs"


def test_the_published_page_is_what_the_published_runs_say():
    assert (PUBLISHED / "claims.md").read_text() == claims_page(
        evaluate_claims(load_published(PUBLISHED), load_times(PUBLISHED))
    )


def test_publishing_writes_the_page(tmp_path, monkeypatch):
    monkeypatch.setattr(publishing, "_publish_comparison", lambda results, folder: None)
    monkeypatch.setattr(publishing, "write_archive", lambda path, runs: None)
    if (PUBLISHED / TIMES).exists():
        shutil.copy(PUBLISHED / TIMES, tmp_path)
    publishing.publish(load_published(PUBLISHED), tmp_path)
    assert (tmp_path / "claims.md").read_text() == (PUBLISHED / "claims.md").read_text()
    assert (tmp_path / "README.md").read_text() == (PUBLISHED / "README.md").read_text()
