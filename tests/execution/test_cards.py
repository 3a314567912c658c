"""Graphics cards, on a machine that has none: the lists of devices are made up."""

from pathlib import Path
from typing import Any

import pytest
from workloads import Work, visible_card

from fashion_keras._tensorflow import import_tensorflow
from fashion_keras.errors import ConfigError
from fashion_keras.execution import LocalEngine
from fashion_keras.execution.spawning import list_cards
from fashion_keras.training.run import use_device

tf = import_tensorflow()


def fake_cards(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [f"{kind}:{n}" for n in range(number)])


def cards_of(engine: LocalEngine, *tasks: Work) -> list[Any]:
    with engine:
        return [outcome.value for _, outcome in engine.run(visible_card, tasks)]


@pytest.mark.parametrize(
    ("number", "given", "found"), [(0, "", ()), (2, "", ("0", "1")), (2, "3, GPU-1a", ("3", "GPU-1a"))]
)
def test_cards_are_those_that_tensorflow_sees_by_the_names_that_the_user_gave(
    number: int, given: str, found: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_cards(monkeypatch, number)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", given)
    assert list_cards() == found


def test_each_worker_of_runs_on_cards_sees_one_and_takes_memory_as_it_needs_it(tmp_path: Path) -> None:
    tasks = [Work(name, tmp_path, device="gpu", awaits=tuple("abc")) for name in "abc"]  # all three at a time
    seen = cards_of(LocalEngine(3, cards=("4", "7")), *tasks)
    assert sorted(seen) == [("4", "true"), ("4", "true"), ("7", "true")]


def test_a_worker_of_other_runs_sees_no_card(tmp_path: Path) -> None:
    assert cards_of(LocalEngine(1, cards=("0",)), Work("a", tmp_path)) == [("-1", None)]


def test_a_run_on_a_card_is_refused_where_no_card_was_asked_for(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="say --device gpu"):
        cards_of(LocalEngine(1), Work("a", tmp_path, device="gpu"))


def test_a_process_without_a_card_does_no_run_for_one_and_hides_its_cards_from_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hidden = []
    monkeypatch.setattr(tf.config, "set_visible_devices", lambda *given: hidden.append(given))
    fake_cards(monkeypatch, 0)
    with pytest.raises(ConfigError, match="sees none"):
        use_device("gpu")
    use_device("cpu")
    assert not hidden
    fake_cards(monkeypatch, 1)
    use_device("gpu")
    assert not hidden
    use_device("cpu")
    assert hidden == [([], "GPU")]
