"""Custom code: a user's function, `module:function`, found, checked and hashed without being run, and imported to run.

Its hash is part of a run's identity: another function must not pass for this one because it has the same name.
"""

import hashlib
import importlib
import importlib.util
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

from fashion_keras.config.catalogue import REQUIRED, Signature, suggest
from fashion_keras.config.python_source import options_of, read_source, uses_name
from fashion_keras.errors import ConfigError, UserError

__all__ = [
    "CustomFunction", "add_folders", "custom_folders", "describe_error", "find_function", "import_function",
    "is_custom_name", "is_reading", "load_function", "reading",
]  # fmt: skip

_ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "model": ("image_shape", "num_classes"),
    "trainer": ("seed",),
    "loss": ("labels", "logits"),
    "optimizer": (),
    "callbacks": (),
    "space": ("hp",),
}
"""What a custom function of each kind takes by position, before its options."""

_NAME = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z_]\w*)", re.ASCII)
_INSTALLED = {"site-packages", "dist-packages"}
_PACKAGE_FOLDER = Path(__file__).resolve().parents[1]

_folders: dict[str, None] = {}
_imported: dict[str, str] = {}
_is_reading = False


@dataclass(frozen=True)
class CustomFunction:
    """A user's function.

    Attributes:
        module, function: Its name's two parts.
        path: The file that defines it.
        folder: The folder on Python's path that holds the module, or its outermost package.
        files: That file and every one that it imports, directly or not, from its own folder and those below.
        source: SHA-256 of the contents of `files` and of where they lie in the folder.
        signature: The options that it takes.
        takes_seed: Whether it takes the run's seed, too.
    """

    module: str
    function: str
    path: Path
    folder: Path
    files: tuple[Path, ...]
    source: str
    signature: Signature
    takes_seed: bool


@contextmanager
def reading() -> Iterator[None]:
    """Run a user's file for what it defines: what it does besides, such as a comparison, is not meant meanwhile."""
    global _is_reading
    before, _is_reading = _is_reading, True
    try:
        yield
    finally:
        _is_reading = before


def is_reading() -> bool:
    """Whether a user's file is being read: its own `main(EXPERIMENT)` has nothing to do then."""
    return _is_reading


def is_custom_name(name: str) -> bool:
    """Whether a name is of a custom function."""
    return ":" in name


def find_function(kind: str, name: str) -> CustomFunction:
    """Find the function that a name such as `my_network:build` means, on Python's path, without importing it.

    Args:
        kind: What it makes: `"model"`, `"trainer"`, `"loss"`, `"optimizer"`, `"callbacks"` or a search's `"space"`.
        name: Module and function.

    Raises:
        ConfigError: There is no such module or function, its file is no Python, or it does not take the arguments.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise ConfigError(f"a custom function is module:function, such as my_network:build; got {name!r}")
    module, function = match.groups()
    path, folder = _find_module(module)
    functions = read_source(path).functions
    if function not in functions:
        has = f"a function there is {suggest(function, functions)}" if functions else "it defines none"
        raise ConfigError(f"{path} defines no function {function}; {has}")
    definition, arguments = functions[function], _ARGUMENTS[kind]
    if len(definition.args.posonlyargs) + len(definition.args.args) < len(arguments):
        raise ConfigError(
            f"{path}, line {definition.lineno}: {function} must take {' and '.join(arguments)}, and then its options"
        )
    options = options_of(definition, len(arguments))
    if kind == "space" and (other := [name for name, option in options.items() if option.default is REQUIRED]):
        raise ConfigError(f"{path}, line {definition.lineno}: {function} must take hp alone, got {other[0]} besides")
    if kind == "optimizer" and "learning_rate" in options and not uses_name(definition, "learning_rate"):
        raise ConfigError(
            f"{path}, line {definition.lineno}: {function} does not use its learning_rate, so that all rates are one: "
            "pass it on, or `del learning_rate` where the optimizer has none"
        )
    takes_seed = options.pop("seed", None) is not None
    files = tuple(sorted(_imported_files(path, module, folder)))
    lines = [f"{file.relative_to(folder).as_posix()} {read_source(file).sha256}\n" for file in files]
    source = hashlib.sha256("".join(lines).encode()).hexdigest()
    _folders[str(folder)] = None
    signature = Signature(options, is_open=definition.args.kwarg is not None, source=source)
    return CustomFunction(module, function, path, folder, files, source, signature, takes_seed)


def import_function(custom: CustomFunction) -> Callable[..., Any]:
    """Import a function as its files are now; what this process has imported of an earlier state is forgotten.

    Raises:
        Exception: Whatever its module raises.
    """
    if _imported.get(custom.module) != custom.source:
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            is_custom = name == custom.module or (file is not None and Path(file).resolve() in custom.files)
            if is_custom and name not in ("__main__", "__mp_main__"):
                del sys.modules[name]
        importlib.invalidate_caches()
    with reading():
        module = importlib.import_module(custom.module)
    _imported[custom.module] = custom.source
    return getattr(module, custom.function)


def load_function(kind: str, name: str, source: str) -> tuple[CustomFunction, Callable[..., Any]]:
    """Find and import a custom function.

    Args:
        kind, name: As in `find_function`.
        source: The hash that its source must still have.

    Returns:
        What it is, and the function itself, whose errors are a `ConfigError`: one line with the file and the line.

    Raises:
        ConfigError: Its source has changed, or its import fails.
    """
    custom = find_function(kind, name)
    if custom.source != source:
        raise ConfigError(f"{custom.path}, or what it imports, has changed since the comparison began; start it again")

    def call(function: Callable[..., Any], *values: Any, **options: Any) -> Any:
        try:
            return function(*values, **options)
        except (Exception, SystemExit) as error:
            raise ConfigError(f"{name} failed: {describe_error(error)}") from error

    return custom, partial(call, call(import_function, custom))


def custom_folders() -> tuple[str, ...]:
    """Return the folders that this process found custom functions in, for workers elsewhere."""
    return tuple(_folders)


def add_folders(folders: Sequence[str]) -> None:
    """Put folders at the front of Python's path, where they are not on it."""
    sys.path[:0] = [folder for folder in folders if folder not in sys.path]


