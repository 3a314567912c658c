from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from conftest import make_arm, make_results, make_run
from html_pages import seeded_comparison
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from numpy.typing import ArrayLike
from PIL import Image

from fashion_keras.reporting.curves import Curve, arm_curves, axis_limits, find_outliers
from fashion_keras.reporting.differences import build_differences, compare_with_baseline
from fashion_keras.reporting.figures import draw_arms_apart, draw_arms_overlaid, write_figures
from fashion_keras.reporting.findings import figure
from fashion_keras.reporting.forest_figure import draw_forest
from fashion_keras.reporting.panels import arm_style
from fashion_keras.reporting.report import Report
from fashion_keras.storage.comparison import ArmResults, ComparisonResults

TwoArms = Callable[..., ComparisonResults]


def falling_arm(name: str, end: float, epochs: int = 50, num_seeds: int = 3) -> ArmResults:
    """Losses falling to `end`, accuracies rising to 1 - end / 3, seeds 0.01 apart."""
    fall = np.exp(-np.arange(epochs) / 5)
    runs = []
    for seed in range(num_seeds):
        loss = (end + 2 * fall + 0.01 * seed).tolist()
        accuracy = (1 - end / 3 - 0.3 * fall - 0.01 * seed).tolist()
        runs.append(
            make_run(
                seed,
                **{f"{part}_loss": loss for part in ("train", "val", "test")},
                **{f"{part}_accuracy": accuracy for part in ("train", "val", "test")},
            )
        )
    return make_arm(name, runs)


def single(values: ArrayLike) -> Curve:
    """The curve of one run."""
    return Curve.of(np.asarray(values, dtype=np.float64)[None])


def draw_all(results: ComparisonResults, folder: Path) -> list[Path]:
    return write_figures(Report(results).draw, folder)


def legend_texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def note_of(figure: Figure) -> str:
    return figure.get_supxlabel().replace("\n", " ")


def test_a_curve_is_mean_and_band_over_the_runs_that_are_alive() -> None:
    curve = Curve.of(np.array([[1.0, 2.0, np.nan], [3.0, np.nan, np.nan]]))
    np.testing.assert_allclose(curve.mean, [2.0, 2.0, np.nan])
    np.testing.assert_allclose(curve.low, [1.32, 2.0, np.nan])
    np.testing.assert_allclose(curve.high, [2.68, 2.0, np.nan])
    assert curve.epochs.tolist() == [1, 2, 3]


def test_curves_of_accuracy_are_percent_and_what_was_not_evaluated_is_left_out() -> None:
    run = make_run(train_accuracy=[0.5], val_accuracy=[0.25], test_accuracy=[None])
    curves = arm_curves(make_arm("a", [run]), "accuracy")
    assert {part: curve.mean.tolist() for part, curve in curves.items()} == {"train": [50.0], "val": [25.0]}


@pytest.mark.parametrize(
    ("measure", "levels", "far"),
    [
        ("loss", [0.35, 0.30, 2.30, np.nan], [False, False, True, True]),
        ("accuracy", [86.0, 93.0, 10.0], [False, False, True]),
        # Far begins at 2.5 times the best and a margin: 2.5 * 0.3 + 0.1 nats, 2.5 * 10 + 5 points of errors.
        ("loss", [0.3, 0.849, 0.851], [False, False, True]),
        ("accuracy", [90.0, 70.1, 69.9], [False, False, True]),
        ("loss", [2.30, 2.31], [False, False]),
        ("accuracy", [99.9, 99.0], [False, False]),
        ("loss", [np.nan], [False]),
    ],
)
def test_an_arm_is_far_that_would_flatten_the_others(measure: str, levels: list[float], far: list[bool]) -> None:
    assert find_outliers(np.array(levels), measure).tolist() == far


def test_an_arm_that_collapses_does_not_paint_the_panel() -> None:
    far = draw_arms_overlaid([falling_arm("good", 0.3), falling_arm("bad", 2.5)], "Two")
    assert all(len(axis.collections) == 1 for axis in far.axes)
    one_of_ten = Curve.of(np.array([[88.0, 88.0]] * 9 + [[88.0, 10.0]]))
    assert one_of_ten.low.tolist() == [88.0, 88.0]
    assert axis_limits([one_of_ten], "accuracy")[0] > 70


def test_an_arm_that_swings_is_far_even_if_it_ends_well() -> None:
    swinging = single([0.3, 2.0] * 10 + [0.3])
    falling = single(np.linspace(2.0, 0.4, 21))
    assert swinging.late_level("loss") == 2.0
    assert falling.late_level("loss") < 1.2
    assert single(100 - 40 * swinging.mean).late_level("accuracy") == 20.0
    assert np.isnan(single([np.nan]).late_level("loss"))


