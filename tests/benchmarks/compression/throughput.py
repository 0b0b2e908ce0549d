"""``python -m tests.benchmarks.compression.throughput``: megabytes per second beside the peer.

The whole job counts: parse, compress, count tokens (ours exactly, the peer estimates). Documents of
the corpus over 50 KB take turns in both systems in one run on one core, with fresh bytes for every
call, so that no cache helps; seconds are of CPU time, which other programs disturb little. With
``--linearity`` it measures seconds per megabyte from 50 KB to ``--largest`` instead.
"""

from __future__ import annotations

import argparse
import os
import statistics
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tests.benchmarks.compression import fresh
from tests.benchmarks.compression.corpus import default_folder, load
from tests.benchmarks.compression.documents import CorpusDocument
from tests.benchmarks.compression.peer import Peer, running_peer
from tests.benchmarks.compression.systems import ours
from tests.benchmarks.measure import interval

_KINDS: Final = ("json", "code", "log")
_LEAST: Final = 50_000
_TARGET: Final = 5.0
_SIZES: Final = (50_000, 200_000, 1_000_000, 5_000_000, 20_000_000)
_ONE_THREAD: Final = ("OMP_NUM_THREADS", "RAYON_NUM_THREADS", "TOKENIZERS_PARALLELISM")


def use_one_core() -> None:
    """Keep this process and its children on one core."""
    for name in _ONE_THREAD:
        os.environ[name] = "1"
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def compare(peer: Peer, documents: Sequence[CorpusDocument], rounds: int) -> Iterator[str]:
    """Yield a line for each kind: speeds, and the median of the ratios of the rounds."""
    for kind in _KINDS:
        large = [d for d in documents if d.kind == kind and len(d.text) >= _LEAST]
        megabytes = sum(len(each.text.encode()) for each in large) / 1e6
        own, other = [], []
        for number in range(rounds):
            first, second = _round(peer, large, number)
            own.append(first)
            other.append(second)
        ratios = [theirs / mine for theirs, mine in zip(other, own, strict=True)]
        low, high = interval(ratios)
        yield (
            f"{kind:6} {len(large):3} documents {megabytes:5.1f} MB  "
            f"ours {megabytes / statistics.median(own):6.2f} MB/s  "
            f"peer {megabytes / statistics.median(other):6.2f} MB/s  "
            f"ratio {statistics.median(ratios):5.2f} [{low:.2f}, {high:.2f}] (wanted: {_TARGET})"
        )


def _round(peer: Peer, documents: Sequence[CorpusDocument], number: int) -> tuple[float, float]:
    """Return the seconds of both systems for all `documents`; they take turns to go first."""
    own = other = 0.0
    for place, document in enumerate(documents):
        text = fresh.varied(document.text, (number, document.name))
        if (number + place) % 2:
            other += peer.put(text).seconds
            own += ours(text).seconds
        else:
            own += ours(text).seconds
            other += peer.put(text).seconds
    return own, other


def linearity(
    documents: Sequence[CorpusDocument], largest: int, path: Path | None
) -> Iterator[str]:
    """Yield a line for each kind with seconds per megabyte by size; draw them to `path`."""
    series = {}
    sizes = [size for size in _SIZES if size <= largest]
    yield f"{'s/MB':6} " + " ".join(f"{size / 1e6:8.2f}" for size in sizes) + " MB"
    for kind in fresh.SERIES_KINDS:
        points = []
        for size in sizes:
            text = fresh.enlarged(documents, kind, size)
            points.append(ours(text).seconds / (len(text.encode()) / 1e6))
        series[kind] = points
        yield f"{kind:6} " + " ".join(f"{point:8.3f}" for point in points)
    if path:
        _draw(sizes, series, path)


def _draw(sizes: Sequence[int], series: dict[str, list[float]], path: Path) -> None:
    import matplotlib as mpl  # noqa: PLC0415  # optional: the extra `bench`

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, axes = plt.subplots(figsize=(7, 4.5))
    for kind, points in series.items():
        axes.plot([size / 1e6 for size in sizes], points, marker="o", label=kind)
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("size, MB")
    axes.set_ylabel("seconds per MB")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.savefig(path, bbox_inches="tight", dpi=120)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.compression.throughput",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--corpus", type=Path, default=default_folder(), help="cache folder")
    parser.add_argument("--rounds", type=int, default=7, help="how often each document is compared")
    parser.add_argument("--linearity", action="store_true", help="measure ours by size instead")
    parser.add_argument("--largest", type=float, default=20, metavar="MB", help="of the series")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the series there")
    arguments = parser.parse_args()
    documents = load(arguments.corpus)
    use_one_core()
    ours(documents[0].text)
    if arguments.linearity:
        largest = int(arguments.largest * 1e6)
        for line in linearity(documents, largest, arguments.plot):
            print(line, flush=True)
        return
    with running_peer(arguments.corpus) as peer:
        for line in compare(peer, documents, arguments.rounds):
            print(line, flush=True)


if __name__ == "__main__":
    main()
