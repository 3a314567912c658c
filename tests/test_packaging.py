"""What is built and installed: declarations that can be checked at once, and real builds for `-m network`."""

import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import entry_points
from itertools import chain
from pathlib import Path

import pytest

import fashion_keras
from fashion_keras.__main__ import start

PROJECT = Path(__file__).parents[1]
PACKAGE = PROJECT / "fashion_keras"
SETTINGS = tomllib.loads((PROJECT / "pyproject.toml").read_text())
EXTRAS = SETTINGS["project"]["optional-dependencies"]

# Not part of a source distribution: what serves the repository itself.
REPOSITORY_FILES = re.compile(r"\.ci/|\.git|\.github/")


def name_of(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9_.-]", requirement)[0].lower()


def test_the_citation_has_the_package_s_version_and_licence() -> None:
    citation = dict(re.findall(r"^([\w-]+): (.+)$", (PROJECT / "CITATION.cff").read_text(), re.MULTILINE))
    assert citation["cff-version"] == "1.2.0"
    assert (citation["version"], citation["license"]) == (fashion_keras.__version__, SETTINGS["project"]["license"])
    assert citation["abstract"] == SETTINGS["project"]["description"]


def test_the_console_command_is_installed() -> None:
    found = entry_points(group="console_scripts", name="fashion-keras")
    assert {entry.load() for entry in found} == {start}


def test_every_folder_of_modules_is_a_package() -> None:
    folders = {path.parent for path in PACKAGE.rglob("*.py") if "pretrained" not in path.parts}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def test_every_file_beside_the_modules_is_declared_as_package_data() -> None:
    patterns = SETTINGS["tool"]["setuptools"]["package-data"]
    declared = {
        path
        for package, globs in patterns.items()
        for glob in globs
        for path in PROJECT.joinpath(*package.split(".")).glob(glob)
    }
    beside = {path for path in PACKAGE.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")}
    assert beside - declared == set()
    assert PACKAGE / "py.typed" in declared


def test_every_extra_that_a_person_is_told_to_install_is_there() -> None:
    texts = [*PACKAGE.rglob("*.py"), *PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md")]
    told = {name for path in texts for name in re.findall(r"fashion-keras\[(\w+)\]", path.read_text())}
    assert {"ray", "onnx"} <= told <= set(EXTRAS)


def test_what_the_tests_need_has_one_tried_version() -> None:
    lines = (PROJECT / "constraints.txt").read_text().splitlines()
    tried = [name_of(line.partition("==")[0]) for line in lines if not line.startswith("#")]
    assert len(tried) == len(set(tried))
    needed = {name_of(each) for each in chain(SETTINGS["project"]["dependencies"], *EXTRAS.values())}
    assert needed - {name_of(SETTINGS["project"]["name"])} <= set(tried)


def run(*words: object, cwd: Path) -> str:
    done = subprocess.run([str(word) for word in words], cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment that sees what is installed here, but for the package itself."""
    room = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", room, cwd=room)
    folder = next(room.glob("lib/python*/site-packages"))
    (folder / "outer.pth").write_text(str(Path(pytest.__file__).parents[1]) + "\n")
    run(room / "bin" / "python", "-m", "pip", "install", "-q", "build", cwd=room)
    return room / "bin" / "python"


def source_copy(folder: Path) -> Path:
    """A copy of the tracked files: building in the checkout would leave folders there."""
    run("git", "checkout-index", "--all", f"--prefix={folder}/source/", cwd=PROJECT)
    return folder / "source"


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/RECORD")}


@pytest.mark.network
def test_a_source_distribution_is_whole_and_makes_the_same_wheel(python: Path, tmp_path: Path) -> None:
    source = source_copy(tmp_path)
    run(python, "-m", "build", "-o", tmp_path / "both", source, cwd=tmp_path)  # the wheel from the distribution
    run(python, "-m", "build", "-w", "-o", tmp_path / "direct", source, cwd=tmp_path)
    (from_distribution,), (direct,) = (list((tmp_path / name).glob("*.whl")) for name in ("both", "direct"))
    assert contents(from_distribution) == contents(direct)
    listed = run("tar", "tzf", next(tmp_path.glob("both/*.tar.gz")), cwd=tmp_path).splitlines()
    present = {line.partition("/")[2] for line in listed}
    tracked = run("git", "ls-files", cwd=PROJECT).splitlines()
    assert [path for path in tracked if path not in present and not REPOSITORY_FILES.match(path)] == []


@pytest.mark.network
@pytest.mark.parametrize("options", [[], ["-e"]], ids=["copied", "editable"])
def test_an_installation_works_from_any_folder(python: Path, tmp_path: Path, options: list[str]) -> None:
    source = source_copy(tmp_path)
    run(python, "-m", "pip", "install", "-q", "--no-deps", "--ignore-installed", *options, source, cwd=tmp_path)
    place = Path(run(python, "-c", "import fashion_keras; print(fashion_keras.__path__[0])", cwd=tmp_path).strip())
    assert (place == source / "fashion_keras") is bool(options)
    assert "initializers" in run(python.parent / "fashion-keras", "list", cwd=tmp_path)
    assert (place / "py.typed").exists()
    models = "from fashion_keras.inference.shipped import shipped_models; print(*shipped_models())"
    assert run(python, "-c", models, cwd=tmp_path).split() == ["cnn", "fcn"]


def test_version_stands_in_one_place() -> None:
    assert SETTINGS["project"]["dynamic"] == ["version"]
    assert SETTINGS["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "fashion_keras.__version__"}
