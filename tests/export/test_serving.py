"""What docs/serving.md says, against the shipped models."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fashion_keras._tensorflow import import_tensorflow

tf = import_tensorflow()

from fashion_keras.inference.shipped import shipped_models  # noqa: E402

PROJECT = Path(__file__).parents[2]
PAGE = (PROJECT / "docs" / "serving.md").read_text()


def block(comment: str) -> str:
    """The fenced block of the page below a comment."""
    found = re.search(rf"<!-- {re.escape(comment)}[^\n]*-->\n```\w+\n(.*?)```\n", PAGE, re.DOTALL)
    assert found, comment
    return found[1]


@pytest.fixture(scope="module")
def served() -> Any:
    return tf.saved_model.load(str(shipped_models()["cnn"]))


def test_command_of_tensorflow_prints_the_documented_signature() -> None:
    module = "tensorflow.python.tools.saved_model_cli"
    options = ["--dir", str(shipped_models()["cnn"]), "--tag_set", "serve", "--signature_def", "serve"]
    done = subprocess.run([sys.executable, "-m", module, "show", *options], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert signature_lines(done.stdout) == signature_lines(block("saved_model_cli show"))


def signature_lines(text: str) -> list[str]:
    """Names, types and shapes, without the names of tensors, which TensorFlow is free to choose."""
    return [line for line in text.strip().splitlines() if not line.strip().startswith("name: ")]


def test_shipped_models_have_one_signature_under_both_names(served: Any) -> None:
    expected = served.signatures["serve"]
    for loaded in (served, tf.saved_model.load(str(shipped_models()["fcn"]))):
        assert set(loaded.signatures) == {"serve", "serving_default"}
        for signature in loaded.signatures.values():
            assert signature.structured_input_signature[1] == expected.structured_input_signature[1]
            assert signature.structured_outputs == expected.structured_outputs


def test_documented_request_gets_the_documented_answer(served: Any) -> None:
    request, answer = json.loads(block("request")), json.loads(block("answer"))
    pixels = np.array(request["instances"])
    assert pixels.dtype == np.int64
    assert 0 <= pixels.min() < pixels.max() <= 255
    outputs = served.signatures[request["signature_name"]](images=tf.constant(pixels.astype(np.uint8)))
    predictions = answer["predictions"]
    assert len(predictions) == len(pixels)
    for number, prediction in enumerate(predictions):
        assert prediction.keys() == outputs.keys()
        assert prediction["class_id"] == outputs["class_id"][number].numpy()
        assert prediction["class_name"] == outputs["class_name"][number].numpy().decode()
        # Another processor adds in another order.
        np.testing.assert_allclose(prediction["probabilities"], outputs["probabilities"][number], atol=1e-4)


def test_documented_names_of_grpc_are_those_of_the_signature(served: Any) -> None:
    signature = served.signatures[re.search(r'signature_name = "(\w+)"', PAGE)[1]]  # type: ignore[index]
    assert set(re.findall(r'\.inputs\["(\w+)"\]', PAGE)) == set(signature.structured_input_signature[1])
    assert set(re.findall(r'\.outputs\["(\w+)"\]', PAGE)) == set(signature.structured_outputs)


def test_shipped_models_answer_with_tensorflow_alone(sample_dir: Path, tmp_path: Path) -> None:
    script = """
import gzip, json, sys
sys.modules["keras"] = sys.modules["fashion_keras"] = None  # so that importing either fails
import numpy as np, tensorflow as tf
folder, *models = sys.argv[1:]
images = np.frombuffer(gzip.open(f"{folder}/t10k-images-idx3-ubyte.gz").read()[16:], np.uint8).reshape(-1, 28, 28)
labels = np.frombuffer(gzip.open(f"{folder}/t10k-labels-idx1-ubyte.gz").read()[8:], np.uint8)
for model in models:
    answer = tf.saved_model.load(model).signatures["serving_default"](images=tf.constant(images))
    print(json.dumps([float(np.mean(answer["class_id"].numpy() == labels)), answer["class_name"][0].numpy().decode()]))
"""
    models = [str(folder) for folder in shipped_models().values()]
    done = subprocess.run(
        [sys.executable, "-c", script, str(sample_dir), *models], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == 2
    assert all(accuracy > 0.8 for accuracy, _ in answers)
    assert len({name for _, name in answers}) == 1
