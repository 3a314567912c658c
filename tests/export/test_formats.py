import json
import os
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

from fashion_keras.errors import ConfigError, ExportError  # noqa: E402
from fashion_keras.export.formats import FORMATS, Format, write_format  # noqa: E402
from fashion_keras.export.parity import Outputs, keras_predictor  # noqa: E402
from fashion_keras.export.trained import Trained  # noqa: E402
from fashion_keras.inference.record import ParityReport  # noqa: E402


def installed(name: str) -> Format:
    try:
        FORMATS[name].check_installed()
    except ConfigError as error:
        pytest.skip(str(error))
    return FORMATS[name]


def trained(model: keras.Model) -> Trained:
    return Trained.of_model(model, CLASS_NAMES)


# TensorFlow's converter takes a second or two for each model, so that it converts the two that differ most.
CASES = [(name, model) for name in FORMATS for model in MODELS if name != "litert" or model.startswith("cnn")]


@pytest.mark.parametrize(("format_name", "model_name"), CASES)
def test_file_answers_as_the_model_does_for_any_number_of_images(
    format_name: str, model_name: str, tmp_path: Path
) -> None:
    file_format, model = installed(format_name), randomised(MODELS[model_name]())
    images = clear_images(model, 300)
    report = write_format(file_format, trained(model), tmp_path / "new", images)
    assert (report.num_images, report.num_class_differences) == (300, 0)
    assert report.max_probability_difference < TOLERANCE

    expected, expected_id = keras_predictor(model, images.shape[1:])(images)
    predict = file_format.predictor((tmp_path / "new" / file_format.file).read_bytes())
    for count in (1, 3, 300):
        probabilities, class_id = predict(images[:count])
        assert probabilities.dtype == np.float32
        assert class_id.dtype == np.int64
        np.testing.assert_allclose(probabilities, expected[:count], atol=TOLERANCE)
        np.testing.assert_array_equal(class_id, expected_id[:count])
    assert set(class_id) == {0, 1, 2}, "a model that always says the same shows nothing"


def test_class_names_of_any_kind_keep_a_line_each(tmp_path: Path) -> None:
    names = ("two\nlines", "\x1b[2J\r", os.fsdecode(b"a\xff"))
    write_format(FORMATS["keras"], Trained.of_model(MODELS["fcn"](), names), tmp_path, random_images(2))
    text = (tmp_path / "labels.txt").read_text(encoding="utf-8")
    assert len(text.splitlines()) == len(text.split("\n")) - 1 == 3
    assert "\x1b" not in text


@pytest.mark.parametrize("format_name", FORMATS)
def test_names_of_the_classes_lie_beside_the_file(format_name: str, tmp_path: Path) -> None:
    file_format = installed(format_name)
    write_format(file_format, trained(MODELS["fcn"]()), tmp_path, random_images(2))
    assert (tmp_path / "labels.txt").read_text(encoding="utf-8") == "T-shirt/top\nHose\nFüße\n"
    assert {path.name for path in tmp_path.iterdir()} == {"labels.txt", file_format.file}
    assert b"T-shirt" not in (tmp_path / file_format.file).read_bytes()


def test_onnx_takes_pixels_and_gives_no_strings() -> None:
    content = installed("onnx").write(trained(MODELS["cnn in colour"]()))
    import onnx

    graph = onnx.load_from_string(content).graph

    def describe(value: object) -> tuple[str, str, list[object]]:
        tensor = value.type.tensor_type  # type: ignore[attr-defined]
        shape = [dim.dim_param or dim.dim_value for dim in tensor.shape.dim]
        return value.name, onnx.TensorProto.DataType.Name(tensor.elem_type), shape  # type: ignore[attr-defined]

    assert [describe(value) for value in graph.input] == [("images", "UINT8", ["N", 12, 10, 3])]
    assert [describe(value) for value in graph.output] == [
        ("probabilities", "FLOAT", ["N", 3]),
        ("class_id", "INT64", ["N"]),
    ]


def test_litert_takes_pixels_and_gives_no_strings() -> None:
    interpreter = pytest.importorskip("ai_edge_litert.interpreter", reason="needs the extra litert")
    content = FORMATS["litert"].write(trained(MODELS["fcn"]()))
    runner = interpreter.Interpreter(model_content=content).get_signature_runner("serving_default")
    inputs, outputs = runner.get_input_details(), runner.get_output_details()
    assert {name: detail["dtype"] for name, detail in inputs.items()} == {"images": np.uint8}
    assert inputs["images"]["shape_signature"].tolist() == [-1, 28, 28]
    assert {name: detail["dtype"] for name, detail in outputs.items()} == {
        "probabilities": np.float32,
        "class_id": np.int64,
    }


class Scale(keras.layers.Layer):
    """A layer of a user's own."""

    def build(self, shape: tuple[int, ...]) -> None:
        self.factor = self.add_weight(shape=(), initializer="ones")

    def call(self, x: object) -> object:
        return x * self.factor


class LogGamma(keras.layers.Layer):
    """A layer with an operation that ONNX has not, and that LiteRT writes into files that do not run."""

    def call(self, x: object) -> object:
        return x + 0.0 * tf.math.lgamma(tf.abs(x) + 1.0)


