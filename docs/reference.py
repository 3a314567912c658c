"""Builds the API reference out of the docstrings: `scripts/docs` calls it, and says where the pages are.

python docs/reference.py [FOLDER]    (default: site; needs pdoc: pip install 'fashion-keras[docs]')
"""

import importlib
import pkgutil
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pdoc

import fashion_keras

# Command lines, whose reference is `fashion-keras --help`; models; and comparisons that wait for a pick of `tune`.
LEFT_OUT = tuple(f"fashion_keras.{name}" for name in ("cli", "commands", "__main__", "pretrained", "experiments.tuned"))


def main() -> int:
    """Write the pages."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "site")
    pdoc.render.configure(docformat="google", show_source=True)
    pdoc.pdoc(*modules(), output_directory=folder)
    for page in folder.rglob("*.html"):
        page.write_text(without_hidden_constructors(page.read_text()))
    print(f"Open {folder / 'index.html'}")
    return 0


def modules() -> Iterator[str]:
    """Yield every public module that pdoc does not find by itself: it goes no further than a package's `__all__`."""
    import_names(fashion_keras)
    yield "fashion_keras"
    for module in pkgutil.walk_packages(fashion_keras.__path__, "fashion_keras."):
        package, _, last = module.name.rpartition(".")
        is_found = not hasattr(sys.modules[package], "__all__")
        if not (is_found or last.startswith("_") or module.name.startswith(LEFT_OUT)):
            import_names(importlib.import_module(module.name))
            yield module.name


def import_names(module: ModuleType) -> None:
    """Import the public names of a module that does so when they are first asked for: pdoc looks at what is there."""
    for name in getattr(module, "__all__", ()):
        setattr(module, name, getattr(module, name))


def without_hidden_constructors(page: str) -> str:
    """Let links to constructors that a page does not show, those of abstract classes, lead to the classes."""
    shown = set(re.findall(r'id="(\w+\.__init__)"', page))
    return re.sub(
        r'href="#((\w+)\.__init__)"', lambda link: link[0] if link[1] in shown else f'href="#{link[2]}"', page
    )


if __name__ == "__main__":
    sys.exit(main())
