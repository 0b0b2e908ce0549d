"""What the agents of the demo hand to each other: real material that is on every machine."""

from __future__ import annotations

import configparser
import importlib.metadata
import inspect
import json
import stat
import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from pydoc_data.topics import topics
from typing import Any, Final

__all__ = ("FILES", "PACKAGES", "QUESTION", "README", "SOURCE", "TOPICS", "Material")

QUESTION: Final = "When is UnboundLocalError raised?"
"""A question whose answer stands somewhere in `TOPICS`."""
_TOPICS = ("execmodel", "objects", "attribute-access", "customization", "import", "try")
_MOST_FILES = 300
_READMES = ("rich", "typer", "structlog", "msgpack", "anyio", "tiktoken", "nats-py")


@dataclass(frozen=True, slots=True)
class Material:
    """Something to hand over.

    Attributes:
        key: The key that it goes under.
        title: What it is, in a few words.
        kind: What sort of content it is.
        make: Reads it from where it comes from. Every process gets the same text, so a reader can
            check what was handed over against the origin.
    """

    key: str
    title: str
    kind: str
    make: Callable[[], str]


def _files() -> str:
    """Return the answer of a tool that lists the files of the standard library, as JSON."""
    root = Path(sysconfig.get_path("stdlib"))
    rows = [_file(root, path) for path in _modules(root)]
    return json.dumps({"object": "list", "total": len(rows), "has_more": False, "data": rows})


def _modules(root: Path) -> Iterator[Path]:
    found = [*root.glob("*.py"), *root.glob("[a-z]*/*.py")]
    ours = (path for path in sorted(found) if not path.parent.name.endswith("-packages"))
    yield from list(ours)[:_MOST_FILES]


def _file(root: Path, path: Path) -> dict[str, Any]:
    status = path.stat()
    return {
        "path": path.relative_to(root).as_posix(),
        "type": "file",
        "mode": stat.filemode(status.st_mode),
        "owner": status.st_uid,
        "size": status.st_size,
        "modified": datetime.fromtimestamp(int(status.st_mtime), UTC).isoformat(),
    }


def _packages() -> str:
    """Return the metadata of every installed package, all fields but the long descriptions."""
    found = {
        each.metadata["Name"]: each.metadata.json for each in importlib.metadata.distributions()
    }
    rows = [
        {name: value for name, value in found[package].items() if name != "description"}
        for package in sorted(found)
    ]
    return json.dumps({"count": len(rows), "packages": rows})


def _topics() -> str:
    """Return chapters of the language reference that Python carries for `help()`."""
    return "\n\n".join(topics[name] for name in _TOPICS if name in topics)


def _readme() -> str:
    """Return the longest description among the packages that sharedctx builds on."""
    found = []
    for package in _READMES:
        try:
            metadata = importlib.metadata.metadata(package)
        except importlib.metadata.PackageNotFoundError:
            continue
        found.append(str(metadata.json.get("description", "")))
    return max(found, key=len)


FILES: Final = Material("research/files", "Files of the stdlib", "JSON", _files)
PACKAGES: Final = Material("research/packages", "Installed packages", "JSON", _packages)
TOPICS: Final = Material("research/language", "Language reference", "prose", _topics)
SOURCE: Final = Material(
    "code/configparser", "configparser.py", "source", lambda: inspect.getsource(configparser)
)
README: Final = Material("code/readme", "README of a package", "Markdown", _readme)
