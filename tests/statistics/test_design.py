"""Designs: which looks, and how strictly each judges."""

import numpy as np
import pytest
from scipy import special

from fashion_keras.statistics import TEN_SEEDS, Design
from fashion_keras.statistics.looks import nominal_levels


def test_the_looks_up_to_any_number_of_seeds():
    assert Design.up_to(10) == TEN_SEEDS
    assert Design.up_to(10).looks == (5, 6, 8, 10)
    assert Design.up_to(45).looks == (5, 6, 8, 10, 14, 20, 28, 40, 45)
    assert Design.up_to(10, looks=(6,)).looks == (6, 10)
    assert Design.up_to(5).looks == Design.fixed(5).looks == (5,)


def test_under_five_seeds_there_is_no_look():
    assert Design.up_to(4).looks == Design.fixed(1).looks == ()
    assert Design.up_to(4).nominal_levels(3).shape == (3, 0)


def test_one_look_has_the_whole_level():
    assert Design.fixed(10).nominal_levels(4) == pytest.approx(0.05 / np.array([[4], [3], [2], [1]]), rel=1e-3)


def test_normal_noise_crosses_as_often_as_is_spent():
    looks, spent = (5, 6, 9), (0.02, 0.05, 0.10)
    (levels,) = nominal_levels(looks, (spent,))
    noise = np.random.default_rng(0).standard_normal((200_000, 9))
    crossed = np.zeros(len(noise), dtype=bool)
    for look, level, chance in zip(looks, levels, spent, strict=True):
        t = noise[:, :look].mean(1) / noise[:, :look].std(1, ddof=1) * np.sqrt(look)
        crossed |= np.abs(t) > -special.stdtrit(look - 1, level / 2)
        assert crossed.mean() == pytest.approx(chance, abs=0.002)


def test_a_finer_grid_changes_no_level(monkeypatch):
    looks, spent = (5, 10, 20, 40), ((0.001, 0.002, 0.004, 0.01),)
    coarse = nominal_levels(looks, spent)
    nominal_levels.cache_clear()
    monkeypatch.setattr("fashion_keras.statistics.looks.NUM_CELLS", 1_200)
    assert nominal_levels(looks, spent) == pytest.approx(coarse, rel=0.01)
    nominal_levels.cache_clear()


def test_going_on_adds_an_eighth_of_the_level_then_a_sixteenth():
    once, twice = TEN_SEEDS.extend(20), TEN_SEEDS.extend(20).extend(40)
    assert once.looks == TEN_SEEDS.extend(20, (14, 20)).looks == (5, 6, 8, 10, 14, 20)
    assert (TEN_SEEDS.spent(10), once.spent(10), once.spent(20), twice.spent(40)) == (1.0, 1.0, 1.125, 1.1875)
    assert twice.total_level == pytest.approx(0.05 * 1.1875)
    assert twice.nominal_levels(3)[:, :4] == pytest.approx(TEN_SEEDS.nominal_levels(3))
    design = TEN_SEEDS
    for seeds in range(11, 40):
        design = design.extend(seeds)
    assert design.total_level <= 1.25 * 0.05


def test_going_on_to_fewer_seeds_changes_nothing_and_from_too_few_spends_nothing():
    assert Design.fixed(20).extend(10) == Design.fixed(20)
    assert Design.up_to(3).extend(10) == TEN_SEEDS


@pytest.mark.parametrize("design", [TEN_SEEDS, Design.fixed(10), TEN_SEEDS.extend(20), Design.fixed(10).extend(20)])
def test_a_design_is_read_as_it_was_written(design):
    assert Design.from_json(design.to_json()) == design


def test_a_design_from_before_futility_is_read_as_it_was_meant():
    content = {"num_seeds": 10, "looks": [5, 10], "level": 0.05, "margin": 0.002, "finished": []}
    design = Design.from_json(content)
    assert (design.spent(5), design.futility) == (0.25, 0.0)
    once = content | {"looks": [10]}
    assert Design.from_json(once).to_json() == once | {"looks": (10,), "finished": ()}


def test_own_looks_go_on_too():
    assert Design.fixed(10).extend(20, looks=(5, 15)).looks == (10, 15, 20)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_seeds": 0, "looks": ()}, "num_seeds must be at least 1"),
        ({"looks": (4, 10)}, "looks must ascend from 5"),
        ({"looks": (8, 6, 10)}, "looks must ascend"),
        ({"looks": (5, 6)}, "last look must be at all 10"),
        ({"num_seeds": 3, "looks": (5,)}, "no more than the 3 seeds"),
        ({"num_seeds": 5, "looks": (9, 5)}, "no more than the 5 seeds"),
        ({"level": 0.0}, "level must be between"),
        ({"margin": 0.0}, "margin must be above 0"),
    ],
)
def test_what_is_no_design_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Design(**options)
