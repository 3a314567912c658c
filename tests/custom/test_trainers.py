"""A custom trainer, a user's function in any framework: from its options to a verdict, and what it may return."""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from fashion_keras import cli
from fashion_keras.config.cost import cost_key, relative_cost
from fashion_keras.config.run_config import RunConfig
from fashion_keras.errors import ConfigError, ExportError
from fashion_keras.execution import LocalEngine
from fashion_keras.execution.tasks import RunTask, execute_run
from fashion_keras.experiments.definition import BASE, Arm, Experiment
from fashion_keras.export import export_run
from fashion_keras.storage.runs import RunStore
from fashion_keras.training.custom import train_custom, try_trainer
from fashion_keras.workflows.job import RunOptions
from fashion_keras.workflows.run import compare
from fashion_keras.workflows.session import ExecutionOptions, Session

TRAINER = "own_training:train"
CONSTANT = "def train(seed, *, width=128, rate=0.1, title='relu', flip=False):\n    return {'test_accuracy': 0.5}\n"
SKLEARN = """
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier


def train(seed, *, learning_rate=0.01, epochs=2):
    x, y = load_digits(return_X_y=True)
    x = x / 16
    model = SGDClassifier(learning_rate="constant", eta0=learning_rate, random_state=seed)
    history = []
    for _ in range(epochs):
        model.partial_fit(x[:1200], y[:1200], classes=range(10))
        history.append({"val_accuracy": model.score(x[1200:1400], y[1200:1400])})
    return {"correct": model.predict(x[1400:]) == y[1400:], "history": history}
"""


@pytest.fixture
def trained(write):
    """Train by a function with this text and options; only what comes after its first line differs."""

    def trained(text, seed=0, evaluate_test="each_epoch", **options):
        write("own_training.py", text)
        config = BASE.with_changes(trainer=TRAINER, seed=seed, evaluate_test=evaluate_test, **options)
        return train_custom(config)

    return trained


def returning(value):
    return f"import numpy as np\ndef train(seed, width=1):\n    return {value}\n"


def run_command(*arguments):
    return subprocess.run([sys.executable, "-m", "fashion_keras", *arguments], capture_output=True, text=True)


def test_a_trainer_is_read_and_not_run_and_its_options_are_checked(write):
    write("own_training.py", "raise SystemExit\n" + CONSTANT)
    config = BASE.with_changes(trainer=TRAINER, width=512)
    assert config.trainer.plain_options() == {"width": 512}
    assert config.label == "own_training_train-width=512"
    assert config.with_changes(seed=3, rate=1).trainer.plain_options() == {"width": 512, "rate": 1.0}
    assert RunConfig.from_json(config.to_json()) == config


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"widht": 3}, r"a setting is one of .*got 'widht' \(did you mean 'width'\?\)"),
        ({"width": "512"}, "width must be a number, as its default 128 is; got '512'"),
        ({"width": True}, "width must be a number"),
        ({"title": 3}, "title must be text"),
        ({"flip": 1}, "flip must be True or False"),
        ({"trainer": "own_training:trian"}, r"defines no function trian; .*did you mean 'train'"),
        ({"trainer": "nowhere:train"}, "there is no module nowhere"),
        ({"trainer": "own_training"}, "a custom function is module:function"),
        ({"batch_size": 3}, "got 'batch_size'"),
        ({"trainer": "own_training:none"}, "line 3: none must take seed, and then its options"),
        ({"trainer": "own_training:taken"}, "takes an option 'threads', which is a setting of the run"),
    ],
)
def test_a_mistake_is_one_line_before_anything_is_trained(write, changes, message):
    write("own_training.py", CONSTANT + "def none(): pass\ndef taken(seed, threads=1): pass\n")
    with pytest.raises(ConfigError, match=message) as raised:
        BASE.with_changes(**{"trainer": TRAINER, **changes})
    assert "\n" not in str(raised.value)


