"""``python -m tests.benchmarks.compression.corpus``: build the corpus on this machine.

The documents are real files of packages and real outputs of tools; nothing is committed. What a
machine cannot give is named and skipped. ``--corpus`` is the folder for packages, tools and
documents; the default is in the cache folder of the user.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from tests.benchmarks.compression.documents import KINDS, CorpusDocument
from tests.benchmarks.compression.material import (
    code,
    diffs,
    json_documents,
    logs,
    mixed,
    searches,
    tables,
    texts,
)
from tests.benchmarks.compression.sources import Source
from tests.benchmarks.compression.workshop import Missing, Workshop

__all__ = ("build", "default_folder", "load")

_SOURCES: Final[tuple[Source, ...]] = tuple(
    source
    for module in (json_documents, code, logs, searches, diffs, tables, texts, mixed)
    for source in module.SOURCES
)
_LOW, _HIGH = 2_300, 330_000
_SECRET_WORDS: Final = ("TOKEN", "SECRET", "PASSWORD", "KEY", "CREDENTIAL")


def default_folder() -> Path:
    """Return where the corpus is unless the user says otherwise."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "sharedctx" / "benchmark"


def load(folder: Path) -> list[CorpusDocument]:
    """Return the documents in `folder`; build them the first time."""
    index = folder / "documents.jsonl"
    if not index.exists():
        build(folder)
    with index.open(encoding="utf-8") as lines:
        return [_document(json.loads(line)) for line in lines]


def _document(fields: dict[str, Any]) -> CorpusDocument:
    return CorpusDocument(**{**fields, "parts": tuple(map(_document, fields["parts"]))})


def build(folder: Path, kinds: Sequence[str] = KINDS) -> list[str]:
    """Make the documents and write them to `folder`; return what is missing, in words."""
    workshop = Workshop(folder)
    missing: list[str] = []
    made = list(_make(workshop, [s for s in _SOURCES if s.label.split()[0] in kinds], missing))
    made += [each for each in mixed.compose(made) if _fits(each, missing)]
    made.sort(key=lambda each: (KINDS.index(each.kind), each.name))
    with (folder / "documents.jsonl").open("w", encoding="utf-8") as out:
        for each in made:
            out.write(json.dumps(asdict(each)) + "\n")
    return missing


def _make(
    workshop: Workshop, sources: Sequence[Source], missing: list[str]
) -> Iterator[CorpusDocument]:
    names: set[str] = set()
    for source in sources:
        try:
            documents = list(source.make(workshop))
        except Missing as error:
            missing.append(f"{source.label}: {error}")
            continue
        for each in documents:
            if each.name not in names and _fits(each, missing):
                names.add(each.name)
                yield each


def _fits(document: CorpusDocument, missing: list[str]) -> bool:
    """Whether a document has a useful size and nothing of the environment that is secret."""
    size = len(document.text.encode())
    if not _LOW <= size <= _HIGH:
        missing.append(f"{document.kind} {document.name}: {size} bytes are too few or too many")
        return False
    secrets = (
        value
        for name, value in os.environ.items()
        if len(value) > 7 and any(word in name.upper() for word in _SECRET_WORDS)
    )
    if any(value in document.text for value in secrets):
        missing.append(f"{document.kind} {document.name}: it holds a secret of this machine")
        return False
    return True


def main() -> None:
    """Build the corpus and say what is in it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=default_folder(), help="cache folder")
    parser.add_argument("--kind", choices=KINDS, action="append", help="only this kind")
    arguments = parser.parse_args()
    for line in build(arguments.corpus, arguments.kind or KINDS):
        print("missing", line, file=sys.stderr)
    documents = load(arguments.corpus)
    for kind in KINDS:
        splits = Counter(each.test for each in documents if each.kind == kind)
        size = sum(len(each.text) for each in documents if each.kind == kind)
        print(f"{kind:8} {splits[False]:3} dev {splits[True]:3} test {size / 1000:8.0f} KB")


if __name__ == "__main__":
    main()
