"""A custom network on scikit-learn's digits, from data to verdict, export and answer; and what it may return."""

import re

import keras
import numpy as np
import pytest
from custom.conftest import NETWORK
from made_engine import Engine
from rich.console import Console
from sklearn.datasets import load_digits

from fashion_keras.config.run_config import RunConfig
from fashion_keras.data import load, locate
from fashion_keras.errors import ConfigError
from fashion_keras.execution import LocalEngine
from fashion_keras.execution.batch import train_runs
from fashion_keras.execution.tasks import TimingTask, execute_trial
from fashion_keras.experiments.definition import Arm, Experiment
from fashion_keras.export import export_run
from fashion_keras.inference.classifier import load_model
from fashion_keras.models.networks import build_model
from fashion_keras.reporting import build_differences, build_table
from fashion_keras.reporting.rendering import to_markdown
from fashion_keras.storage.comparison import describe_data, load_results, make_record
from fashion_keras.storage.runs import RunStore
from fashion_keras.training.run import train_run

OWN = {"model": "own_net:build"}


@pytest.fixture
def digits(tmp_path):
    """Where scikit-learn's digits lie, their 0 to 16 spread over 0 to 255."""
    digits = load_digits()
    pixels, labels = np.rint(digits.images * (255 / 16)).astype(np.uint8), digits.target
    path = tmp_path / "digits.npz"
    np.savez(path, x_train=pixels[:1200], y_train=labels[:1200], x_test=pixels[1200:], y_test=labels[1200:])
    return locate(dataset=path)


def test_a_custom_network_on_digits_from_data_to_verdict_export_and_answer(write, digits, tmp_path):
    write()
    dataset = load(digits)
    base = RunConfig(batch_size=64, epochs=1, data=dataset.content_hash).with_changes(
        **OWN, optimizer="Nadam", learning_rate=0.01
    )
    experiment = Experiment("mine", "Mine", base, (Arm("narrow", units=2), Arm("wide", units=32)))
    store = RunStore(tmp_path / "store")
    for seed in range(6):
        for arm in experiment.arms:
            config = experiment.config_of(arm).with_changes(seed=seed)
            store.begin(config)
            store.commit(train_run(config, dataset))
    results = load_results(store, make_record(experiment, describe_data(dataset), range(6)), range(6))
    table, verdicts = to_markdown(build_table(results)), to_markdown(build_differences(results))
    assert [line.split()[1] for line in table.splitlines() if "6 seeds |" in line] == ["narrow", "wide"]
    assert re.search(r"^\| wide \|.*\| better \|$", verdicts, re.MULTILINE)
    run = results.arms[1].runs[0]
    assert run.network_folder == str(tmp_path)
    assert run.final["test_accuracy"] > 0.5
    assert export_run(run, dataset, tmp_path / "model" / "1").passed
    answers = load_model(tmp_path / "model").predict(dataset.test_images[:50])
    np.testing.assert_array_equal(answers.class_id, run.load_predictions().class_id[:50])


def test_a_seed_twice_is_one_run_bit_for_bit(write, digits):
    write(text=NETWORK.replace(", seed=0", ""))
    config = RunConfig(batch_size=64, epochs=1, data=digits.content_hash, model="own_net:build")
    one, again, other = (train_run(config.with_changes(seed=seed), load(digits)) for seed in (0, 0, 1))
    for values, repeated in zip(one.weights, again.weights, strict=True):
        np.testing.assert_array_equal(values, repeated)
    assert not np.array_equal(one.weights[0], other.weights[0])


def test_workers_import_the_network_and_say_what_is_wrong_with_it(write, digits, tmp_path):
    write()
    write("own_bad.py", "def build(shape, classes):\n    import keras\n    return keras.nothing")
    good = RunConfig(data=digits.content_hash, **OWN)
    bad = good.with_changes(model="own_bad:build")
    tasks = [TimingTask(config, digits) for config in (good, bad)]
    outcomes = [outcome for _, outcome in LocalEngine(1).run(execute_trial, tasks)]
    assert [outcome.status for outcome in outcomes] == ["done", "failed"], outcomes
    assert "own_bad:build failed: own_bad.py, line 3: AttributeError: " in outcomes[1].message
    store, engine = RunStore(tmp_path / "store"), Engine()
    engine.respond = lambda _: outcomes[1]
    with pytest.raises(ConfigError, match=r"own_bad_build-sgd-0\.02 cannot be trained: own_bad:build failed"):
        train_runs([bad], store, digits, engine, Console(quiet=True))
    assert not store.root.exists()


def built(write, text, **options):
    write(text="import keras\nfrom keras import layers\n" + text)
    return build_model(RunConfig().with_changes(**OWN, **options).model, (8, 8, 3), 5, seed=3)


MODEL = "keras.Sequential([layers.Flatten(), layers.Dense(classes)])"


