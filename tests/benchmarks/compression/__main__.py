"""``python -m tests.benchmarks.compression``: tokens saved and facts kept, kind by kind.

Every document of the corpus is compressed as a worker does it with the default profile; probes made
from the original alone ask what a reader of the rendition can still tell. Beside it: the beginning
of the document in as many tokens, and with ``--peer`` another compressor. The corpus is built the
first time (see the module `corpus`). A third of it, chosen by hash, is the test split: do not look
at its documents to make anything better.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import get_args

from sharedctx import tokens
from sharedctx_workers.prose.loading import TextBackend
from tests.benchmarks.compression import report
from tests.benchmarks.compression.corpus import default_folder, load
from tests.benchmarks.compression.documents import KINDS, CorpusDocument
from tests.benchmarks.compression.peer import running_peer
from tests.benchmarks.compression.probes import make_probes
from tests.benchmarks.compression.scores import Score, score
from tests.benchmarks.compression.systems import (
    PROFILE,
    VERBATIM,
    Rendition,
    ours,
    truncated,
)


def _measure(
    document: CorpusDocument, others: Mapping[str, Rendition], text_backend: TextBackend
) -> list[Score]:
    """Return the scores of all systems on `document`; runs in a process of its own."""
    total = tokens.load(PROFILE.encoding).count(document.text)
    probes = make_probes(document)
    rendition = ours(document.text, text_backend)
    renditions = [rendition, truncated(document.text, rendition.tokens)]
    if text_backend != "none":
        renditions.append(ours(document.text, "none", VERBATIM))
    if document.name in others:
        renditions.append(others[document.name])
    return [score(document, total, each, probes) for each in renditions]


def measure(
    documents: Sequence[CorpusDocument],
    others: Mapping[str, Rendition],
    jobs: int,
    text_backend: TextBackend,
) -> list[Score]:
    """Return the scores of all `documents`, measured in `jobs` processes."""
    work = partial(_measure, others=others, text_backend=text_backend)
    if jobs == 1:
        return [each for document in documents for each in work(document)]
    with ProcessPoolExecutor(jobs) as pool:
        return [each for scores in pool.map(work, documents) for each in scores]


def _show(document: CorpusDocument, text_backend: TextBackend) -> None:
    rendition = ours(document.text, text_backend)
    print(rendition.text)
    total = tokens.load(PROFILE.encoding).count(document.text)
    result = score(document, total, rendition, make_probes(document))
    print(f"\n{document.name}: {result.label}, {total} -> {result.tokens} tokens")
    print(f"must {result.must}, information {result.information}, {result.seconds:.2f} s")
    print(f"{len(result.missed)} must-probes missed")
    for each in result.missed:
        print("  missed", each)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.compression",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--corpus", type=Path, default=default_folder(), help="cache folder")
    parser.add_argument("--kind", choices=KINDS, action="append", help="only this kind; repeatable")
    parser.add_argument("--split", choices=("dev", "test", "all"), default="all")
    parser.add_argument("--document", metavar="NAME", help="show its rendition and what it misses")
    parser.add_argument("--worst", type=int, default=3, help="documents per kind to name (dev)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the scores there")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw saved by recall there")
    parser.add_argument(
        "--text-backend",
        choices=get_args(TextBackend),
        default="student",
        help="what words of prose are dropped by; beside it, without dropping words: verbatim",
    )
    parser.add_argument("--peer", action="store_true", help="compare with headroom-ai as well")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    return parser.parse_args()


def main() -> None:
    """Measure, and print the report."""
    arguments = _arguments()
    documents = load(arguments.corpus)
    if arguments.document:
        named = [each for each in documents if each.name == arguments.document]
        if not named:
            raise SystemExit(f"no document is called {arguments.document!r}")
        _show(named[0], arguments.text_backend)
        return
    documents = [
        each
        for each in documents
        if each.kind in (arguments.kind or KINDS)
        and (arguments.split == "all" or each.test is (arguments.split == "test"))
    ]
    others: Mapping[str, Rendition] = {}
    if arguments.peer:
        with running_peer(arguments.corpus) as peer:
            others = peer.renditions(documents)
    scores = measure(documents, others, arguments.jobs, arguments.text_backend)
    print(*report.table(scores), sep="\n")
    print("\nworst of the dev split:")
    print(*report.worst_documents(scores, arguments.worst), sep="\n")
    if arguments.json:
        report.write_json(scores, arguments.json)
    if arguments.plot:
        report.draw(scores, arguments.plot)


if __name__ == "__main__":
    main()