def test_limits_leave_out_the_first_epochs_and_single_spikes() -> None:
    values = np.full(50, 0.4)
    values[0], values[30] = 9.0, 5.0
    _, high = axis_limits([single(values)], "loss")
    assert high < 0.5


def test_limits_show_short_curves_whole_and_nothing_impossible() -> None:
    curve = single(np.linspace(2.0, 0.01, 10))
    low, high = axis_limits([curve], "loss")
    assert low == 0.0
    assert high > 2.0
    assert axis_limits([Curve.of(np.array([[90.0], [100.0], [100.0]]))], "accuracy")[1] == 100.0


def test_one_bad_arm_does_not_flatten_the_others() -> None:
    arms = [falling_arm("good", 0.3), falling_arm("fair", 0.4), falling_arm("bad", 2.5)]
    figure = draw_arms_overlaid(arms, "Three arms")
    assert max(axis.get_ylim()[1] for axis in figure.axes[:3]) < 1.6
    assert legend_texts(figure) == ["good", "fair", "bad (off the scale)"]
    assert "Off the scale" in note_of(figure)


def test_a_bad_arm_has_an_axis_of_its_own_in_its_panel() -> None:
    figure = draw_arms_apart([falling_arm("good", 0.3), falling_arm("bad", 2.5)], "Two arms")
    good, bad = figure.axes[:2]
    assert [axis.get_title() for axis in (good, bad)] == ["good", "bad\n(axis of its own)"]
    assert bad.get_ylim()[0] < 2.5 < bad.get_ylim()[1]
    assert good.get_ylim()[1] < 2.5


@pytest.mark.parametrize("num_arms", [1, 2, 3, 4, 5, 6, 7, 9])
def test_every_arm_has_its_panels(num_arms: int) -> None:
    arms = [falling_arm(f"arm {number}", 0.3, epochs=2) for number in range(num_arms)]
    figure = draw_arms_apart(arms, "Arms")
    shown = [axis for axis in figure.axes if axis.get_visible()]
    assert len(shown) == 2 * num_arms
    assert all(len(axis.lines) == 3 for axis in shown)
    assert [axis.get_title() for axis in shown if axis.get_title()] == [arm.name for arm in arms]


def test_axes_are_labelled_with_units() -> None:
    for draw in (draw_arms_apart, draw_arms_overlaid):
        axes = draw([falling_arm("a", 0.3), falling_arm("b", 0.3)], "Two").axes
        assert {axis.get_ylabel() for axis in axes} - {""} == {"loss (nats)", "accuracy (%)"}
        assert {axis.get_xlabel() for axis in axes} - {""} == {"epoch"}


def test_the_figure_says_what_bands_are_and_one_seed_has_none() -> None:
    several = draw_arms_overlaid([falling_arm("a", 0.3), falling_arm("b", 0.3, num_seeds=2)], "Two")
    one = draw_arms_overlaid([falling_arm("a", 0.3, num_seeds=1)], "One")
    assert "mean over 2 to 3 runs, one a seed; bands: the middle two thirds" in note_of(several)
    assert "no spread" in note_of(one)
    assert any(isinstance(item, PolyCollection) for item in several.axes[0].collections)
    assert not one.axes[0].collections


def test_cut_axes_are_said_where_they_are_cut() -> None:
    assert "first epochs" in note_of(draw_arms_overlaid([falling_arm("a", 0.3, epochs=11)], "One"))
    assert "first epochs" not in note_of(draw_arms_overlaid([falling_arm("a", 0.3, epochs=10)], "One"))


def test_one_epoch_is_drawn_as_points_beside_each_other() -> None:
    figure = draw_arms_overlaid([falling_arm("a", 0.3, epochs=1), falling_arm("b", 0.4, epochs=1)], "Two")
    first, second = figure.axes[0].lines
    assert first.get_marker() != second.get_marker()
    assert 0.5 < first.get_xdata()[0] < second.get_xdata()[0] < 1.5  # type: ignore[index,arg-type,operator]


def test_arms_of_different_length_end_where_they_end() -> None:
    figure = draw_arms_overlaid([falling_arm("fcn", 0.3, epochs=50), falling_arm("cnn", 0.2, epochs=10)], "Two")
    assert [len(line.get_xdata()) for line in figure.axes[0].lines] == [50, 10]  # type: ignore[arg-type]
    assert figure.axes[0].get_xlim()[1] > 50


