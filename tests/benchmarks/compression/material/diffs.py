"""Diffs between real versions: of packages, of this repository, of lock files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.benchmarks.compression.sources import Source, output
from tests.benchmarks.compression.workshop import Missing, Package, Workshop

__all__ = ("SOURCES",)

_ROOT: Final = Path(__file__).parents[4]
_LIMIT: Final = 250_000
# Registry, package, older and newer version, and the part of it that is compared.
_PAIRS: Final = (
    ("npm", "express", "4.18.0", "4.18.2", "."),
    ("npm", "commander", "11.0.0", "11.1.0", "."),
    ("npm", "fastify", "5.5.0", "5.6.0", "."),
    ("npm", "zod", "3.22.3", "3.22.4", "."),
    ("npm", "mime-db", "1.53.0", "1.54.0", "."),
    ("npm", "chart.js", "4.4.2", "4.4.3", "package/dist"),
    ("npm", "d3-array", "3.1.1", "3.2.0", "package/src"),
    ("npm", "cordova-android", "14.0.0", "14.0.1", "."),
    ("npm", "@capacitor/android", "7.0.0", "7.1.0", "."),
    ("npm", "@capacitor/ios", "6.0.0", "6.1.0", "."),
    ("npm", "react-native-screens", "4.9.1", "4.10.0", "package/android"),
    ("npm", "tree-sitter", "0.21.0", "0.21.1", "package/src"),
    ("pypi", "rich", "13.9.3", "13.9.4", "."),
    ("pypi", "httpx", "0.27.2", "0.28.0", "."),
    ("pypi", "click", "8.1.7", "8.1.8", "."),
    ("pypi", "requests", "2.31.0", "2.32.0", "."),
    ("pypi", "attrs", "23.2.0", "24.1.0", "attr"),
    ("pypi", "pytest", "8.3.3", "8.3.4", "."),
    ("pypi", "networkx", "3.2", "3.2.1", "networkx"),
    ("pypi", "django", "5.2.5", "5.2.6", "."),
    ("pypi", "sqlalchemy", "2.0.41", "2.0.42", "sqlalchemy/orm"),
)


def _pair(workshop: Workshop, index: int) -> tuple[Path, Path]:
    registry, name, old, new, part = _PAIRS[index]
    mark = "==" if registry == "pypi" else "@"
    before = workshop.unpack(Package(registry, f"{name}{mark}{old}")) / part
    after = workshop.unpack(Package(registry, f"{name}{mark}{new}")) / part
    folder = workshop.fresh("diff")
    (folder / "a").symlink_to(before.resolve())
    (folder / "b").symlink_to(after.resolve())
    return before, after


def _between(index: int, *options: str) -> Callable[[Workshop], str]:
    """Return a maker of what git shows between the versions of pair `index`."""

    def make(workshop: Workshop) -> str:
        before, after = _pair(workshop, index)
        repository = workshop.fresh("repository")
        git = ("git", "-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-C", repository)
        workshop.run("git", "init", "-q", repository)
        for folder, message in ((before, "Import"), (after, "Update")):
            workshop.run("git", "-C", repository, "rm", "-rqf", "--ignore-unmatch", ".")
            workshop.run("cp", "-r", f"{folder}/.", repository)
            workshop.run(*git, "add", "-A")
            workshop.run(*git, "commit", "-qm", message)
        return _cut(workshop.run(*git, *(options or ("diff", "-M", "HEAD~", "HEAD"))))

    return make


def _plain(index: int) -> Callable[[Workshop], str]:
    def make(workshop: Workshop) -> str:
        before, after = _pair(workshop, index)
        folder = workshop.fresh("plain")
        workshop.run("cp", "-r", before, folder / "old")
        workshop.run("cp", "-r", after, folder / "new")
        return _cut(workshop.run("diff", "-ruN", "old", "new", cwd=folder))

    return make


def _history(*options: str) -> Callable[[Workshop], str]:
    """Return a maker of what git shows of the history of this repository."""

    def make(workshop: Workshop) -> str:
        safe = ("-c", f"safe.directory={_ROOT}")
        shown = workshop.run("git", *safe, "-C", _ROOT, "log", "--no-color", "-M", *options)
        if shown.startswith("fatal:"):
            raise Missing("this is not a git checkout")
        return _cut(shown)

    return make


def _cut(text: str) -> str:
    """Cut a diff at the last whole file below the limit."""
    if len(text) <= _LIMIT:
        return text
    end = text.rfind("\ndiff ", 0, _LIMIT)
    return text[: end + 1] if end > 0 else text[: text.rfind("\n", 0, _LIMIT) + 1]


SOURCES: Final[tuple[Source, ...]] = (
    *(
        output("diff", f"{pair[1]}/{pair[2]}-{pair[3]}.diff", _between(index))
        for index, pair in enumerate(_PAIRS)
    ),
    output("diff", "plain/click.patch", _plain(14)),
    output("diff", "plain/d3-array.patch", _plain(6)),
    output(
        "diff", "git/format-patch.patch", _between(12, "format-patch", "--stdout", "-1", "HEAD")
    ),
    output("diff", "git/show-u10.diff", _between(1, "show", "-U10", "--stat", "-p", "HEAD")),
    output("diff", "git/log-p-reverse.diff", _history("-p", "--reverse", "-3", "--", "sharedctx")),
    output("diff", "git/log-p-tests.diff", _history("-p", "--stat", "-4", "--", "tests/unit")),
    output("diff", "git/log-p-manifest.diff", _history("-p", "--", "pyproject.toml")),
)
