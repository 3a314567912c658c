"""The page's server over the network: answers, bounds, and who may ask."""

import base64
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from made_files import encoded
from numpy.typing import NDArray
from progressive import progressive_jpeg

from fashion_keras._tensorflow import import_tensorflow

import_tensorflow()

from fashion_keras.data import Dataset  # noqa: E402
from fashion_keras.demo import app, connections  # noqa: E402
from fashion_keras.demo.prediction import MAX_UPLOAD_BYTES, TOO_LARGE, Demo  # noqa: E402
from fashion_keras.errors import DataError, ImageError  # noqa: E402
from fashion_keras.images.decoding import FORMAT_NAMES  # noqa: E402

Answer = tuple[int, Mapping[str, str], bytes]
CHUNKED = {"Transfer-Encoding": "chunked"}


def ask(
    address: str, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None, **options: Any
) -> Answer:
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    try:
        connection.request(method, path, body, dict(headers or {}), **options)
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def answer_of(address: str, picture: bytes, query: str = "") -> dict[str, Any]:
    status, _, body = ask(address, "POST", f"/predict{query}", picture)
    assert status == 200, body
    return json.loads(body)


def pixels_of(encoded: str) -> NDArray[np.uint8]:
    return np.frombuffer(base64.b64decode(encoded), np.uint8).reshape(28, 28)


def test_answer_is_the_models_own_and_finds_the_image_itself_and_its_neighbours(
    address: str, demo: Demo, sample_dataset: Dataset
) -> None:
    image = sample_dataset.test_images[7]
    answer = answer_of(address, encoded(image))
    expected = demo.model.predict(encoded(image))
    np.testing.assert_array_equal(pixels_of(answer["pixels"]), image)
    assert answer["classes"][0]["name"] == expected.class_name[0]
    said = {one["name"]: one["probability"] for one in answer["classes"]}
    assert [said[name] for name in demo.model.class_names] == pytest.approx(expected.probabilities[0], abs=1e-5)
    assert [one["probability"] for one in answer["classes"]] == sorted(said.values(), reverse=True)
    assert answer["nearest"][0]["index"] == 7
    for neighbour in answer["nearest"]:
        index = neighbour["index"]
        np.testing.assert_array_equal(pixels_of(neighbour["pixels"]), sample_dataset.test_images[index])
        assert neighbour["class_name"] == sample_dataset.class_names[sample_dataset.test_labels[index]]
        assert neighbour["predicted"] == demo.model.predict(sample_dataset.test_images[index]).class_name[0]


def test_inversion_is_said_and_can_be_chosen(address: str, sample_dataset: Dataset) -> None:
    image = sample_dataset.test_images[7]
    light = encoded(255 - image)
    for query, inverted, note in (
        ("", True, "inverted: light border"),
        ("?invert=auto", True, "inverted: light border"),
        ("?invert=on", True, "inverted: as asked"),
        ("?invert=off", False, "not inverted: as asked"),
    ):
        answer = answer_of(address, light, query)
        assert (answer["inverted"], answer["note"]) == (inverted, note)
        np.testing.assert_array_equal(pixels_of(answer["pixels"]), image if inverted else 255 - image)


def test_page_says_what_the_model_is(address: str, demo: Demo) -> None:
    page = ask(address, "GET", "/")[2].decode()
    assert all(
        f"image/{form.lower()}" in page and form in page for form in FORMAT_NAMES.replace(" or", ",").split(", ")
    )
    said = json.loads(ask(address, "GET", "/model")[2])
    assert said["name"] == "fcn"
    assert said["accuracy"] == demo.model.info.accuracy
    assert said["nearest"] == {"count": 200, "method": "cosine similarity of the pixels", "missing": ""}


def test_without_a_test_set_the_answer_is_the_same_and_the_reason_is_said(demo: Demo, sample_dataset: Dataset) -> None:
    alone = Demo(demo.model, "fcn", missing="there is none")
    picture = encoded(sample_dataset.test_images[7])
    assert alone.describe()["nearest"]["missing"] == "there is none"
    answer = alone.predict(picture, "auto")
    assert answer["nearest"] == []
    assert answer["classes"][0]["name"] == demo.predict(picture, "auto")["classes"][0]["name"]


@pytest.mark.parametrize(
    ("body", "query", "message"),
    [
        (b"", "", "this picture is empty"),
        (b"PCX, or so", "", "this picture is no PNG, JPEG, WebP, GIF, BMP or TIFF picture"),
        (encoded(np.zeros((9, 9), np.uint8)), "", "this picture shows nothing: it is of one colour at 28 x 28 pixels"),
        (progressive_jpeg(7_000, 400), "", "this picture has more than 50 scans; save it anew as a plain JPEG"),
        (encoded(np.eye(9, dtype=np.uint8)), "?invert=maybe", "invert must be one of auto, on, off, got 'maybe'"),
    ],
)
def test_what_is_no_picture_is_one_line(address: str, body: bytes, query: str, message: str) -> None:
    status, headers, answer = ask(address, "POST", f"/predict{query}", body)
    assert (status, headers["Content-Type"]) == (422, "application/json")
    assert json.loads(answer) == {"error": message}