def test_settings_of_keras_and_a_trainer_do_not_meet(write):
    write("own_training.py", CONSTANT)
    with pytest.raises(ConfigError, match="epochs is a setting of Keras's runs"):
        RunConfig(trainer=TRAINER, epochs=3)
    with pytest.raises(ConfigError, match="a base or a trainer, not both"):
        Experiment("mine", "Mine", BASE.with_changes(epochs=3), (Arm("a"), Arm("b", width=2)), trainer=TRAINER)


def test_a_run_is_its_options_and_its_source_and_no_version_of_keras(write, monkeypatch):
    write("own_training.py", CONSTANT)
    config = BASE.with_changes(trainer=TRAINER)
    before = config.run_id
    monkeypatch.setattr("fashion_keras.config.identity._major_minor", lambda _: "99.0")
    assert RunConfig(trainer={"name": TRAINER, "width": 128}).run_id == before
    ids = {config.with_changes(**changes).run_id for changes in ({}, {"seed": 1}, {"width": 2}, {"threads": 2})}
    assert len(ids) == 4
    write("own_training.py", CONSTANT + "\n")
    assert RunConfig(trainer=TRAINER).run_id not in ids


def test_trainers_have_a_cost_for_the_plan(write):
    write("own_training.py", CONSTANT)
    config = BASE.with_changes(trainer=TRAINER)
    assert relative_cost(config) > 0
    assert cost_key(config) == cost_key(config.with_changes(seed=1)) != cost_key(config.with_changes(rate=0.5))


def test_the_share_of_correct_examples_is_the_accuracy(trained):
    result = trained(returning("{'correct': [True, False, 1, 0]}"))
    assert result.final["test_accuracy"] == 0.5
    assert result.correct.tolist() == [True, False, True, False]
    assert result.status == "finished"
    rounded = trained(returning("{'correct': [1, 0, 0], 'test_accuracy': np.float32(1 / 3)}"))
    assert rounded.final["test_accuracy"] == 1 / 3


def test_a_history_has_its_epochs_and_ends_with_what_is_returned(trained):
    rows = "[{'val_accuracy': 0.5, 'lr': 1}, {'val_accuracy': np.float32(0.75)}]"
    result = trained(returning(f"{{'history': {rows}, 'test_accuracy': 0.25}}"))
    assert result.history["val_accuracy"] == [0.5, 0.75]
    assert result.history["test_accuracy"] == [None, 0.25]
    assert result.history["lr"] == [1.0, None]
    assert (result.final["val_accuracy"], result.final["train_loss"]) == (0.75, None)


def test_no_finite_number_is_a_diverged_run(trained):
    result = trained(returning("{'test_accuracy': float('nan')}"))
    assert (result.status, result.final["test_accuracy"]) == ("diverged", None)
    told = "[{'val_loss': 1.0}, {'val_loss': float('nan')}]"
    assert trained(returning(f"{{'test_accuracy': 0.5, 'history': {told}}}")).status == "diverged"


def test_trials_know_nothing_of_the_test_set(trained):
    result = trained(
        returning("{'test_accuracy': 0.5, 'correct': [1, 0], 'val_accuracy': 0.25}"), evaluate_test="never"
    )
    assert (result.final["test_accuracy"], result.final["val_accuracy"], result.correct) == (None, 0.25, None)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("0.93", r"must return a mapping, such as \{'test_accuracy': 0.93\}; got 0.93"),
        ("None", "must return a mapping"),
        ("{}", r"must return what its runs are judged by, such as \{'test_accuracy': 0.93\}; it has none"),
        ("{'test_accuracy': 93.0}", "must return test_accuracy as a fraction from 0 to 1, got 93"),
        ("{'test_accuracy': '0.9'}", "must return a number as test_accuracy, got '0.9'"),
        ("{'test_accuracy': True}", "must return a number as test_accuracy, got True"),
        ("{'correct': [0.5, 1]}", "must return as `correct` True or False for each test example"),
        ("{'correct': []}", "must return as `correct`"),
        ("{'correct': [[1], [0, 1]]}", "must return as `correct`"),
        ("{'correct': [1, 0], 'test_accuracy': 0.9}", "returned a test_accuracy of 0.9, but 0.5 of `correct` is True"),
        ("{'test_accuracy': 0.9, 'history': {'loss': [1]}}", "must return as `history` a list of mappings"),
        ("{'test_accuracy': 0.9, 'history': [{'loss': [1]}]}", "must return a number as loss"),
        ("{3: 0.9}", "must return names that are text, got 3"),
    ],
)
def test_a_wrong_return_value_is_one_line(trained, value, message):
    with pytest.raises(ConfigError, match="^own_training:train " + message) as raised:
        trained(returning(value))
    assert "\n" not in str(raised.value)


