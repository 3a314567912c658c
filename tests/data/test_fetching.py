"""Scripts play apt and a server on this machine plays the mirrors; one test uses the network."""

import gzip
import os
import runpy
import socket
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from fashion_keras.data import class_counts, dataset, fetching, load, locate, sources
from fashion_keras.errors import DataError

# The real ones, which the fixture bare_machine replaces in every test.
FETCH_WITH_APT, DOWNLOAD, DEBIAN_FOLDER = fetching._fetch_with_apt, fetching._download, fetching.DEBIAN_FOLDER


@pytest.fixture
def commands(tmp_path, monkeypatch) -> Path:
    """A folder before all others on PATH, with an apt that knows the package after `apt-get update` and serves it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    write_command(folder, "apt-cache", f"test -e {tmp_path}/lists && echo Package: dataset-fashion-mnist")
    write_command(folder, "apt-get", f'test "$1" = update && touch {tmp_path}/lists || touch dataset_1_all.deb')
    write_command(folder, "dpkg-deb", f'test -e "$2" && mkdir -p "$3/{fetching.DEBIAN_FOLDER}"')
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    return folder


def write_command(folder: Path, name: str, script: str) -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize("has_lists", [True, False])
def test_apt_unpacks_the_package_without_installing_it_and_root_fetches_missing_lists(
    commands, tmp_path, monkeypatch, has_lists
):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    if has_lists:
        (tmp_path / "lists").touch()
    (tmp_path / "work").mkdir()
    said: list[str] = []
    folder = FETCH_WITH_APT(tmp_path / "work", said.append)
    assert folder == tmp_path / "work" / fetching.DEBIAN_FOLDER.relative_to("/")
    assert folder.is_dir()
    assert ["apt-get update" in line for line in said] == [False] if has_lists else [True, False]


@pytest.mark.parametrize(
    ("name", "script", "message"),
    [
        ("apt-cache", "exit 100", "apt's lists do not have it; `apt-get update`, which needs root"),
        (
            "apt-get",
            "echo 'W: some warning' >&2; echo 'E: It failed' >&2; exit 100",
            "^apt-get download: E: It failed$",
        ),
        ("apt-get", "exec sleep 60", "apt-get did not end within 0.3 s"),
        ("dpkg-deb", "exit 3", "dpkg-deb --extract: exit status 3"),
    ],
)
def test_why_apt_did_not_serve_is_said(commands, tmp_path, monkeypatch, name, script, message):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(fetching, "COMMAND_TIMEOUT_SEC", 0.3 if "sleep" in script else 60)
    (tmp_path / "lists").touch()
    write_command(commands, name, script)
    with pytest.raises(DataError, match=message):
        FETCH_WITH_APT(tmp_path, print)


def test_a_disk_that_fills_up_under_apt_is_said_as_such(commands, tmp_path, monkeypatch):
    (tmp_path / "lists").touch()
    write_command(commands, "dpkg-deb", "echo 'tar: x: No space left on device' >&2; echo 'tar: exiting' >&2; exit 2")
    monkeypatch.setattr(fetching, "_fetch_with_apt", FETCH_WITH_APT)
    with pytest.raises(DataError, match="the cache cannot be written: No space left on device"):
        locate()


def test_a_machine_without_apt_is_told_so(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DataError, match="there is no apt-get"):
        FETCH_WITH_APT(tmp_path, print)


@pytest.fixture
def mirror(sample_dir, monkeypatch) -> Iterator[str]:
    """A server on this machine that has the sample."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    handler = partial(SimpleHTTPRequestHandler, directory=str(sample_dir))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.mark.usefixtures("sample_is_fashion_mnist")
def test_the_files_are_downloaded_from_a_mirror(mirror, monkeypatch):
    monkeypatch.setattr(fetching, "_download", DOWNLOAD)
    monkeypatch.setattr(fetching, "MIRRORS", (f"{mirror}nothing/", mirror))
    said: list[str] = []
    location = locate(on_progress=said.append)
    assert location.origin == f"download from {mirror}"
    assert load(location).is_fashion_mnist
    assert said == [f"downloading {mirror}{name}" for name in ("nothing/train-images-idx3-ubyte.gz",
                    *(f"{name}.gz" for name in dataset.FASHION_MNIST_FILES))]  # fmt: skip


def test_why_a_mirror_did_not_serve_is_said(mirror, tmp_path, monkeypatch):
    monkeypatch.setattr(fetching, "DOWNLOAD_TIMEOUTS_SEC", (0.2, 0.3))
    with socket.socket() as refusing, socket.create_server(("127.0.0.1", 0)) as silent:
        refusing.bind(("127.0.0.1", 0))  # bound, but not listening
        ports = [one.getsockname()[1] for one in (refusing, silent)]
        for address, reason in {
            f"{mirror}nothing/": "404 Client Error",
            f"http://127.0.0.1:{ports[0]}/": "no connection",
            f"http://127.0.0.1:{ports[1]}/": r"no answer within 0\.3 s",
        }.items():
            with pytest.raises(DataError, match=reason):
                DOWNLOAD(address, tmp_path, print)


@pytest.mark.network
def test_debian_s_package_is_really_fetched_through_apt_and_gives_the_sample(sample_dir, tmp_path, monkeypatch):
    monkeypatch.setattr(fetching, "MIRRORS", ())
    monkeypatch.setattr(fetching, "DEBIAN_FOLDER", DEBIAN_FOLDER)  # where the package has its files
    monkeypatch.setattr(sources, "_local_sources", lambda _say: [])
    location = locate()
    assert location.origin.endswith("through apt")
    loaded = load(location)
    assert loaded.is_fashion_mnist
    assert class_counts(loaded)["train"].tolist() == [6_000] * 10
    assert class_counts(loaded)["test"].tolist() == [1_000] * 10
    runpy.run_path(str(sample_dir / "make.py"))["write_sample"](loaded, tmp_path)
    for file in sample_dir.glob("*.gz"):
        assert gzip.decompress((tmp_path / file.name).read_bytes()) == gzip.decompress(file.read_bytes())