def sequential(*layers: keras.layers.Layer) -> keras.Model:
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((12, 10, 1)), *layers, keras.layers.Flatten(), keras.layers.Dense(3)])


def branched() -> keras.Model:
    keras.utils.set_random_seed(0)
    images = keras.Input((12, 10, 1))
    x = keras.layers.Conv2D(3, 3, strides=2, padding="same", activation="gelu")(images)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.Add()([x, keras.layers.DepthwiseConv2D(4, padding="same")(x)])
    x = keras.layers.SeparableConv2D(4, 2, activation="swish")(x)
    x = keras.layers.LayerNormalization()(keras.layers.GlobalAveragePooling2D()(x))
    return keras.Model(images, keras.layers.Dense(3)(x))


NETWORKS = {
    "activation inside": lambda: sequential(keras.layers.Flatten(), keras.layers.Dense(8, activation="tanh")),
    "valid padding and strides": lambda: sequential(
        keras.layers.Conv2D(2, (4, 2), strides=(1, 2)), keras.layers.ReLU(negative_slope=0.1)
    ),
    "without bias": lambda: sequential(keras.layers.Conv2D(2, 3, use_bias=False, padding="same")),
    "lstm": lambda: sequential(keras.layers.Reshape((12, 10)), keras.layers.LSTM(4)),
    "bidirectional": lambda: sequential(
        keras.layers.Reshape((12, 10)), keras.layers.Bidirectional(keras.layers.GRU(3))
    ),
    "branches": branched,
    "custom layer": lambda: sequential(Scale(name="scale")),
    "custom activation": lambda: sequential(keras.layers.Dense(4, activation=lambda x: x * x, name="squares")),
}
REFUSED = {("keras", "custom layer"): "'scale'", ("keras", "custom activation"): "'squares'"}


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("name", NETWORKS)
def test_any_network_is_converted_with_parity_or_its_layer_is_named(
    format_name: str, name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file_format, model = installed(format_name), NETWORKS[name]()
    images = random_images(40, (12, 10, 1))
    if layer := REFUSED.get((format_name, name)):
        with pytest.raises(ExportError, match=rf"^layer {layer} [^\n]*$"):
            write_format(file_format, trained(model), tmp_path / "new", images)
        assert not (tmp_path / "new").exists()
        return
    write_format(file_format, trained(model), tmp_path, images)
    expected, _ = keras_predictor(model, (12, 10, 1))(images)
    probabilities, _ = file_format.predictor((tmp_path / file_format.file).read_bytes())(images)
    np.testing.assert_allclose(probabilities, expected, atol=1e-5)
    assert np.ptp(probabilities) > 0.01
    assert "Traceback" not in capfd.readouterr().err


@pytest.mark.parametrize("format_name", FORMATS)
def test_layer_that_a_format_has_not_is_named_in_one_line(
    format_name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file_format = installed(format_name)
    model = sequential(keras.layers.Flatten(), LogGamma(name="log_gamma"))
    capfd.readouterr()
    with pytest.raises(ExportError, match=r"^layer 'log_gamma' [^\n]*$"):
        write_format(file_format, trained(model), tmp_path / "new", random_images(4, (12, 10, 1)))
    assert not (tmp_path / "new").exists()
    assert capfd.readouterr() == ("", "")


def test_keras_file_loads_where_this_package_is_not(tmp_path: Path) -> None:
    model = randomised(MODELS["fcn with dropout and batch norm"]())
    images = random_images(3)
    write_format(FORMATS["keras"], trained(model), tmp_path, images)
    script = """
import json, sys
sys.modules["fashion_keras"] = None  # so that importing it fails
import keras, numpy as np
model = keras.saving.load_model(sys.argv[1], safe_mode=True)
images = np.random.default_rng(1).integers(0, 256, (3, 28, 28), np.uint8)
print(json.dumps(model.predict_on_batch(images).tolist()))
"""
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "model.keras")], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    expected, _ = keras_predictor(model, (28, 28, 1))(images)
    np.testing.assert_allclose(json.loads(done.stdout), expected, atol=1e-5)


def test_file_that_disagrees_is_not_written_and_the_earlier_one_stays(tmp_path: Path) -> None:
    (tmp_path / "model.keras").write_bytes(b"earlier")

    def predictor(content: bytes) -> object:
        def predict(images: np.ndarray) -> Outputs:
            return np.full((len(images), 3), 1 / 3), np.full(len(images), 1)

        return predict

    wrong = replace(FORMATS["keras"], write=lambda model: b"new", predictor=predictor)
    with pytest.raises(ExportError, match=r"model\.keras is not written: \d+ of 20 classes differ"):
        write_format(wrong, trained(randomised(MODELS["fcn"]())), tmp_path, random_images(20))
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"model.keras": b"earlier"}


@pytest.mark.parametrize(("classes", "difference"), [(1, 0.0), (0, 2e-5), (0, float("nan"))])
def test_one_other_class_or_a_larger_difference_does_not_pass(classes: int, difference: float) -> None:
    assert ParityReport(10_000, 0, 1e-5).passed
    assert not ParityReport(10_000, classes, difference).passed