def test_the_seed_arrives_and_other_generators_are_seeded_by_it(trained):
    text = returning("{'test_accuracy': np.random.rand(), 'seed': seed}")
    one, again, other = (trained(text, seed=seed).final for seed in (3, 3, 4))
    assert one == again
    assert one["seed"] == 3.0
    assert one["test_accuracy"] != other["test_accuracy"]


def test_a_run_has_the_threads_that_its_configuration_names(trained):
    text = (
        "import threadpoolctl, scipy.linalg\ndef train(seed):\n"
        "    threads = [library['num_threads'] for library in threadpoolctl.threadpool_info()]\n"
        "    return {'test_accuracy': 0, 'blas': max(threads)}\n"
    )
    assert trained(text).final["blas"] == 1
    assert trained(text, threads=2).final["blas"] == 2


def test_what_fails_is_one_line_and_its_output_and_traceback_are_kept(write, tmp_path):
    text = "def train(seed, width=1):\n    print('before the error')\n    return helper(width)\n"
    write("own_training.py", text + "def helper(width):\n    return 1 / (width - 1)\n")
    config = BASE.with_changes(trainer=TRAINER)
    ((_, outcome),) = LocalEngine(1).run(execute_run, [RunTask(config, tmp_path / "store", None)])
    assert outcome.status == "failed"
    assert outcome.message == "own_training:train failed: own_training.py, line 5: ZeroDivisionError: division by zero"
    text = Path(outcome.log).read_text()
    assert "before the error" in text
    assert "in helper" in text


def test_a_trainer_that_ends_the_program_fails_alone(write, tmp_path):
    write("own_training.py", "def train(seed):\n    raise SystemExit('bye')\n")
    outcome = execute_run(RunTask(BASE.with_changes(trainer=TRAINER), tmp_path / "store", None))
    assert outcome.status == "failed"
    assert outcome.message == "own_training:train failed: own_training.py, line 2: SystemExit: bye"


def test_a_trainer_s_run_has_no_model_to_export(write, tmp_path, sample_dataset):
    write("own_training.py", CONSTANT)
    config, store = BASE.with_changes(trainer=TRAINER), RunStore(tmp_path / "store")
    store.begin(config)
    run = store.commit(train_custom(config))
    with pytest.raises(ExportError, match="is of a custom trainer"):
        export_run(run, sample_dataset, tmp_path / "1")


def test_scikit_learn_from_a_file_to_verdicts_with_options_of_the_command(write, tmp_path):
    write("own_training.py", SKLEARN)
    arms = (Arm("small", learning_rate=1e-5), Arm("large"))
    experiment = Experiment("mine", "Mine", trainer=TRAINER, metric="test_accuracy", arms=arms)
    session = Session(execution=ExecutionOptions(workers=2), out=tmp_path / "runs", console=Console(quiet=True))
    outcome = compare(experiment, RunOptions(seeds=6, epochs=3), session)
    assert not outcome.failures
    (comparison,) = outcome.comparisons
    assert comparison.folder.name == "mine__epochs=3"
    assert (comparison.folder / "curves_overlaid.png").is_file()
    run = comparison.report.results.arms[1].runs[0]
    assert len(run.history["val_accuracy"]) == 3
    assert run.final["test_accuracy"] == np.mean(run.correct) > 0.8
    assert "sklearn" in run.result["environment"]
    table, differences = comparison.report.summary, comparison.report.differences
    assert [column.key for column in table.columns][:-1] == ["val_accuracy", "test_accuracy"]
    assert differences is not None
    assert comparison.report.all_comparisons[-1].verdict == "better"
    again = compare(experiment, RunOptions(seeds=6, epochs=3), session)
    assert again.comparisons[0].report.results.arms[1].runs[0].result["finished_at"] == run.result["finished_at"]


