"""`--device`, with a made-up list of cards."""

from typing import Any

import pytest

from fashion_keras.config.run_config import RunConfig
from fashion_keras.errors import ConfigError
from fashion_keras.workflows import session as sessions
from fashion_keras.workflows.job import RunOptions, find_overrides
from fashion_keras.workflows.plan import Plan, describe_plan
from fashion_keras.workflows.session import ExecutionOptions, Session


@pytest.fixture
def have(monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda *cards: monkeypatch.setattr(sessions, "find_cards", lambda: cards)


def session_of(**options: Any) -> Session:
    return Session(execution=ExecutionOptions(**options))


def test_every_card_gets_its_runs_and_the_plan_says_so(have: Any) -> None:
    have("0", "1")
    engine = session_of(device="gpu", runs_per_gpu=3).engine
    assert (engine.workers, engine.cards) == (6, ("0", "1"))
    assert describe_plan(Plan((), ()), engine).endswith("6 at a time on 2 cards")


@pytest.mark.parametrize(
    ("asked", "cards", "device"), [("auto", (), "cpu"), ("auto", ("0",), "gpu"), ("gpu", ("0",), "gpu")]
)
def test_every_arm_has_the_device_that_was_found(asked: str, cards: tuple[str, ...], device: str, have: Any) -> None:
    have(*cards)
    session = session_of(device=asked)
    vars(session)["dataset"] = sessions._CUSTOM_DATASET
    assert session.device == device
    assert find_overrides([], RunOptions(), session).get("device", RunConfig.device) == device


def test_cards_are_not_looked_for_unless_they_were_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "find_cards", lambda: pytest.fail("TensorFlow was imported"))
    assert session_of().device == "cpu"


def test_no_card_is_one_line_with_a_remedy(have: Any) -> None:
    have()
    with pytest.raises(ConfigError, match=r"--device gpu needs a card .* sees none here: --device auto"):
        _ = session_of(device="gpu").engine


@pytest.mark.parametrize(
    "options",
    [
        {"runs_per_gpu": 2},
        {"device": "gpu", "workers": 2},
        {"device": "auto", "precision": "auto"},
        {"device": "gpu", "engine": "ray"},
    ],
)
def test_options_that_do_not_go_with_the_device_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"goes with|measures the processor"):
        ExecutionOptions(**options)
