"""Search results and listings, made by the usual tools over real trees of files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.benchmarks.compression.sources import Source, output
from tests.benchmarks.compression.workshop import Package, Workshop, lines_of

__all__ = ("SOURCES",)

_DJANGO: Final = Package("pypi", "django==5.2.6")
_NETWORKX: Final = Package("pypi", "networkx==2.6.3")
_RXJS: Final = Package("npm", "rxjs@7.8.2")
_ZOD: Final = Package("npm", "zod@3.25.76")
_LEVELDB: Final = Package("npm", "leveldown@6.1.1")
_SYMFONY: Final = Package("debian", "php-symfony-console")
_GIN: Final = Package("debian", "golang-github-gin-gonic-gin-dev")
_GIT_DOC: Final = Package("debian", "git-doc")
_ANDROID: Final = Package("npm", "@capacitor/android@8.5.2")
_ROOT: Final = Path(__file__).parents[4]
_LINES: Final = 1_500


def _in(package: Package, *command: str) -> Callable[[Workshop], str]:
    """Return a maker of what `command` prints in the folder of `package`."""

    def make(workshop: Workshop) -> str:
        return lines_of(workshop.run(*command, cwd=workshop.unpack(package)), 1, _LINES)

    return make


def _with(tool: str, package: Package, *arguments: str) -> Callable[[Workshop], str]:
    """Return a maker of what a tool that comes as a Debian package prints."""

    def make(workshop: Workshop) -> str:
        debian = {"rg": "ripgrep", "tree": "tree"}[tool]
        program = workshop.unpack(Package("debian", debian)) / "usr" / "bin" / tool
        shown = workshop.run(program, *arguments, cwd=workshop.unpack(package))
        return lines_of(shown, 1, _LINES)

    return make


def _git_grep(workshop: Workshop) -> str:
    safe = ("-c", f"safe.directory={_ROOT}")
    return workshop.run("git", *safe, "-C", _ROOT, "grep", "-n", "-E", r"raise \w+\(", "--", "*.py")


def _here(*command: str) -> Callable[[Workshop], str]:
    return lambda workshop: lines_of(workshop.run(*command), 1, _LINES)


SOURCES: Final[tuple[Source, ...]] = (
    output(
        "search",
        "grep/raise-value-error.txt",
        _in(_DJANGO, "grep", "-rn", "raise ValueError", "django"),
    ),
    output("search", "grep/todo.txt", _in(_DJANGO, "grep", "-rniE", "todo|fixme|xxx", "django")),
    output(
        "search",
        "grep/deprecated.txt",
        _in(_NETWORKX, "grep", "-rn", "--include=*.py", "deprecat", "networkx"),
    ),
    output(
        "search",
        "grep/context.txt",
        _in(_DJANGO, "grep", "-rn", "-C", "3", "def get_queryset", "django"),
    ),
    output(
        "search",
        "grep/after.txt",
        _in(_NETWORKX, "grep", "-rn", "-A", "4", "@not_implemented_for", "networkx/algorithms"),
    ),
    output("search", "grep/files.txt", _in(_DJANGO, "grep", "-rl", "import settings", "django")),
    output("search", "grep/counts.txt", _in(_DJANGO, "grep", "-rc", "self", "django/db")),
    output("search", "grep/no-numbers.txt", _in(_SYMFONY, "grep", "-r", "throw new", "usr")),
    output("search", "grep/header.txt", _in(_LEVELDB, "grep", "-rnw", "Status", "package/deps")),
    output("search", "grep/manual.txt", _in(_GIT_DOC, "grep", "-rn", "submodule", "usr/share/doc")),
    output(
        "search",
        "rg/heading.txt",
        _with("rg", _RXJS, "--heading", "-n", "--sort", "path", "Subscriber", "package/src"),
    ),
    output(
        "search",
        "rg/columns.txt",
        _with(
            "rg",
            _ZOD,
            "--no-heading",
            "-n",
            "--column",
            "--sort",
            "path",
            "ZodIssueCode",
            "package/src",
        ),
    ),
    output(
        "search",
        "rg/context.txt",
        _with("rg", _GIN, "--heading", "-n", "-C", "2", "--sort", "path", r"c\.Abort", "."),
    ),
    output(
        "search",
        "rg/java.txt",
        _with("rg", _ANDROID, "-n", "--sort", "path", r"catch \(\w+", "package"),
    ),
    output(
        "search",
        "rg/count.txt",
        _with("rg", _RXJS, "-c", "--sort", "path", "Observable", "package/src"),
    ),
    output(
        "search",
        "rg/vimgrep.txt",
        _with(
            "rg",
            _NETWORKX,
            "--vimgrep",
            "--sort",
            "path",
            "nodes_iter|edges_iter|weight=",
            "networkx/algorithms/shortest_paths",
        ),
    ),
    output("search", "git/grep.txt", _git_grep),
    output("search", "find/python.txt", _in(_DJANGO, "find", "django", "-name", "*.py")),
    output(
        "search",
        "find/ls.txt",
        _in(_LEVELDB, "find", "package", "-type", "f", "-size", "+4k", "-ls"),
    ),
    output(
        "search",
        "find/printf.txt",
        _in(_ZOD, "find", ".", "-type", "f", "-printf", "%s %TY-%Tm-%Td %p\\n"),
    ),
    output("search", "find/documents.txt", _here("find", "/usr/share/doc", "-name", "README*")),
    output("search", "ls/recursive.txt", _in(_RXJS, "ls", "-R", "package/src")),
    output("search", "ls/long.txt", _here("ls", "-la", "/usr/bin")),
    output("search", "ls/long-recursive.txt", _in(_SYMFONY, "ls", "-lR", "usr")),
    output("search", "tree/plain.txt", _with("tree", _ANDROID, "--noreport", "package")),
    output("search", "tree/sizes.txt", _with("tree", _DJANGO, "-s", "-L", "4", "django/contrib")),
)
