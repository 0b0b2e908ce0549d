"""``python -m tests.benchmarks.compression.needles``: is the answer in the first 500 tokens?

Sixty questions over the corpus, answered as ``get(key, query=..., max_tokens=500)`` does. Failures
are named for the dev split only.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final

from sharedctx import reading
from sharedctx.reading import Rendition
from sharedctx_workers.pipeline import compress
from tests.benchmarks.compression.corpus import default_folder, load
from tests.benchmarks.compression.documents import KINDS, CorpusDocument
from tests.benchmarks.compression.needle_questions import Needle, make_needle
from tests.benchmarks.compression.systems import PROFILE

_TOKENS: Final = 500
_TARGET: Final = 0.95
# How many questions of each kind; kinds whose parts are asked for by name have more.
_SHARES: Final = {
    "json": 10,
    "code": 12,
    "log": 10,
    "search": 7,
    "diff": 4,
    "table": 8,
    "text": 6,
    "mixed": 3,
}


def questions(documents: Sequence[CorpusDocument]) -> Iterator[Needle]:
    """Yield sixty needles, spread over the documents of each kind."""
    for kind in KINDS:
        own = [each for each in documents if each.kind == kind]
        wanted = _SHARES[kind]
        for number in range(3):
            for document in _spread(own, wanted):
                needle = make_needle(document, number)
                if needle is not None and wanted:
                    wanted -= 1
                    yield needle


def _spread(documents: Sequence[CorpusDocument], count: int) -> list[CorpusDocument]:
    """Return the documents, first `count` of them that lie evenly apart."""
    step = max(1, len(documents) // max(1, count))
    return [*documents[::step], *(d for i, d in enumerate(documents) if i % step)]


def answer(needle: Needle) -> tuple[bool, str]:
    """Return whether the view for a question answers it, and the view."""
    original = needle.document.text
    record, body = compress(original, PROFILE)
    rendition = Rendition(record, body)
    view = reading._view(original, PROFILE, rendition, _TOKENS, needle.question)
    return needle.answered(view), view


def main() -> None:
    """Ask, and print the share that was answered."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.compression.needles", description=__doc__
    )
    parser.add_argument("--corpus", type=Path, default=default_folder(), help="cache folder")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--views", action="store_true", help="print the views that fail (dev)")
    arguments = parser.parse_args()
    needles = list(questions(load(arguments.corpus)))
    with ProcessPoolExecutor(arguments.jobs) as pool:
        answers = list(pool.map(answer, needles))
    for kind in (*KINDS, "all"):
        found = [
            right
            for needle, (right, _) in zip(needles, answers, strict=True)
            if kind in (needle.document.kind, "all")
        ]
        print(f"{kind:8} {sum(found):3} of {len(found):3}")
    share = sum(right for right, _ in answers) / len(answers)
    print(f"answered within {_TOKENS} tokens: {share:.1%} (wanted: {_TARGET:.0%})")
    for needle, (right, view) in zip(needles, answers, strict=True):
        if not right and not needle.document.test:
            print(f"missed: {needle.document.name}: {needle.question} -> {needle.answer}")
            if arguments.views:
                print(view)


if __name__ == "__main__":
    main()
