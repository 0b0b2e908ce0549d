"""How a document of the corpus comes about: a part of a package, or the output of a tool."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.compression.documents import CorpusDocument, in_test_split
from tests.benchmarks.compression.workshop import Missing, Package, Workshop

__all__ = ("Source", "document", "files", "output", "read_text")


@dataclass(frozen=True, slots=True)
class Source:
    """Something that gives documents, and its name in the report of what is missing."""

    label: str
    make: Callable[[Workshop], Iterable[CorpusDocument]]


def document(kind: str, name: str, text: str, filename: str | None = None) -> CorpusDocument:
    """Return a document, in the split that its name puts it in."""
    return CorpusDocument(kind, name, text, filename, in_test_split(name))


def output(
    kind: str, name: str, make: Callable[[Workshop], str], filename: str | None = None
) -> Source:
    """Return a source of one document: what `make` returns, such as the output of a tool."""

    def documents(workshop: Workshop) -> Iterator[CorpusDocument]:
        yield document(kind, name, make(workshop), filename)

    return Source(f"{kind} {name}", documents)


def files(
    kind: str,
    package: Package,
    pattern: str,
    *,
    count: int = 3,
    low: int = 6_000,
    high: int = 80_000,
) -> Source:
    """Return a source of `count` files of `package` that match `pattern`.

    Of the files between `low` and `high` bytes, those are taken whose paths hash lowest: nobody
    chooses them for what is in them.
    """

    def documents(workshop: Workshop) -> Iterator[CorpusDocument]:
        root = workshop.unpack(package)
        found = [path for path in root.glob(pattern) if path.is_file()]
        found = [path for path in found if low <= len(read_text(path).encode()) <= high]
        if not found:
            raise Missing(f"{package.spec} has no {pattern} of {low} to {high} bytes")
        found.sort(key=lambda path: hashlib.sha256(str(path.relative_to(root)).encode()).digest())
        for path in sorted(found[:count]):
            name = f"{package.name}/{path.relative_to(root).as_posix().removesuffix('.gz')}"
            filename = path.name.removesuffix(".gz")
            yield document(kind, name, read_text(path), filename)

    return Source(f"{kind} {package.spec} {pattern}", documents)


def read_text(path: Path) -> str:
    """Return the text of a file, which may be packed with gzip; empty when it is not text."""
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    try:
        return data.decode()
    except UnicodeDecodeError:
        return ""
