"""What the benchmark measures on: one document of the corpus."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

__all__ = ("KINDS", "CorpusDocument", "in_test_split")

KINDS: Final = ("json", "code", "log", "search", "diff", "table", "text", "mixed")


@dataclass(frozen=True, slots=True)
class CorpusDocument:
    """One document, as an agent would hand it over.

    Attributes:
        kind: One of `KINDS`. ``text`` is prose, manuals, Markdown and HTML made for reading.
        name: Stable and unique in the corpus, such as ``python/argparse.py``.
        text: The content.
        filename: What a user would give as a hint. The benchmark does not pass it on.
        test: Whether the document is in the test split, which nobody tunes on.
        parts: What a composed document was put together from, each verbatim in `text`.
    """

    kind: str
    name: str
    text: str
    filename: str | None = None
    test: bool = False
    parts: tuple[CorpusDocument, ...] = ()


def in_test_split(name: str) -> bool:
    """Return whether the document called `name` is in the test split: a third, chosen by hash."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) % 3 == 0