def test_a_trainer_without_tensorflow_or_history_has_neither_in_parent_and_worker_nor_curves(write, tmp_path):
    text = "import sys\ndef train(seed, x=0):\n    return {'test_accuracy': 'tensorflow' in sys.modules or 0.5}\n"
    write("own_training.py", text)
    write("a.py", file_of("x=1"))
    done = run_command("run", "a.py", "--seeds", "1", "--workers", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "50.00" in done.stdout
    files = {path.name for path in (tmp_path / "runs" / "mine").iterdir()}
    assert {"table.md", "runs.csv"} <= files
    assert not any(name.startswith("curves") for name in files)


def file_of(change):
    return (
        "from fashion_keras.experiments import Arm, Experiment\n"
        f"arms = Arm('a'), Arm('b', {change})\n"
        f"EXPERIMENT = Experiment('mine', 'Mine', trainer={TRAINER!r}, arms=arms)\n"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--quick"], "--quick goes with Keras's runs"),
        (["--dataset", "x"], "a custom trainer has its own data"),
        (["--precision", "float32"], "a custom trainer has its own data and precision"),
        (["--epochs", "3"], "--epochs does not go with mine: .*got 'epochs'"),
        (["cnn"], "mine has a custom trainer: run it apart"),
    ],
)
def test_options_of_keras_s_runs_are_refused(write, capsys, options, message):
    write("own_training.py", CONSTANT)
    write("a.py", file_of("width=2"))
    assert cli.main(["run", "a.py", *options]) == 2
    assert re.search(message, capsys.readouterr().err)


def test_a_dry_run_trains_nothing(write, capsys, tmp_path):
    write("own_training.py", "raise SystemExit\n" + CONSTANT)
    write("a.py", file_of("width=2"))
    assert cli.main(["run", "a.py", "--dry-run"]) == 0
    assert "20 to train" in capsys.readouterr().out
    assert not (tmp_path / "runs").exists()


def test_a_module_that_cannot_be_imported_stops_all_before_a_run(write, tmp_path, capsys):
    write("own_training.py", "import own_nothing\n" + CONSTANT)
    write("a.py", file_of("width=2"))
    assert cli.main(["run", "a.py", "--workers", "1"]) == 2
    assert "own_training.py, line 1: ModuleNotFoundError: No module named 'own_nothing'" in capsys.readouterr().err
    assert not (tmp_path / "runs" / "store" / "runs").exists()