def describe_error(error: BaseException, folder: Path | None = None) -> str:
    """Return one line for an error, of a user's code with the file and the line where it went wrong.

    Args:
        error: What was raised.
        folder: That of the user's code, of whose calls the last one is named; None is `custom_folders`.
    """
    if isinstance(error, SyntaxError):
        return f"{_short(error.filename or '')}, line {error.lineno}: {error.msg}"
    text = (str(error).strip() or "no message").splitlines()[0]
    reason = text if isinstance(error, UserError) else f"{type(error).__name__}: {text}"
    folders = [folder] if folder else [*map(Path, _folders)]
    calls = traceback.extract_tb(error.__traceback__)
    frames = [frame for frame in calls if any(_is_in(frame.filename, each) for each in folders)]
    return f"{_short(frames[-1].filename)}, line {frames[-1].lineno}: {reason}" if frames else reason


def _find_module(module: str) -> tuple[Path, Path]:
    """Return a module's file and the folder on Python's path that holds it, or its outermost package."""
    places: Sequence[str] | None = None
    spec, parts = None, module.split(".")
    for number in range(1, len(parts) + 1):
        spec = _find_spec(".".join(parts[:number]), places)
        if spec is None:
            raise ConfigError(
                f"there is no module {'.'.join(parts[:number])} beside what names it or elsewhere on Python's path"
            )
        places = spec.submodule_search_locations
    if spec is None or not spec.has_location or not str(spec.origin).endswith(".py"):
        raise ConfigError(f"the module {module} must be a Python file, got {spec and spec.origin}")
    path = Path(str(spec.origin)).resolve()
    return path, path.parents[len(parts) - (0 if path.name == "__init__.py" else 1)]


def _find_spec(name: str, places: Sequence[str] | None) -> ModuleSpec | None:
    # Not importlib.util.find_spec: of a module in a package, it imports the package.
    for finder in sys.meta_path:
        if spec := finder.find_spec(name, places):
            return spec
    return None


def _imported_files(path: Path, module: str, folder: Path) -> set[Path]:
    """Return a module's file and those that it imports out of its folder, as far as its source states them.

    Of what is installed, only the modules of its own package count: the other packages have versions.
    """
    is_installed = bool(_INSTALLED & set(folder.parts))
    found: set[Path] = set()
    waiting = [*_module_files(module, folder), path]
    while waiting:
        file = waiting.pop()
        if file in found or file.is_relative_to(_PACKAGE_FOLDER):
            continue
        found.add(file)
        package = ".".join(file.relative_to(folder).parts[:-1])
        for name, member in read_source(file).imports(package):
            if not is_installed or name.split(".")[0] == module.split(".")[0]:
                waiting += _module_files(f"{name}.{member}" if member else name, folder)
    return found


def _module_files(module: str, folder: Path) -> Iterator[Path]:
    """Yield the files that the import of a module, or of a name out of one, runs, as far as they lie in a folder."""
    parts = module.split(".")
    for number in range(1, len(parts) + 1):
        place = folder.joinpath(*parts[:number])
        yield from (file for file in (place / "__init__.py", place.with_name(f"{place.name}.py")) if file.is_file())


def _is_in(filename: str, folder: Path) -> bool:
    path = Path(filename).resolve()
    installed = bool(_INSTALLED & set(path.parts)) or path.is_relative_to(_PACKAGE_FOLDER)
    return not filename.startswith("<") and path.is_relative_to(folder.resolve()) and not installed


def _short(filename: str) -> str:
    """Return a path as seen from the current directory, where it lies below it."""
    path = Path(filename).resolve()
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