def test_upload_that_declares_too_many_bytes_is_refused_before_it_is_sent(address: str) -> None:
    # Nothing of the body is ever sent: the answer comes from the header alone.
    status, headers, answer = ask(address, "POST", "/predict", headers={"Content-Length": str(MAX_UPLOAD_BYTES + 1)})
    assert (status, headers["Connection"]) == (413, "close")
    assert json.loads(answer) == {"error": TOO_LARGE}


def test_who_sends_too_much_without_looking_has_the_answer_all_the_same(address: str) -> None:
    chunks = iter([bytes(2**16)] * (3 * MAX_UPLOAD_BYTES // 2**16))  # all are sent before the answer is read
    status, _, answer = ask(address, "POST", "/predict", chunks, CHUNKED, encode_chunked=True)
    assert (status, json.loads(answer)) == (413, {"error": TOO_LARGE})


def test_upload_without_end_is_read_to_the_limit_only(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "LINGER_SEC", 0.0)
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 10 * MAX_UPLOAD_BYTES:
            sent += 2**16
            yield bytes(2**16)

    with pytest.raises((BrokenPipeError, ConnectionResetError)):
        ask(address, "POST", "/predict", endless(), CHUNKED, encode_chunked=True)
    # What lies in the system's buffers on both sides was sent, too.
    assert MAX_UPLOAD_BYTES < sent < 2 * MAX_UPLOAD_BYTES


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "localhost.evil.example", "10.0.0.1", "[", ""])
def test_other_host_names_are_refused(address: str, host: str) -> None:
    for method, path in (("GET", "/"), ("GET", "/model"), ("POST", "/predict")):
        status, _, body = ask(address, method, path, headers={"Host": host})
        assert status in (400, 403)
        assert b"fcn" not in body


def test_names_of_this_machine_are_answered_on_whatever_port_but_not_requests_of_other_pages(
    address: str, sample_dataset: Dataset
) -> None:
    for host in ("localhost", "localhost:9000", "LOCALHOST:80", "127.0.0.1:1", "[::1]:8765"):
        assert ask(address, "GET", "/model", headers={"Host": host})[0] == 200
    picture, own = encoded(sample_dataset.test_images[7]), address.removesuffix("/")
    for origin, status in {own: 200, "http://evil.example": 403, "null": 403, "http://127.0.0.1:1": 403}.items():
        assert ask(address, "POST", "/predict", picture, {"Origin": origin})[0] == status


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/page.css", 200),
        ("GET", "/page.js", 200),
        ("GET", "/icon.svg", 200),
        ("GET", "/../app.py", 404),
        ("GET", "/%2e%2e/app.py", 404),
        ("GET", "/predict", 404),
        ("PUT", "/predict", 405),
    ],
)
def test_every_answer_forbids_what_comes_from_elsewhere(address: str, method: str, path: str, status: int) -> None:
    found, headers, _ = ask(address, method, path)
    assert found == status
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in headers


def test_model_that_does_not_compute_is_a_line_too(
    address: str, demo: Demo, sample_dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(images: Any) -> None:
        raise DataError("it does not compute")

    monkeypatch.setattr(demo.model, "predict", fail)
    status, _, body = ask(address, "POST", "/predict", encoded(sample_dataset.test_images[7]))
    assert (status, json.loads(body)) == (500, {"error": "it does not compute"})


def connect(address: str) -> socket.socket:
    return socket.create_connection((urlsplit(address).hostname, urlsplit(address).port), timeout=60)


def test_connections_that_say_nothing_keep_nobody_out_and_are_closed(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "REQUEST_SEC", 0.5)
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 40)
    silent = [connect(address) for _ in range(50)]
    assert ask(address, "GET", "/model")[0] == 200
    silent[-1].sendall(b"GET /model HTTP/1.1\r\nHost:")  # and no more of it
    for one in silent:
        with one:
            assert one.recv(1) == b""


def test_upload_that_comes_to_a_stop_is_given_up(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "SILENCE_SEC", 0.3)
    stopped = [connect(address) for _ in range(app.MAX_UPLOADS)]
    for one in stopped:
        one.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nabc")
    assert ask(address, "POST", "/predict", b"")[0] == 422
    for one in stopped:
        with one:
            assert one.recv(100).startswith(b"HTTP/1.1 408 ")


@pytest.fixture
def sleeping_reader(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> list[threading.Event]:
    """The page's reader sleeps over every picture until it is unwanted; the signs of those that it began."""
    began: list[threading.Event] = []

    def read(content: bytes, *arguments: Any) -> None:
        began.append(arguments[-1])
        if not arguments[-1].wait(30):
            raise AssertionError("it was wanted to the end")
        raise ImageError("it is no longer wanted")

    monkeypatch.setattr(demo.reader, "read", read)
    return began


def test_client_that_leaves_ends_the_reading_of_its_picture(
    address: str, sleeping_reader: list[threading.Event]
) -> None:
    with connect(address) as leaving:
        leaving.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc")
        while not sleeping_reader:
            time.sleep(0.01)
        assert not sleeping_reader[0].is_set()
    assert sleeping_reader[0].wait(10)


def test_page_goes_on_after_a_client_that_leaves_amid_its_upload(address: str, sample_dataset: Dataset) -> None:
    with connect(address) as leaving:
        leaving.sendall(b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nabc")
    assert answer_of(address, encoded(sample_dataset.test_images[7]))["classes"]