def test_a_killed_comparison_goes_on_where_it_was(write, tmp_path):
    write(
        "own_training.py",
        "import time\ndef train(seed, x=0):\n    time.sleep(0.3)\n    return {'test_accuracy': 0.5}\n",
    )
    write("a.py", file_of("x=1"))
    command = [sys.executable, "-m", "fashion_keras", "run", "a.py", "--seeds", "4", "--workers", "1"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    store = tmp_path / "runs" / "store"
    deadline = time.monotonic() + 60
    while len(list(RunStore(store).all_runs())) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = {run.run_id: run.result["finished_at"] for run in RunStore(store).all_runs()}
    assert 2 <= len(kept) < 8
    done = run_command(*command[3:])
    assert done.returncode == 0, done.stdout + done.stderr
    runs = {run.run_id: run.result["finished_at"] for run in RunStore(store).all_runs()}
    assert len(runs) == 8
    assert kept.items() <= runs.items()


def test_shards_share_a_trainer_s_runs_and_tuning_selects_by_validation(write, tmp_path, capsys):
    text = "def train(seed, rate=0.1):\n    return {'test_accuracy': 1 - rate, 'val_accuracy': rate}\n"
    write("own_training.py", text)
    write("a.py", file_of("rate=0.2"))
    for shard in ("0/2", "1/2"):
        assert cli.main(["run", "a.py", "--seeds", "2", "--shard", shard, "--workers", "1"]) == 0
    assert len(list(RunStore(tmp_path / "runs" / "store").all_runs())) == 4
    assert cli.main(["status", "--shards", "2"]) == 0
    assert "nothing missing" in capsys.readouterr().out
    tune = ["--tune", "rate", "--budget", "2", "--range", "0.3,0.9"]
    write("b.py", file_of("trainer='own_other:train'").replace("'mine'", "'two'"))
    write("own_other.py", text)
    assert cli.main(["run", "b.py", "--seeds", "2", "--workers", "1", *tune]) == 0
    assert (tmp_path / "runs" / "two_tuned_rate" / "tuning.csv").is_file()


@pytest.fixture
def tune_regret(write):
    """Tune two arms that are judged by a regret, of which validation data say this; the exit status."""
    text = "def train(seed, rate=0.1, shift=0.0):\n    regret = (rate - 0.5 - shift) ** 2 + 0.01 * seed % 7\n"
    judged = "metric=Metric('test_regret', higher_is_better=False), margin=0.01, arms=arms"
    tune = ["--tune", "rate", "--budget", "8", "--range", "0.1,0.9", "--seeds", "2", "--workers", "1"]

    def run(said):
        write("own_training.py", f"{text}    return {{'test_regret': regret, {said}}}\n")
        write("a.py", file_of("shift=0.2").replace("arms=arms", judged).replace("import Arm", "import Metric, Arm"))
        return cli.main(["run", "a.py", *tune])

    return run


def test_tuning_selects_by_the_validation_value_of_the_metric_that_is_judged(tune_regret, tmp_path):
    assert tune_regret("'val_regret': regret") == 0
    found = json.loads((tmp_path / "runs" / "mine_tuned_rate" / "tuning.json").read_text())
    assert found["objective"]["name"] == "val_regret"
    assert [found["picks"][arm]["value"] for arm in "ab"] == pytest.approx([0.5, 0.7], abs=0.06)
    table = (tmp_path / "runs" / "mine_tuned_rate" / "table.md").read_text()
    assert "untuned test regret" in table
    assert "accuracy" not in table


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("'val_other': regret", "--tune selects by val_regret, and no run of a has one"),
        ("'val_regret': float('nan')", "every trial of arm 'a' diverged"),
    ],
)
def test_tuning_by_what_no_trial_has_is_one_line(tune_regret, capsys, said, message):
    assert tune_regret(said) == 2
    assert message in capsys.readouterr().err


def test_pytorch_trains_with_one_thread_and_is_paired_by_seed(write, tmp_path):
    pytest.importorskip("torch", reason="needs the extra torch: pip install 'fashion-keras[torch]'")
    write("own_training.py", TORCH)
    arms = (Arm("slow", learning_rate=1e-4), Arm("fast"))
    experiment = Experiment("mine", "Mine", trainer=TRAINER, arms=arms)
    session = Session(execution=ExecutionOptions(workers=2), out=tmp_path / "runs", console=Console(quiet=True))
    outcome = compare(experiment, RunOptions(seeds=3), session)
    assert not outcome.failures
    runs = outcome.comparisons[0].report.results.arms[1].runs
    assert {run.result["environment"]["torch"] is not None for run in runs.values()} == {True}
    assert {run.final["threads"] for run in runs.values()} == {1.0}
    assert all(run.final["test_accuracy"] > 0.8 for run in runs.values())
    assert len({run.final["test_accuracy"] for run in runs.values()}) > 1, "another seed is another network"


