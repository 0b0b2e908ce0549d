"""Ratios measured in interleaved blocks of one run, with confidence intervals.

Machines are noisy, so absolute times say little. Two operations take turns in short blocks, each
pair of blocks gives one ratio of medians, and the result is the median ratio with a bootstrap
interval over the pairs.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

__all__ = ("Comparison", "compare", "interval", "percentile", "timed")

Operation = Callable[[int], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Comparison:
    """How many times the anchor an operation takes.

    Attributes:
        ratio: Median over all pairs of blocks.
        low: Lower end of its 95 % confidence interval.
        high: Upper end.
        anchor_ms: Median time of the anchor, in milliseconds.
        ours_ms: Median time of the operation, in milliseconds.
    """

    ratio: float
    low: float
    high: float
    anchor_ms: float
    ours_ms: float


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` of `values` lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


async def timed(operation: Operation, numbers: range) -> list[float]:
    """Return the milliseconds that `operation` takes for each number, one after the other."""
    times = []
    for number in numbers:
        started = time.perf_counter()
        await operation(number)
        times.append((time.perf_counter() - started) * 1000)
    return times


async def compare(
    anchor: Operation,
    ours: Operation,
    *,
    blocks: int,
    per_block: int,
    before: Operation | None = None,
) -> Comparison:
    """Measure `ours` against `anchor` in `blocks` interleaved pairs of `per_block` calls each.

    `before` runs, not timed, before each block with the number of its first call.
    """
    ratios, anchors, all_ours = [], [], []
    for block in range(blocks):
        numbers = range(block * per_block, (block + 1) * per_block)
        results = {}
        # The order alternates, so that neither always profits from what the other warmed up.
        for operation in (anchor, ours) if block % 2 else (ours, anchor):
            if before is not None:
                await before(numbers.start)
            results[operation] = await timed(operation, numbers)
        anchors.append(statistics.median(results[anchor]))
        all_ours.append(statistics.median(results[ours]))
        ratios.append(all_ours[-1] / anchors[-1])
    low, high = interval(ratios)
    return Comparison(
        statistics.median(ratios),
        low,
        high,
        statistics.median(anchors),
        statistics.median(all_ours),
    )


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Return the 95 % bootstrap interval of the median of `values`."""
    source = random.Random(0)
    medians = [statistics.median(source.choices(values, k=len(values))) for _ in range(2000)]
    return percentile(medians, 0.025), percentile(medians, 0.975)