def test_seven_arms_differ_in_colour_line_and_marker() -> None:
    styles = [arm_style(number) for number in range(7)]
    for key in ("color", "linestyle", "marker"):
        assert len({style[key] for style in styles}) == 7


def test_equal_results_give_equal_files(two_arms: TwoArms, tmp_path: Path) -> None:
    first, second = (draw_all(two_arms(), tmp_path / name) for name in ("first", "second"))
    assert [path.name for path in first] == [
        "curves_by_arm.png", "curves_by_arm.svg", "curves_overlaid.png", "curves_overlaid.svg", "forest.png",
        "forest.svg",
    ]  # fmt: skip
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_settings_of_the_user_change_nothing_and_are_left_alone(two_arms: TwoArms, tmp_path: Path) -> None:
    plain = draw_all(two_arms(), tmp_path / "plain")
    with matplotlib.rc_context({"lines.linewidth": 9.0, "axes.facecolor": "red"}):
        changed = draw_all(two_arms(), tmp_path / "changed")
        assert matplotlib.rcParams["lines.linewidth"] == 9.0
    assert [path.read_bytes() for path in plain] == [path.read_bytes() for path in changed]


def test_pictures_are_whole_and_fit_for_print_and_web(tmp_path: Path) -> None:
    arms = [falling_arm(f"some_arm_of_a_long_name_{number}", 0.3) for number in range(7)]
    for path in draw_all(make_results(*arms), tmp_path):
        if path.suffix == ".png":
            with Image.open(path) as picture:
                assert picture.width >= 1400
                assert round(picture.info["dpi"][0]) == 200
        else:
            assert path.stat().st_size < 300_000
            assert path.read_bytes().rstrip().endswith(b"</svg>")


@pytest.mark.filterwarnings("error")
def test_anything_that_a_name_or_a_run_can_be_is_drawn(awkward_name: str, tmp_path: Path) -> None:
    lost = make_run(0, status="diverged", **{f"{part}_loss": [None] for part in ("train", "val", "test")})
    half_lost = make_run(1, status="diverged", val_loss=[0.5, None], train_loss=[0.5, None], test_loss=[0.5, None])
    arms = [make_arm(awkward_name, [lost]), make_arm("$x_{$", [lost, half_lost]), make_arm("none", [])]
    assert len(draw_all(make_results(*arms, title=awkward_name), tmp_path)) == 4
    figure = draw_arms_apart(arms[:2], "Lost")
    assert figure.axes[0].texts[0].get_text() == "no values"
    assert "diverged counts up to there" in note_of(figure)
    assert draw_all(make_results(make_arm("none", [])), tmp_path) == []


def test_a_forest_plot_has_a_row_an_arm_with_its_verdict_in_words() -> None:
    sure, open_arm = (seeded_comparison(arm=name, num_seeds=seeds) for name, seeds in (("sure", 8), ("open", 3)))
    comparisons = (*compare_with_baseline(sure), *compare_with_baseline(open_arm))
    differences = build_differences(sure)
    assert differences is not None
    report = Report(sure)
    vars(report)["differences"] = replace(differences, comparisons=comparisons)
    axis = draw_forest(report.forest, sure).axes[0]
    assert [label.get_text() for label in axis.get_yticklabels()] == ["sure", "open"]
    words = [text.get_text() for text in axis.texts]
    assert words == ["better", figure(comparisons[0]), "undecided", figure(comparisons[1])]
    dots = [line for line in axis.lines if line.get_marker() == "o"]
    assert dots[0].get_markerfacecolor() == dots[0].get_color()
    assert dots[1].get_markerfacecolor() == "#ffffff"


def test_a_forest_plot_is_drawn_for_the_web_and_for_print(tmp_path: Path, awkward_name: str) -> None:
    results = seeded_comparison(arm=awkward_name, title=awkward_name)
    paths = draw_all(results, tmp_path)
    assert [path.name for path in paths[-2:]] == ["forest.png", "forest.svg"]
    with Image.open(paths[-2]) as picture:
        assert picture.width == 1600


def test_what_no_run_tells_of_has_no_panel() -> None:
    none = {f"{part}_loss": [None, None] for part in ("train", "val", "test")}
    arms = [make_arm(name, [make_run(test_accuracy=[0.5, 0.6], train_accuracy=[None, None], **none)]) for name in "ab"]
    assert [axis.get_title() for axis in draw_arms_overlaid(arms, "Two").axes] == [
        "validation accuracy",
        "test accuracy",
    ]
    assert len(draw_arms_apart(arms, "Two").axes) == 2