TORCH = """
import torch
from sklearn.datasets import load_digits


def train(seed, *, width=32, learning_rate=0.01):
    torch.manual_seed(seed)
    x, y = load_digits(return_X_y=True)
    x, y = torch.tensor(x, dtype=torch.float32) / 16, torch.tensor(y)
    model = torch.nn.Sequential(torch.nn.Linear(64, width), torch.nn.ReLU(), torch.nn.Linear(width, 10))
    optimizer = torch.optim.Adam(model.parameters(), learning_rate)
    for _ in range(60):
        loss = torch.nn.functional.cross_entropy(model(x[:1200]), y[:1200])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    correct = model(x[1200:]).argmax(1) == y[1200:]
    return {"correct": correct.numpy(), "train_loss": loss.item(), "threads": torch.get_num_threads()}
"""


def test_what_a_trainer_returns_can_be_judged_in_its_direction_and_gates_the_command(write, tmp_path, capsys):
    write(
        "own_training.py", "def train(seed, size=1):\n    return {'val_loss': 0.5 / size + 0.001 * (seed * size % 3)}\n"
    )
    judged = file_of("size=2").replace("arms=arms", "arms=arms, metric='val_loss', margin=0.01")
    write("a.py", judged)
    command = ["run", "a.py", "--seeds", "5", "--workers", "1", "--require"]
    assert cli.main([*command, "better"]) == 0
    output = capsys.readouterr().out
    assert "b beats a by 0.2" in output
    assert output.endswith("Required better: shown (b is better)\n")
    assert cli.main([*command, "equivalent"]) == 1
    assert cli.main(["report", "mine", "--tables-only", "--require", "not-worse", "--quiet"]) == 0
    assert cli.main([*command, "better", "--dry-run"]) == 2
    write("a.py", judged.replace("val_loss", "val_f1"))
    assert cli.main(["run", "a.py", "--seeds", "5", "--workers", "1"]) == 2
    assert "has no val_f1, but val_loss" in capsys.readouterr().err
    write("own_training.py", "def train(seed, size=1):\n    return {'val_f1': 85.0}\n")
    assert cli.main(["run", "a.py", "--seeds", "5", "--workers", "1"]) == 2
    assert "a val_f1 of 85, which is no share from 0 to 1" in capsys.readouterr().err
    assert cli.main(["status"]) == 0, "others can be told of"
    assert "Left out: " in capsys.readouterr().out
    write("own_training.py", "def train(seed, size=1):\n    return {'val_f1': 0.85 + 0.01 * size}\n")
    assert cli.main(["run", "a.py", "--seeds", "5", "--workers", "1"]) == 0
    assert cli.main(["report", "mine", "--tables-only"]) == 0, "what earlier sources returned does not matter"
    shutil.rmtree(tmp_path / "runs" / "mine")
    write("runs/mine", "a file in the way")
    for command in (["report", "mine"], ["run", "a.py", "--seeds", "5"]):
        capsys.readouterr()
        assert cli.main(command) == 2
        assert "b beats a by" in capsys.readouterr().out, "the answer is lost with no file"


def test_a_comparison_is_not_made_where_a_worker_reads_a_function_beside_it(write):
    write("own_training.py", CONSTANT + "from fashion_keras import compare\ncompare(3)\n")
    with pytest.raises(ConfigError, match=r'put the call below if __name__ == "__main__":$'):
        try_trainer(BASE.with_changes(trainer=TRAINER))


def test_runs_that_fail_open_no_gate_that_lets_the_undecided_pass(write):
    write("own_training.py", "def train(seed, size=1):\n    return {'test_accuracy': 0.5 / (size < 2)}\n")
    write("a.py", file_of("size=2"))
    assert cli.main(["run", "a.py", "--seeds", "2", "--workers", "1", "--require", "not-worse"]) == 1


def test_examples_that_differ_from_run_to_run_give_no_interval_on_new_ones(write, capsys):
    text = "def train(seed, size=1):\n    return {'correct': [True] * (90 + size + seed) + [False] * 10}\n"
    write("own_training.py", text)
    write("a.py", file_of("size=2"))
    assert cli.main(["run", "a.py", "--seeds", "5", "--workers", "1"]) == 0
    assert "No interval on new examples: runs of b and a say of 101 to 106 examples" in capsys.readouterr().err