def test_a_network_gets_shape_classes_options_and_seed(write):
    text = f"def build(shape, classes, a, b=2, seed=None):\n    print(shape, classes, a, b, seed)\n    return {MODEL}"
    model = built(write, text, a=[1, 2])
    assert model.input_shape == (None, 8, 8, 3)
    assert model.output_shape == (None, 5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("def build(shape, classes): return 3", "own_net:build must return a Keras model, got int"),
        (
            "def build(shape, classes): return keras.Sequential([layers.Flatten(), layers.Dense(4)])",
            r"must go from images \(None, 8, 8, 3\) to logits \(None, 5\), got .* to \(None, 4\)",
        ),
        (
            "def build(shape, classes):\n    x = keras.Input((8, 8, 1))\n"
            "    return keras.Model(x, layers.Dense(classes)(layers.Flatten()(x)))",
            r"got \(None, 8, 8, 1\) to \(None, 5\)",
        ),
        (
            "class Own(keras.Model):\n    def call(self, x): return x\n\ndef build(shape, classes): return Own()",
            r"must return keras.Model\(inputs, network\(inputs\)\)",
        ),
        (
            "def build(shape, classes):\n"
            "    return keras.Sequential([layers.Flatten(), layers.Dense(classes, activation='softmax')])",
            "returns probabilities, rows that sum to 1; leave the last softmax out",
        ),
        ("def build(shape, classes):\n    return 1 / 0", "own_net.py, line 4: ZeroDivisionError: division by zero"),
    ],
)
def test_what_is_no_network_from_images_to_logits_is_refused(write, text, message):
    with pytest.raises(ConfigError, match=message):
        built(write, text)


def test_a_network_that_changed_since_it_was_named_is_refused(write):
    write()
    config = RunConfig(**OWN)
    write(text=NETWORK + "# changed\n")
    with pytest.raises(ConfigError, match="has changed since the comparison began"):
        build_model(config.model, (8, 8, 1), 10, seed=0)


def test_a_network_s_own_regulariser_stays_out_of_the_logged_loss(write, digits):
    text = NETWORK.replace("Dense(units)", "Dense(units, kernel_regularizer=keras.regularizers.L2(10.0))")
    write(text=text)
    result = train_run(RunConfig(epochs=1, data=digits.content_hash, **OWN), load(digits))
    assert result.final["train_loss"] < 10
    assert result.final["test_loss"] == pytest.approx(result.predictions.loss.mean(), rel=1e-4)


def test_colour_works_from_a_network_to_an_answer(write, tmp_path, digits):
    dataset = load(digits)
    colour = np.stack([dataset.train_images[:60], *[255 - dataset.train_images[:60]] * 2], axis=-1)
    np.savez(tmp_path / "colour.npz", x_train=colour, y_train=np.arange(60) % 3, x_test=colour, y_test=[0, 1, 2] * 20)
    location = locate(dataset=tmp_path / "colour.npz")
    store = RunStore(tmp_path / "store")
    for model in ("fcn", {"name": "cnn", "filters": (2,), "kernel_sizes": (3,), "pool_sizes": (2,), "dense_units": 4}):
        config = RunConfig(model=model, epochs=1, data=location.content_hash)
        store.begin(config)
        run = store.commit(train_run(config, load(location)))
        assert export_run(run, load(location), tmp_path / config.model.name / "1").passed
        classifier = load_model(tmp_path / config.model.name)
        assert classifier.image_shape == (8, 8, 3)
        assert classifier.predict(colour[:2]).probabilities.shape == (2, 3)


def test_keras_is_seeded_before_the_network_is_built(write):
    text = "import numpy as np\n" + NETWORK.replace("Dense(units)", "Dense(units, name=f'd{np.random.randint(9**9)}')")
    write(text=text)
    names = [build_model(RunConfig(**OWN).model, (8, 8, 1), 10, seed).layers[1].name for seed in (0, 0, 1)]
    assert names[0] == names[1] != names[2]
    assert keras.config.dtype_policy().name == "float32"


STEPS = """
import keras
from keras import layers

class Own(keras.Model):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.own = keras.metrics.Mean(name="loss")

    @property
    def metrics(self):
        return [self.own]

    def train_step(self, data):
        super().train_step(data)
        return LOGS

def build(image_shape, num_classes):
    pictures = keras.Input(image_shape)
    return Own(pictures, layers.Dense(num_classes)(layers.Flatten()(pictures)))
"""


@pytest.mark.parametrize("logs", ["{}", "{'loss': 1.0, 'accuracy': 0.25, 'val_accuracy': 0.0}"])
def test_validation_and_test_are_counted_whatever_a_train_step_logs(tmp_path, digits, logs):
    (tmp_path / "own_net.py").write_text(STEPS.replace("LOGS", logs))
    config = RunConfig(**OWN, epochs=4, data=digits.content_hash)
    result = train_run(config, load(digits))
    assert result.status == "finished"
    assert result.final["test_accuracy"] == result.predictions.correct.mean()
    assert result.history["test_accuracy"][-1] == pytest.approx(result.final["test_accuracy"], abs=1e-6)
    assert min(result.final["val_accuracy"], result.final["val_loss"], result.final["test_loss"]) > 0
    assert result.final["train_accuracy"] > 0
