"""Effects of factors: contrasts by hand, their error, and what a grid declares."""

import numpy as np
import pytest

from fashion_keras.errors import ConfigError
from fashion_keras.experiments import Experiment
from fashion_keras.statistics import Design, Verdict, find_effects

FACTORS = {"optimizer": ("sgd", "adam"), "width": ("small", "middle", "large")}


def test_effects_are_the_contrasts_that_one_computes_by_hand() -> None:
    rows = np.arange(6.0)[:, None] ** 2 + np.zeros(5)  # 0 1 4 for sgd, 9 16 25 for adam
    effects = find_effects({str(arm): row for arm, row in enumerate(rows)}, FACTORS, Design.fixed(5))
    found = {tuple(each.levels.values()): float(each.comparison.mean_difference) for each in effects}
    assert found == pytest.approx(
        {
            ("adam",): (9 + 15 + 21) / 3,
            ("middle",): (1 + 7) / 2,
            ("large",): (4 + 16) / 2,
            ("adam", "middle"): 7 - 1,
            ("adam", "large"): 16 - 4,
        }
    )


def test_effects_without_any_are_called_different_in_at_most_one_table_of_twenty() -> None:
    generator = np.random.default_rng(0)
    tables = [generator.normal(size=(6, 10)) for _ in range(200)]
    wrong = sum(
        any(
            each.comparison.verdict.is_difference
            for each in find_effects(dict(zip("abcdef", table, strict=True)), FACTORS, Design.fixed(10))
        )
        for table in tables
    )
    assert wrong / len(tables) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / len(tables))


def test_an_interaction_is_told_from_two_effects_that_add_up() -> None:
    generator = np.random.default_rng(1)
    factors = {"a": ("0", "1"), "b": ("0", "1")}
    added = {
        name: mean + 0.001 * generator.normal(size=10)
        for name, mean in zip("wxyz", (0.8, 0.82, 0.83, 0.85), strict=True)
    }
    together = added | {"z": added["z"] + 0.02}
    verdicts = [find_effects(values, factors, Design.fixed(10))[-1].comparison.verdict for values in (added, together)]
    assert not verdicts[0].is_difference
    assert verdicts[1] is Verdict.BETTER


def test_effects_of_a_wrong_number_of_arms_are_refused() -> None:
    with pytest.raises(ValueError, match="6 arms, got 2"):
        find_effects({"a": [1.0], "b": [1.0]}, FACTORS, Design.fixed(5))


def test_a_grid_has_an_arm_for_every_combination_the_last_factor_fastest() -> None:
    grid = Experiment.grid(
        "g",
        "A grid",
        initializer=["he_uniform", "xavier_normal"],
        factors={"norm": {"plain": {}, "normed": {"batch_norm": True}}},
    )
    assert [arm.name for arm in grid.arms] == [
        "plain+he_uniform",
        "plain+xavier_normal",
        "normed+he_uniform",
        "normed+xavier_normal",
    ]
    assert grid.arms[3].changes == {"batch_norm": True, "initializer": "xavier_normal"}
    assert grid.baseline == "plain+he_uniform"
    assert grid.factors == {"norm": ("plain", "normed"), "initializer": ("he_uniform", "xavier_normal")}


@pytest.mark.parametrize(
    "settings", [{}, {"optimizer": ["sgd", "adam"]}, {"optimizer": ["sgd", "adam"], "momentum": [0.9]}]
)
def test_a_grid_of_one_factor_or_one_level_is_refused(settings: dict[str, list[str]]) -> None:
    with pytest.raises(ConfigError, match="two factors of at least two levels"):
        Experiment.grid("g", "A grid", **settings)


def test_levels_given_as_one_word_are_refused() -> None:
    with pytest.raises(ConfigError, match="must be a list"):
        Experiment.grid("g", "A grid", optimizer="adam", learning_rate=[0.1, 0.2])
