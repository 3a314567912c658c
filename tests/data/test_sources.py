import errno
import gzip
import hashlib
import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from fashion_keras.data import Dataset, class_counts, dataset, fetching, load, locate, sources
from fashion_keras.errors import DataError

REPOSITORY = Path(__file__).parents[2]
as_fashion_mnist = pytest.mark.usefixtures("sample_is_fashion_mnist")


def copy_sample(sample_dir: Path, folder: Path, *, raw: bool = False) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for zipped in sample_dir.glob("*.gz"):
        content = zipped.read_bytes()
        (folder / (zipped.stem if raw else zipped.name)).write_bytes(gzip.decompress(content) if raw else content)
    return folder


@pytest.fixture
def apt_serves(sample_dir, monkeypatch) -> list[Path]:
    """Let apt serve the sample, and return the list of the folders that it was fetched into."""
    fetched = []

    def fetch(folder: Path, say: fetching.Say) -> Path:
        say("fetching")
        fetched.append(folder)
        return copy_sample(sample_dir, folder / "usr")

    monkeypatch.setattr(fetching, "_fetch_with_apt", fetch)
    return fetched


def cached_names() -> list[str]:
    return sorted(path.name for path in sources.cache_folder().iterdir())


def test_the_hash_of_fashion_mnist_follows_from_its_four_files():
    lines = sorted(f"{name} {known.sha256}\n" for name, known in dataset.FASHION_MNIST_FILES.items())
    assert hashlib.sha256("".join(lines).encode()).hexdigest() == dataset.FASHION_MNIST_HASH
    assert dataset.FASHION_MNIST_HASH == "daf9de4cf12669ecda2c289b235db8654ca1a41e08fab265b0fc64c56f960be8"


def test_the_sample_is_not_taken_for_fashion_mnist(sample_dataset):
    assert not sample_dataset.is_fashion_mnist
    assert sample_dataset.class_names == dataset.FASHION_MNIST_CLASSES
    assert class_counts(sample_dataset)["train"].tolist() == [60] * 10
    assert class_counts(sample_dataset)["test"].tolist() == [20] * 10


@as_fashion_mnist
def test_sources_are_asked_in_order(sample_dir, tmp_path, apt_serves, monkeypatch):
    places = [sources.keras_folder(), fetching.DEBIAN_FOLDER, sources.cache_folder()]
    for place in places:  # from the last to the first: each goes before those that are there already
        copy_sample(sample_dir, place)
        assert locate().directory == place
    monkeypatch.setenv(sources.ENVIRONMENT_VARIABLE, str(copy_sample(sample_dir, tmp_path / "variable")))
    assert locate().directory == tmp_path / "variable"
    assert locate(data_dir=copy_sample(sample_dir, tmp_path / "given")).directory == tmp_path / "given"
    assert not apt_serves


@as_fashion_mnist
def test_mirrors_are_asked_after_apt_and_in_order(sample_dir, monkeypatch):
    asked = []

    def download(mirror: str, folder: Path, _say: fetching.Say) -> Path:
        asked.append(mirror)
        if mirror == fetching.MIRRORS[0]:
            raise DataError("no connection")
        return copy_sample(sample_dir, folder)

    monkeypatch.setattr(fetching, "_download", download)
    assert locate().origin == f"download from {fetching.MIRRORS[1]}"
    assert asked == list(fetching.MIRRORS)


@as_fashion_mnist
def test_a_given_folder_that_is_unusable_is_an_error_though_others_would_serve(
    sample_dir, tmp_path, apt_serves, monkeypatch
):
    copy_sample(sample_dir, sources.cache_folder())
    (tmp_path / "file").touch()
    for name, message in [("missing", "no such folder"), ("file", "is a file; a folder"), ("", "has no train-images")]:
        with pytest.raises(DataError, match=message):
            locate(data_dir=tmp_path / name)
        monkeypatch.setenv(sources.ENVIRONMENT_VARIABLE, str(tmp_path / name))
        with pytest.raises(DataError, match=message):
            locate()
        monkeypatch.delenv(sources.ENVIRONMENT_VARIABLE)
    assert not apt_serves


