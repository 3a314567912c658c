"""The public surface: every module says what it offers, and what takes several arguments says what they are."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "fashion_keras"
DOCUMENTED_FROM = 3  # arguments


def public_modules() -> list[Path]:
    """Return the modules whose names do not begin with an underscore."""
    return [path for path in sorted(PACKAGE.rglob("*.py")) if path.name == "__init__.py" or path.name[0] != "_"]


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """Yield the public functions of a module, and the public methods of its public classes."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from (each for each in node.body if isinstance(each, ast.FunctionDef) and each.name[0] != "_")
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node


def arguments_of(function: ast.FunctionDef) -> list[str]:
    given = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return [argument.arg for argument in given if argument.arg not in ("self", "cls") and argument.arg[0] != "_"]


def documented_in(text: str) -> set[str]:
    """Return the names under `Args:` (`low, high: ...`), and those in backticks."""
    section = re.search(r"^Args:\n((?:[ ].*\n?|\n)+)", text, re.MULTILINE)
    heads = re.findall(r"^    ([\w*, ]+):", section[1], re.MULTILINE) if section else []
    return {name.strip(" *") for head in heads for name in head.split(",")} | set(re.findall(r"`(\w+)`", text))


def missing_arguments(function: ast.FunctionDef) -> set[str]:
    """Return what a function of several arguments says nothing of, unless it names another that has the same."""
    names, text = arguments_of(function), ast.get_docstring(function) or ""
    is_exempt = len(names) < DOCUMENTED_FROM or re.search(r"arguments (and elements )?(are|as)\b", text)
    return set() if is_exempt else set(names) - documented_in(text)


@pytest.mark.parametrize("path", public_modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_module_names_its_public_surface_and_documents_its_arguments(path: Path) -> None:
    tree = ast.parse(path.read_text())
    defined = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[0] != "_"]
    assigned = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    assert not defined or "__all__" in map(ast.unparse, assigned), "no __all__"
    undocumented = {function.name: missing for function in functions(tree) if (missing := missing_arguments(function))}
    assert not undocumented
    assert (ast.get_docstring(tree) or "").partition(" ")[0] not in ("What", "How", "Where", "When", "Why"), (
        "no noun first"
    )
