import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fashion_keras._tensorflow import import_tensorflow

tf = import_tensorflow()
import keras  # noqa: E402
from small_models import CLASS_NAMES, MODELS, TOLERANCE, clear_images, random_images, randomised  # noqa: E402

from fashion_keras.config.run_config import RunConfig  # noqa: E402
from fashion_keras.data import Dataset, locate, pipelines  # noqa: E402
from fashion_keras.errors import DataError, ExportError, UserError  # noqa: E402
from fashion_keras.execution import LocalEngine  # noqa: E402
from fashion_keras.export import export_model, export_run, saved_model  # noqa: E402
from fashion_keras.export.task import ExportTask, execute_export  # noqa: E402
from fashion_keras.inference.record import RECORD, ParityReport, find_damage, find_export, read_record  # noqa: E402
from fashion_keras.models.networks import build_fcn  # noqa: E402
from fashion_keras.storage.runs import StoredRun  # noqa: E402


def small_fcn(seed: int = 0) -> keras.Model:
    return build_fcn(num_classes=3, hidden_units=(8,), seed=seed)


def export_small(path: Path, model: keras.Model | None = None) -> ParityReport:
    return export_model(model or small_fcn(), path, CLASS_NAMES, (28, 28, 1), {"run_id": "abc"}, random_images(20))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def leftovers(path: Path) -> set[str]:
    return {other.name for other in path.parent.iterdir()} - {path.name, f".{path.name}.lock"}


@pytest.mark.parametrize("name", MODELS)
def test_export_answers_as_the_model_does_for_any_number_of_images(name: str, tmp_path: Path) -> None:
    model = randomised(MODELS[name]())
    image_shape = model.input_shape[1:]
    images = clear_images(model, 1000)
    report = export_model(model, tmp_path / "1", CLASS_NAMES, image_shape, {}, images)
    assert report.num_images == 1000
    assert report.num_class_differences == 0
    assert report.max_probability_difference < TOLERANCE

    expected = keras.ops.softmax(model(pipelines.normalise(images), training=False)).numpy()
    serve = tf.saved_model.load(str(tmp_path / "1")).signatures["serve"]
    for count in (1, 3, 1000):
        answer = serve(images=tf.constant(images[:count, ..., 0] if image_shape[-1] == 1 else images[:count]))
        np.testing.assert_allclose(answer["probabilities"], expected[:count], atol=TOLERANCE)
        names = [name.decode() for name in answer["class_name"].numpy()]
        assert names == [CLASS_NAMES[class_id] for class_id in answer["class_id"].numpy()]
    assert set(answer["class_id"].numpy()) == {0, 1, 2}, "a model that always says the same shows nothing"


