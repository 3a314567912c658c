import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fashion_keras._tensorflow import _hidden_stderr, import_tensorflow

tf = import_tensorflow()

from fashion_keras import cli  # noqa: E402
from fashion_keras.data import Dataset  # noqa: E402
from fashion_keras.errors import DataError  # noqa: E402
from fashion_keras.export import export_model  # noqa: E402
from fashion_keras.inference import shipped  # noqa: E402
from fashion_keras.inference.classifier import Classifier, ImageError, _average_directions, load_model  # noqa: E402
from fashion_keras.inference.record import RECORD  # noqa: E402
from fashion_keras.models.networks import build_fcn  # noqa: E402

CLASS_NAMES = tuple("abcdefghij")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of an untrained FCN, in ARM/1."""
    path = tmp_path_factory.mktemp("arm") / "1"
    images = np.random.default_rng(0).integers(0, 256, (20, 28, 28, 1), np.uint8)
    export_model(build_fcn(hidden_units=(16,)), path, CLASS_NAMES, (28, 28, 1), {"label": "untrained"}, images)
    return path


@pytest.fixture(scope="module")
def classifier(exported: Path) -> Classifier:
    return load_model(exported)


def test_model_loads_with_and_without_its_version(exported: Path) -> None:
    for path in (exported, exported.parent):
        model = load_model(path)
        assert model.info.label == "untrained"
        assert model.image_shape == (28, 28, 1)


def test_damaged_model_is_refused(exported: Path, tmp_path: Path) -> None:
    for name in ("saved_model.pb", "variables/variables.data-00000-of-00001"):
        copy = tmp_path / name.replace("/", "-") / "1"
        shutil.copytree(exported, copy)
        data = bytearray((copy / name).read_bytes())
        data[len(data) // 2] ^= 1
        (copy / name).write_bytes(data)
        with pytest.raises(DataError, match=f"is damaged: {name} is not as it was written"):
            load_model(copy)


def test_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    module = tf.Module()
    module.double = tf.function(lambda x: 2 * x, input_signature=[tf.TensorSpec((), tf.float32)])
    tf.saved_model.save(module, str(tmp_path / "double"), signatures={"serve": module.double})
    with pytest.raises(DataError, match="SavedModel of another kind"):
        load_model(tmp_path / "double")
    (tmp_path / "saved_model.pb").write_bytes(os.urandom(100))
    with pytest.raises(DataError, match=r"cannot be loaded as a SavedModel: [^\n]*$"):
        load_model(tmp_path)


def test_every_accepted_shape_gives_the_same_answer(classifier: Classifier, sample_dataset: Dataset) -> None:
    images = sample_dataset.test_images[:3]
    expected = classifier.predict(images)
    assert expected.probabilities.shape == (3, 10)
    assert expected.probabilities.dtype == np.float32
    np.testing.assert_allclose(expected.probabilities.sum(axis=1), 1, rtol=1e-5)
    assert expected.class_id.dtype == np.int64
    assert expected.class_id.tolist() == expected.probabilities.argmax(axis=1).tolist()
    assert expected.class_name == [CLASS_NAMES[class_id] for class_id in expected.class_id]
    np.testing.assert_array_equal(classifier.predict(images[..., np.newaxis]).probabilities, expected.probabilities)
    single = classifier.predict(images[0])
    assert single.class_name == expected.class_name[:1]
    np.testing.assert_allclose(single.probabilities, expected.probabilities[:1], atol=1e-6)


def test_batches_are_put_together_in_order(classifier: Classifier, sample_dataset: Dataset) -> None:
    whole = classifier.predict(sample_dataset.test_images, batch_size=1000)
    for batch_size in (1, 3, 200):
        parts = classifier.predict(sample_dataset.test_images, batch_size=batch_size)
        np.testing.assert_allclose(parts.probabilities, whole.probabilities, atol=1e-6)
    for model in (classifier, load_model("cnn")):  # a convolution does not compute of none
        none = model.predict(sample_dataset.test_images[:0])
        assert (none.probabilities.shape, none.class_name, none.top()) == ((0, 10), [], [])


def test_loading_and_predicting_write_nothing_to_the_terminal(exported: Path) -> None:
    script = (
        "import sys, numpy as np; from fashion_keras.inference.classifier import load_model; "
        "load_model(sys.argv[1]).predict(np.zeros((28, 28), np.uint8))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(exported)], cwd=Path(__file__).parents[2], capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def fail_to_import(error: BaseException) -> None:
    os.write(2, b"the reason\n")
    raise error


def test_what_a_failed_import_said_is_shown_but_not_what_an_interrupted_one_did(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with _hidden_stderr():
        os.write(2, b"hidden\n")
    assert capfd.readouterr().err == ""
    with pytest.raises(ImportError), _hidden_stderr():
        fail_to_import(ImportError())
    with pytest.raises(KeyboardInterrupt), _hidden_stderr():
        fail_to_import(KeyboardInterrupt())
    os.write(2, b"later\n")
    assert capfd.readouterr().err == "the reason\nlater\n"


def test_load_model_is_a_public_name_that_costs_no_tensorflow() -> None:
    script = (
        "import sys, fashion_keras; assert 'numpy' not in sys.modules; assert 'load_model' in dir(fashion_keras); "
        "from fashion_keras import load_model; sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=Path(__file__).parents[2]).returncode == 0


def test_pictures_are_answered_with_notes(classifier: Classifier, sample_dataset: Dataset, tmp_path: Path) -> None:
    images = sample_dataset.test_images[:2]
    paths = [tmp_path / "a.png", tmp_path / "b.png"]
    for path, pixels in zip(paths, images, strict=True):
        Image.fromarray(pixels).save(path)
    expected = classifier.predict(images)
    for given in (paths, [str(paths[0]), Image.fromarray(images[1])]):
        predictions = classifier.predict(given)
        np.testing.assert_array_equal(predictions.probabilities, expected.probabilities)
        assert predictions.notes == ("not inverted: dark border",) * 2
    assert expected.notes == ()
    assert classifier.predict(paths[0], invert="on").notes == ("inverted: as asked",)
    assert [predictions[0].class_name for predictions in expected.top(3)] == expected.class_name
    with pytest.raises(ImageError, match="batch_size must be at least 1, got 0"):
        classifier.predict(images, batch_size=0)


def tampered(exported: Path, place: Path) -> Path:
    """A copy whose record no longer speaks of its files."""
    shutil.copytree(exported, place)
    (place / RECORD).unlink()
    return place


def test_tampered_model_is_one_clear_line(exported: Path, tmp_path: Path) -> None:
    for name in ("saved_model.pb", "variables/variables.index"):
        model = tampered(exported, tmp_path / name.replace("/", "-"))
        (model / name).write_bytes(np.random.default_rng(0).bytes(1000))
        with pytest.raises(DataError, match=r"cannot be loaded as a SavedModel: [^\n]*$"):
            load_model(model)
    pipe = tampered(exported, tmp_path / "pipe")
    (pipe / "variables" / "variables.index").unlink()
    os.mkfifo(pipe / "variables" / "variables.index")
    with pytest.raises(DataError, match=r"is damaged: variables/variables\.index is no file"):
        load_model(pipe)
    huge = tampered(exported, tmp_path / "huge")
    os.truncate(huge / "saved_model.pb", 2**40)  # takes no space
    with pytest.raises(DataError, match=r"is damaged: saved_model\.pb is larger than any can be"):
        load_model(huge)


@pytest.mark.parametrize(
    "command", [["evaluate"], ["export"], ["export", "--format", "keras"], ["demo", "--port", "0"]]
)
@pytest.mark.parametrize("record", ["pipe", "device"])
def test_every_door_looks_at_the_kinds_of_files_first(
    command: list[str], record: str, tmp_path: Path, sample_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "model"
    (model / RECORD).parent.mkdir(parents=True)
    (model / "saved_model.pb").touch()
    os.mkfifo(model / RECORD) if record == "pipe" else (model / RECORD).symlink_to("/dev/zero")
    assert cli.main([*command, str(model), "--dataset", str(sample_dir)]) == 2
    assert f"is damaged: {RECORD} is no file" in capsys.readouterr().err


def test_names_of_classes_that_are_no_utf8_come_back_as_they_were(tmp_path: Path) -> None:
    names = (*CLASS_NAMES[:9], os.fsdecode(b"a\xff"))
    model = build_fcn(hidden_units=(4,))
    kernel, _ = model.layers[-1].get_weights()
    model.layers[-1].set_weights([np.zeros_like(kernel), np.eye(10, dtype=np.float32)[9]])
    pixels = np.zeros((2, 28, 28, 1), np.uint8)
    export_model(model, tmp_path / "1", names, (28, 28, 1), {}, pixels)
    classifier = load_model(tmp_path)
    assert classifier.class_names == names
    assert classifier.predict(pixels).class_name == [names[9]] * 2


def test_record_that_names_a_device_is_damage_and_none_at_all_is_not(exported: Path, tmp_path: Path) -> None:
    shutil.copytree(exported, tmp_path / "1")
    record = json.loads((tmp_path / "1" / RECORD).read_text())
    record["files"]["/dev/zero"] = "00"
    (tmp_path / "1" / RECORD).write_text(json.dumps(record))
    with pytest.raises(DataError, match="is damaged: /dev/zero is not as it was written"):
        load_model(tmp_path)
    (tmp_path / "1" / RECORD).unlink()
    assert load_model(tmp_path).class_names == tuple(f"class {number}" for number in range(10))


@pytest.mark.parametrize("text", ["", "[" * 100_000, "{}", '{"files": {}}', '{"files": {"fingerprint.pb": "00"}}'])
def test_record_that_speaks_of_no_model_is_damage(exported: Path, tmp_path: Path, text: str) -> None:
    shutil.copytree(exported, tmp_path / "1")
    (tmp_path / "1" / RECORD).write_text(text)
    with pytest.raises(DataError, match=r"is damaged: assets\.extra/fashion_keras\.json is not as it was written"):
        load_model(tmp_path)


def test_shipped_model_without_its_record_is_refused_by_whatever_path(
    exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipped, "_PLACES", (tmp_path / "pretrained",))
    folder = tmp_path / "pretrained" / "cnn" / "1"
    tampered(exported, folder)
    (tmp_path / "link").symlink_to(folder.parent)
    for given in ("cnn", folder, tmp_path / "link"):
        with pytest.raises(DataError, match=r"it comes with the package and lacks .*; install the package again"):
            load_model(given)


def test_model_whose_weights_are_no_numbers_is_refused(tmp_path: Path) -> None:
    class Broken(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec((None, 28, 28), tf.uint8, "images")])
        def serve(self, images):
            n = tf.shape(images)[0]
            return {
                "probabilities": tf.fill((n, 10), float("nan")),
                "class_id": tf.zeros((n,), tf.int64),
                "class_name": tf.fill((n,), "a"),
            }

    module = Broken()
    tf.saved_model.save(module, str(tmp_path / "1"), signatures={"serve": module.serve})
    with pytest.raises(DataError, match="gives numbers that are no probabilities"):
        load_model(tmp_path).predict(np.zeros((28, 28), np.uint8))


@pytest.mark.parametrize("name", ["cnn", "fcn"])
def test_shoes_are_known_in_both_directions_and_what_else_stays(name: str, sample_dataset: Dataset) -> None:
    model = load_model(name)

    def accuracy(images: np.ndarray, chosen: np.ndarray) -> float:
        predictions = model.predict([Image.fromarray(image) for image in images[chosen]])
        return float(np.mean(predictions.class_id == sample_dataset.test_labels[chosen]))

    images, shoes = sample_dataset.test_images, np.isin(sample_dataset.test_labels, (5, 7, 9))
    assert accuracy(images[:, :, ::-1], shoes) > 0.85
    assert accuracy(images, shoes) > 0.85
    # What is no shoe keeps its name: of the 10,000 test images either model loses no more than it wins.
    plain, both = model.predict(images[~shoes]), model.predict([Image.fromarray(image) for image in images[~shoes]])
    assert np.mean(plain.class_id != both.class_id) < 0.05


def test_directions_count_by_how_sure_the_model_is_of_a_shoe() -> None:
    bag, boot, shirt = np.eye(10, dtype=np.float32)[[[8], [9], [6]]]
    assert _average_directions(bag, boot).argmax() == _average_directions(boot, bag).argmax() == 9
    assert _average_directions(bag, shirt).argmax() == 8
    np.testing.assert_allclose(_average_directions(boot, bag).sum(), 1, atol=1e-6)
