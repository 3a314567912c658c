"""The pure parts of the benchmark of speed: how much work an epoch is, and what measurements come to."""

import pytest

from benchmarks.speed.measure import Settings
from benchmarks.speed.summary import Results, machine_seconds, rate, startup_share
from benchmarks.speed.systems import SYSTEMS, Cell, plan_cells, rotate
from benchmarks.speed.table import markdown, render, show
from benchmarks.speed.targets import Target
from benchmarks.speed.work import LAYERS, Convolution, Dense, Work, batch_bounds, epoch_flops
from fashion_keras.data import Dataset

OURS, JAX = (Cell("fcn", name, "float32", "packed") for name in ("ours", "jax"))
SHARES = {"limit": 1.0, "fcn": 1.0, "cnn": 0.5}


def process(*epoch_seconds: float, train: float = 1.0) -> dict:
    return {
        "epoch_seconds": list(epoch_seconds),
        "train_seconds": [train] * len(epoch_seconds),
        "test_accuracy": 0.85,
        "startup": {"import": 6.0, "data": 6.0, "build": 1.0, "first_epoch": 3.0},
        "versions": {"numpy": "2"},
    }


def measurement(
    system: str, *processes: dict, model: str = "fcn", precision: str = "float32", mode: str = "packed", number: int = 0
) -> dict:
    cell = {"model": model, "system": system, "precision": precision, "mode": mode}
    when = {"round": number, "started": "2026-01-02T03:04:05", "busy_before": 0.0, "code": "abc"}
    return {**cell, **when, "processes": list(processes)}


def test_flops_of_two_small_layers_are_those_counted_by_hand() -> None:
    layers = (Dense(3, 2), Dense(2, 5))
    # Output and weights' gradient of both layers, the inputs' gradient of the second; two operations a product.
    assert epoch_flops(layers, num_examples=1) == 2 * (6 + 6 + 10 + 10 + 10)


def test_flops_of_a_convolution_count_each_output_pixel() -> None:
    assert Convolution(side=4, channels=3, filters=2, kernel_size=5).products == 4 * 4 * 2 * 3 * 25


def test_flops_of_the_reports_networks() -> None:
    assert epoch_flops(LAYERS["fcn"]) == 54_000 * 1_312_800  # 70.9 GFLOP
    assert epoch_flops(LAYERS["cnn"]) == pytest.approx(3.658e12, rel=1e-4)


def test_last_batch_is_smaller() -> None:
    bounds = batch_bounds(1100)
    assert bounds == [(0, 512), (512, 1024), (1024, 1100)]


def test_packed_seconds_are_those_of_the_slowest_process_by_all_epochs() -> None:
    assert machine_seconds(measurement("ours", process(1.0, 1.0), process(1.5, 2.5))) == 1.0


def test_rate_adds_up_the_processes() -> None:
    item = measurement("ours", process(3.0, train=2.0), process(3.0, train=1.0))
    assert rate(item, flops=10.0) == 15.0


def test_seconds_are_scaled_from_the_measured_share_of_the_data() -> None:
    results = Results.of([measurement("ours", process(3.0), model="cnn")], SHARES)
    assert results.seconds(Cell("cnn", "ours", "float32", "packed")).median == 6.0


def test_speedup_pairs_the_rounds() -> None:
    # The second round ran on a machine of half the speed: that touches no ratio.
    items = [measurement("ours", process(seconds), number=number) for number, seconds in enumerate((1.0, 2.0))]
    items += [measurement("jax", process(seconds), number=number) for number, seconds in enumerate((2.0, 4.0, 9.0))]
    assert Results.of(items, SHARES).speedup(OURS, JAX) == (2.0, 2.0, 2.0, 2)


def test_best_peer_is_never_ours_and_of_the_asked_mode() -> None:
    items = [
        measurement("ours", process(1.0)),
        measurement("jax", process(3.0)),
        measurement("keras", process(2.0)),
        measurement("pytorch", process(0.5), mode="user"),
    ]
    results = Results.of(items, SHARES)
    assert results.best_peer("fcn", "float32", "packed").system == "keras"
    assert results.best_peer("fcn", "bfloat16", "packed") is None


def test_share_of_the_limit_compares_rates_of_the_same_round() -> None:
    seconds = epoch_flops(LAYERS["fcn"]) / 1e11
    limit_seconds = 6 * 2 * 2048**3 / 2e11
    limit = measurement("limit", process(1.0, train=limit_seconds), model="limit")
    items = [measurement("ours", process(9.0, train=seconds)), limit]
    assert Results.of(items, SHARES).share_of_limit(OURS).median == pytest.approx(0.5)


def test_startup_shares_import_and_data_among_a_workers_runs() -> None:
    # (6 + 6) / 12 + 1 + (3 - 1) seconds beside 50 epochs of one.
    assert startup_share(measurement("ours", process(1.0, 1.0)), runs=12) == pytest.approx(4 / 50)


def test_target_at_most_is_missed_above_its_bound() -> None:
    results = Results.of([measurement("ours", process(1.0))], SHARES)
    value = results.seconds(OURS)
    assert Target("", lambda _: value, 1.5, at_most=True).is_reached(value)
    assert not Target("", lambda _: value, 0.5, at_most=True).is_reached(value)
    assert not Target("", lambda _: value, 1.5).is_reached(value)


def test_plan_has_each_cell_once_and_a_round_starts_further_on() -> None:
    cells = plan_cells(("fcn", "cnn"), tuple(SYSTEMS), ("user", "packed"))
    assert len(cells) == len(set(cells))
    assert Cell("cnn", "loader0", "float32", "user") not in cells
    starts = [rotate(cells, number, 5)[0] for number in range(5)]
    assert len(set(starts)) == 5
    assert set(rotate(cells, 3, 5)) == set(cells)


def test_page_shows_ratios_verdicts_failures_and_a_busy_machine() -> None:
    items = [measurement("ours", process(1.0)), measurement("keras", process(1.2), mode="user")]
    record = {"machine": "a machine", "settings": {"epochs": Settings().epochs, "shares": SHARES}}
    page = render({**record, "measurements": items, "failures": ["round 1: jax"]})
    assert "| FCN, float32: plain `fit` as users run it | at least 1.30 | 1.20 | **missed** |" in page
    assert "- round 1: jax" in page
    assert "NOISY" not in page
    assert "NOISY" in render({**record, "measurements": [{**items[0], "busy_before": 0.5}]})


def test_range_is_shown_where_there_are_several_rounds() -> None:
    items = [measurement("ours", process(seconds), number=number) for number, seconds in enumerate((1, 2, 4))]
    assert show(Results.of(items, SHARES).seconds(OURS)) == "2 (1 to 4)"
    assert show(None) == ""


def test_markdown_table() -> None:
    assert markdown(("a", "b"), [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |\n"


def test_the_parts_of_a_profile_can_be_measured(sample_dataset: Dataset) -> None:
    from benchmarks.speed import profile

    images, labels = sample_dataset.train_images[..., None], sample_dataset.train_labels
    work = Work("fcn", "float32", 1, 1.0, 1, 0, "")
    for part in (profile._pipeline(images, labels, 2), profile._products(work, 2), profile._update(work, 2)):
        part()