def test_export_loads_with_tensorflow_alone_and_has_the_documented_signature(tmp_path: Path) -> None:
    export_small(tmp_path / "1")
    script = """
import json, sys
sys.modules["keras"] = sys.modules["fashion_keras"] = None  # so that importing either fails
import tensorflow as tf
loaded = tf.saved_model.load(sys.argv[1])
print(json.dumps({
    name: [
        {key: [spec.dtype.name, spec.shape.as_list()] for key, spec in part.items()}
        for part in (function.structured_input_signature[1], function.structured_outputs)
    ]
    for name, function in loaded.signatures.items()
}))
assert loaded.signatures["serving_default"](images=tf.zeros((2, 28, 28), tf.uint8))["class_id"].shape == (2,)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "1")], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    inputs = {"images": ["uint8", [None, 28, 28]]}
    outputs = {"class_id": ["int64", [None]], "class_name": ["string", [None]], "probabilities": ["float32", [None, 3]]}
    assert json.loads(done.stdout) == {"serve": [inputs, outputs], "serving_default": [inputs, outputs]}


def test_weights_are_written_once(tmp_path: Path) -> None:
    model = build_fcn()
    export_model(model, tmp_path / "1", "abcdefghij", (28, 28, 1), {}, random_images(5))
    size = sum(path.stat().st_size for path in (tmp_path / "1" / "variables").iterdir())
    assert size < 1.1 * 4 * model.count_params()


def test_export_that_normalises_otherwise_is_refused_and_the_earlier_one_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "1"
    export_small(path)
    before = contents(path)
    write = saved_model._write_saved_model

    def write_without_centring(*arguments: object) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(pipelines, "normalise", lambda images: tf.cast(images, tf.float32) / 255.0)
            write(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(saved_model, "_write_saved_model", write_without_centring)
    with pytest.raises(ExportError, match=r"is not exported: .* of 20 classes differ"):
        export_small(path)
    assert contents(path) == before
    assert not leftovers(path)
    with pytest.raises(ExportError):
        export_small(tmp_path / "2")
    assert not (tmp_path / "2").exists()


def test_export_with_one_changed_byte_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = saved_model._write_saved_model

    def write_and_damage(model: keras.Model, folder: Path, *arguments: object) -> None:
        write(model, folder, *arguments)  # type: ignore[arg-type]
        file = folder / "variables" / "variables.data-00000-of-00001"
        data = bytearray(file.read_bytes())
        data[1000] ^= 64
        file.write_bytes(data)

    monkeypatch.setattr(saved_model, "_write_saved_model", write_and_damage)
    with pytest.raises(ExportError, match="cannot export to"):
        export_small(tmp_path / "1")
    assert not (tmp_path / "1").exists()
    assert not leftovers(tmp_path / "1")


def test_model_whose_answers_are_not_numbers_is_refused(tmp_path: Path) -> None:
    model = small_fcn()
    model.set_weights([np.full_like(weight, np.nan) for weight in model.get_weights()])
    with pytest.raises(ExportError, match="by at most nan"):
        export_small(tmp_path / "1", model)
    assert not (tmp_path / "1").exists()


def test_new_export_replaces_the_earlier_one_whole(tmp_path: Path) -> None:
    path = tmp_path / "1"
    for name in (".1.partial", ".1.replaced"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "left by a process that died").touch()
    export_small(path, small_fcn(seed=1))
    assert not leftovers(path)
    first = contents(path)
    (path / "variables" / "old").touch()
    export_small(path, small_fcn(seed=2))
    assert contents(path).keys() == first.keys()
    weights = "variables/variables.data-00000-of-00001"
    assert contents(path)[weights] != first[weights]
    assert not leftovers(path)


def test_folder_that_is_no_export_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "thesis"
    path.mkdir()
    (path / "chapter.tex").write_text("years of work")
    with pytest.raises(ExportError, match="is not an export of ours"):
        export_small(path)
    assert contents(path) == {"chapter.tex": b"years of work"}


def test_place_below_a_file_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ExportError, match=r"^cannot write .*choose another folder"):
        export_small(tmp_path / "file" / "1")


def test_arguments_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    fitting = [small_fcn(), tmp_path / "1", CLASS_NAMES, (28, 28, 1), {}, random_images(2)]
    floats = random_images(2).astype(np.float32)
    keras.config.set_dtype_policy("mixed_bfloat16")
    bfloat16 = small_fcn()
    keras.config.set_dtype_policy("float32")
    wrong = {
        r"to \(None, 2\), got": {2: ("a", "b")},
        r"from \(None, 32, 32, 1\)": {3: (32, 32, 1)},
        r"parity_images must be uint8 \[M, 28, 28, 1\].*float32": {5: floats},
        r"got uint8 \[0, 28, 28, 1\]": {5: random_images(0)},
        r"must compute in float32, got bfloat16": {0: bfloat16},
    }
    for message, changes in wrong.items():
        arguments = [changes.get(number, argument) for number, argument in enumerate(fitting)]
        with pytest.raises(ExportError, match=message):
            export_model(*arguments)
    assert not (tmp_path / "1").exists()


def test_bfloat16_run_is_exported_in_float32_and_compared_with_its_own_answers(
    run: StoredRun, sample_dataset: Dataset, tmp_path: Path
) -> None:
    keras.config.set_dtype_policy("mixed_bfloat16")
    report = export_run(run, sample_dataset, tmp_path / "1")
    assert keras.config.dtype_policy().name == "mixed_bfloat16", "the policy is put back"
    keras.config.set_dtype_policy("float32")

    serve = tf.saved_model.load(str(tmp_path / "1")).signatures["serve"]
    class_id = serve(images=tf.constant(sample_dataset.test_images))["class_id"].numpy()
    assert report.num_images == len(class_id) == 200
    assert report.num_differences_to_run == np.sum(class_id != run.load_predictions().class_id)
    assert report.num_differences_to_run < 10
    graph = (tmp_path / "1" / "saved_model.pb").read_bytes()
    assert tf.bfloat16.as_datatype_enum not in _dtypes_of_nodes(graph)


def _dtypes_of_nodes(saved_model: bytes) -> set[int]:
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

    functions = SavedModel.FromString(saved_model).meta_graphs[0].graph_def.library.function
    return {value.type for function in functions for node in function.node_def for value in node.attr.values()}


def test_record_says_what_the_export_is(run: StoredRun, sample_dataset: Dataset, tmp_path: Path) -> None:
    export_run(run, sample_dataset, tmp_path / "1")
    record = read_record(tmp_path / "1")
    assert record["run"]["run_id"] == run.run_id
    assert RunConfig.from_json(record["run"]["config"]) == run.config
    assert record["run"]["final"]["test_accuracy"] == run.final["test_accuracy"]
    assert record["run"]["data"]["content_hash"] == sample_dataset.content_hash
    assert record["class_names"] == list(sample_dataset.class_names)
    assert record["versions"]["tensorflow"] == tf.__version__


def test_a_worker_that_exports_leaves_no_temporary_file_when_it_is_killed(
    run: StoredRun, sample_dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    task = ExportTask(run.path, tmp_path / "model" / "1", locate(dataset=sample_dataset.directory))
    ((_, outcome),) = LocalEngine(1).run(execute_export, [task])
    assert (outcome.status, outcome.message) == ("done", "")
    assert list((tmp_path / "tmp").iterdir()) == []


def test_export_that_is_there_is_found_without_tensorflow(
    run: StoredRun, sample_dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = export_run(run, sample_dataset, tmp_path / "1")
    before = contents(tmp_path / "1")
    with monkeypatch.context() as patch:
        patch.setattr(saved_model, "import_tensorflow", lambda: pytest.fail("TensorFlow was used"))
        patch.setattr(saved_model, "folder_lock", lambda path: pytest.fail("something was to be written"))
        assert export_run(run, sample_dataset, tmp_path / "1") == report
    assert contents(tmp_path / "1") == before


def test_export_is_written_anew_if_damaged_of_another_run_or_forced(
    run: StoredRun, sample_dataset: Dataset, tmp_path: Path
) -> None:
    path = tmp_path / "1"
    export_run(run, sample_dataset, path)
    assert find_export(path, run.run_id)
    assert find_export(path, "another run") is None

    (path / "variables" / "variables.index").unlink()
    assert find_export(path, run.run_id) is None
    export_run(run, sample_dataset, path)
    assert find_export(path, run.run_id)

    inode = path.stat().st_ino
    export_run(run, sample_dataset, path)
    assert path.stat().st_ino == inode
    export_run(run, sample_dataset, path, force=True)
    assert path.stat().st_ino != inode


@pytest.mark.parametrize(
    "record", ["", "[]", "{}", '{"format": 1, "files": ["saved_model.pb"], "run": {"run_id": "abc"}}']
)
def test_record_that_is_damaged_is_no_export(record: str, tmp_path: Path) -> None:
    export_small(tmp_path / "1")
    assert find_export(tmp_path / "1", "abc")
    (tmp_path / "1" / RECORD).write_text(record)
    assert find_export(tmp_path / "1", "abc") is None


def test_diverged_run_other_data_and_damaged_weights_are_refused(
    run: StoredRun, sample_dataset: Dataset, tmp_path: Path
) -> None:
    diverged = StoredRun(run.path, {**run.result, "status": "diverged"})
    with pytest.raises(ExportError, match="diverged: there is no model to export"):
        export_run(diverged, sample_dataset, tmp_path / "1")
    with pytest.raises(ExportError, match="was trained on the data"):
        export_run(run, replace(sample_dataset, content_hash="0" * 64), tmp_path / "1")
    copy = tmp_path / run.path.name
    shutil.copytree(run.path, copy)
    (copy / "weights.npz").write_bytes(b"PK\3\4 and nothing more")
    with pytest.raises(UserError, match=r"weights\.npz"):
        export_run(StoredRun(copy, run.result), sample_dataset, tmp_path / "1")
    assert not (tmp_path / "1").exists()


@pytest.mark.parametrize("name", ["saved_model.cpb", "saved_model.pbtxt", "variables/variables.data-00001-of-00002"])
def test_file_that_tensorflow_might_read_besides_is_damage(name: str, tmp_path: Path) -> None:
    export_small(tmp_path / "1")
    record = read_record(tmp_path / "1")
    assert find_damage(tmp_path / "1", record) is None
    (tmp_path / "1" / "assets.extra" / "notes.txt").touch()
    assert find_damage(tmp_path / "1", record) is None
    (tmp_path / "1" / name).touch()
    assert name in (find_damage(tmp_path / "1", record) or "")


def test_copy_is_whole_and_of_undamaged_exports_alone(tmp_path: Path) -> None:
    source, place = tmp_path / "source" / "1", tmp_path / "copy" / "1"
    export_small(source)
    saved_model.copy_export(source, place)
    before = contents(place)
    assert before == contents(source)
    (source / "saved_model.pb").write_bytes(b"")
    with pytest.raises(DataError, match=r"is damaged: saved_model\.pb is not as it was written"):
        saved_model.copy_export(source, place)
    with pytest.raises(ExportError, match="is there already; choose another place with --out"):
        saved_model.copy_export(place, place)
    with pytest.raises(ExportError, match="which cannot be copied into itself"):
        saved_model.copy_export(place, place / "below" / "1")
    assert contents(place) == before
    with pytest.raises(ExportError, match="is not an export of ours"):
        saved_model.copy_export(tmp_path, place)
    assert find_export(place, "abc")
