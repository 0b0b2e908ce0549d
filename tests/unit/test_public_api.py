from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
from importlib.metadata import version

import pytest

import sharedctx
import sharedctx_workers
from sharedctx import errors

HEAVY = {
    "torch",
    "transformers",
    "tree_sitter",
    "numpy",
    "pydantic",
    "sharedctx_workers",
    "typer",
    "rich",
}


def modules() -> list[str]:
    return [
        module.name
        for package in (sharedctx, sharedctx_workers)
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if not module.name.endswith("__main__")
    ]


def check_all(name: str) -> None:
    """Check that ``__all__`` of a module names all it defines, and nothing else."""
    try:
        module = importlib.import_module(name)
    except errors.MissingExtra as error:  # checked again where agent frameworks are installed
        pytest.skip(str(error))
    source = inspect.getsource(module)
    defined = {
        node.name
        for node in ast.parse(source).body
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("_")
    }
    assert defined <= set(module.__all__), f"missing in __all__: {defined - set(module.__all__)}"
    assert all(hasattr(module, exported) for exported in module.__all__)


@pytest.mark.parametrize("name", modules())
def test_all_is_complete_and_sorted(name: str) -> None:
    check_all(name)


def test_importing_the_client_stays_light() -> None:
    probe = "import sys, sharedctx; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run(
        [sys.executable, "-c", probe], capture_output=True, text=True, check=True
    )
    assert not HEAVY & set(loaded.stdout.split())


def test_version_is_that_of_the_distribution() -> None:
    assert sharedctx.__version__ == version("sharedctx")
    with pytest.raises(AttributeError):
        sharedctx.no_such_name  # noqa: B018


def test_every_error_is_in_the_drawn_tree_and_names_its_place() -> None:
    for name in errors.__all__:
        kind = getattr(errors, name)
        assert issubclass(kind, errors.SharedContextError)
        assert name in (errors.__doc__ or "")
        error = kind(key="k", namespace="n")
        assert "(key 'k', namespace 'n')" in str(error)
        assert str(kind())