@as_fashion_mnist
@pytest.mark.parametrize("raw", [False, True])
def test_a_given_folder_is_used_raw_and_gzipped_and_of_two_files_the_right_one(sample_dir, tmp_path, raw):
    folder = copy_sample(sample_dir, tmp_path / "given", raw=raw)
    (folder / f"train-images-idx3-ubyte{'.gz' if raw else ''}").write_bytes(b"an interrupted gunzip")
    loaded = load(locate(data_dir=folder))
    assert loaded.is_fashion_mnist
    assert loaded.name == "fashion_mnist"
    assert loaded.directory == folder


@as_fashion_mnist
def test_swapped_training_and_test_files_are_named(sample_dir, tmp_path):
    folder = copy_sample(sample_dir, tmp_path / "given")
    (folder / "t10k-labels-idx1-ubyte.gz").replace(folder / "train-labels-idx1-ubyte.gz")
    with pytest.raises(
        DataError, match=r"train-labels.* 208 bytes, not 608, as t10k-labels-idx1-ubyte has; are they s"
    ):
        locate(data_dir=folder)


@as_fashion_mnist
def test_one_wrong_byte_is_an_error(sample_dir, tmp_path):
    folder = copy_sample(sample_dir, tmp_path / "given", raw=True)
    content = bytearray((folder / "t10k-images-idx3-ubyte").read_bytes())
    content[5_000] ^= 1
    (folder / "t10k-images-idx3-ubyte").write_bytes(content)
    with pytest.raises(DataError, match="t10k-images-idx3-ubyte is not Fashion-MNIST: its SHA-256"):
        locate(data_dir=folder)


def test_other_data_under_data_dir_is_an_error(sample_dir):
    with pytest.raises(DataError, match=r"train-images.* is not Fashion-MNIST: it has 470,416 bytes, not 47,040,016"):
        locate(data_dir=sample_dir)


@as_fashion_mnist
def test_what_was_fetched_is_cached_decompressed_and_fetched_once(apt_serves):
    (sources.cache_folder() / "fetch-killed").mkdir(parents=True)  # is swept
    (sources.cache_folder() / "fetch-killed" / "part.deb").touch()
    first = locate()
    assert first.origin == "Debian package dataset-fashion-mnist through apt"
    assert first.directory == sources.cache_folder()
    assert cached_names() == [".lock", "origin.txt", *sorted(dataset.FASHION_MNIST_FILES)]
    for name, known in dataset.FASHION_MNIST_FILES.items():
        assert hashlib.sha256((first.directory / name).read_bytes()).hexdigest() == known.sha256
    second = locate()
    assert second.origin == f"cache of fashion_keras, from {first.origin}"
    assert second.files == first.files
    assert len(apt_serves) == 1


@as_fashion_mnist
def test_a_wrong_file_never_enters_the_cache(sample_dir, monkeypatch):
    def fetch(folder: Path, _say: fetching.Say) -> Path:
        copy_sample(sample_dir, folder)
        (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(b"<html>Please log in</html>")
        return folder

    monkeypatch.setattr(fetching, "_fetch_with_apt", fetch)
    with pytest.raises(DataError, match=r"through apt: .*t10k-labels-idx1-ubyte.gz is no IDX file.*<htm"):
        locate()
    assert cached_names() == [".lock"]


@as_fashion_mnist
def test_a_damaged_cached_file_is_told_and_replaced_or_removed_where_another_source_serves(sample_dir, apt_serves):
    damaged = locate().directory / "train-labels-idx1-ubyte"
    damaged.write_bytes(damaged.read_bytes()[:-100])
    said: list[str] = []
    assert load(locate(on_progress=said.append)).is_fashion_mnist
    assert said[0].startswith("removing a damaged file from the cache: ")
    assert str(damaged) in said[0]
    assert len(apt_serves) == 2
    damaged.write_bytes(b"damaged")
    copy_sample(sample_dir, fetching.DEBIAN_FOLDER)
    assert locate(offline=True).origin == "Debian package dataset-fashion-mnist"
    assert not damaged.exists()


@as_fashion_mnist
def test_an_interrupted_fetch_leaves_nothing(monkeypatch):
    def fetch(folder: Path, _say: fetching.Say) -> Path:
        (folder / "part.deb").touch()
        raise KeyboardInterrupt

    monkeypatch.setattr(fetching, "_fetch_with_apt", fetch)
    with pytest.raises(KeyboardInterrupt):
        locate()
    assert cached_names() == [".lock"]


@pytest.mark.parametrize("offline", [True, False])
def test_when_nothing_serves_every_place_is_named_with_its_reason_and_offline_nothing_is_fetched(monkeypatch, offline):
    if offline:
        monkeypatch.setattr(sources, "_fetch", lambda say, tried: pytest.fail("it was fetched"))
    with pytest.raises(DataError) as error:
        locate(offline=offline)
    message = str(error.value)
    assert message.count("no such folder") == 3
    assert message.count("no network in tests") == (0 if offline else 3)
    places = [sources.cache_folder(), fetching.DEBIAN_FOLDER, sources.keras_folder()]
    places += ["--offline forbids"] if offline else fetching.MIRRORS
    for place in [*places, "--data-dir", "FASHION_KERAS_DATA", "apt-get install dataset-fashion-mnist"]:
        assert str(place) in message


@as_fashion_mnist
@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_cache_is_one_clear_line(tmp_path, apt_serves):
    (tmp_path / "cache").mkdir(mode=0o500)
    with pytest.raises(DataError, match="the cache cannot be written: Permission denied"):
        locate()


@as_fashion_mnist
def test_a_cache_that_cannot_be_made_is_one_clear_line_and_a_local_source_is_used(sample_dir, tmp_path, apt_serves):
    (tmp_path / "cache").touch()  # a file where the folder should be: refused to root, too
    with pytest.raises(
        DataError, match=r"the cache cannot be written: [^\n]*; make room or move it with XDG_CACHE_HOME$"
    ):
        locate()
    assert not apt_serves
    copy_sample(sample_dir, fetching.DEBIAN_FOLDER)
    assert load(locate()).is_fashion_mnist


@as_fashion_mnist
def test_a_full_disk_is_one_clear_line_and_leaves_no_file(apt_serves, monkeypatch):
    def fail(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(DataError, match=r"the cache cannot be written: No space left on device[^\n]*$"):
        locate()
    assert cached_names() == [".lock"]


@as_fashion_mnist
def test_a_location_travels_and_is_verified_again(sample_dir, tmp_path):
    location = pickle.loads(pickle.dumps(locate(data_dir=copy_sample(sample_dir, tmp_path / "given", raw=True))))
    assert load(location).content_hash == location.content_hash
    (tmp_path / "given" / "t10k-labels-idx1-ubyte").unlink()
    with pytest.raises(DataError, match="t10k-labels-idx1-ubyte cannot be read: No such file"):
        load(location)


FETCH_SLOWLY = """
import sys, time
from dataclasses import replace
from pathlib import Path
from fashion_keras.data import dataset, idx, locate, fetching, sources

sample, log = Path(sys.argv[1]), Path(sys.argv[2])
for name in dataset.FASHION_MNIST_FILES:
    file = idx.read_file(sample / f"{name}.gz")
    dataset.FASHION_MNIST_FILES[name] = dataset.KnownFile(len(file.content), file.sha256)

def fetch(folder, say):
    with log.open("a") as lines:
        lines.write("fetched\\n")
    time.sleep(1.5)
    return sample

fetching._fetch_with_apt = fetch
print(locate(on_progress=print).directory)
"""


def test_of_two_processes_at_once_one_fetches_and_both_have_the_data(sample_dir, tmp_path):
    command = [sys.executable, "-c", FETCH_SLOWLY, str(sample_dir), str(tmp_path / "log")]
    processes = [
        subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, env=os.environ) for _ in range(2)
    ]
    outputs = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert all(output.splitlines()[-1] == str(sources.cache_folder()) for output in outputs)
    assert (tmp_path / "log").read_text() == "fetched\n"
    assert sum("waiting for it" in output for output in outputs) == 1


def test_only_what_loads_the_data_is_imported():
    check = "import sys, fashion_keras.data; print(*{name.partition('.')[0] for name in sys.modules})"
    output = subprocess.run([sys.executable, "-c", check], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert not {"tensorflow", "keras", "matplotlib", "pooch", "requests"} & set(output.stdout.split())


def test_data_sets_of_one_place_with_other_images_are_not_equal(sample_dataset: Dataset) -> None:
    images, labels = sample_dataset.train_images[:9], sample_dataset.train_labels[:9]
    assert len({sample_dataset, replace(sample_dataset, train_images=images, train_labels=labels)}) == 2
