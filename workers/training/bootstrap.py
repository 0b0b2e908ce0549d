"""Confidence intervals of a difference between two methods on the same questions."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence

__all__ = ("paired_interval",)


def paired_interval(
    groups: Sequence[str],
    ours: Sequence[float],
    theirs: Sequence[float],
    *,
    rounds: int = 2000,
    seed: int = 7,
) -> tuple[float, float, float]:
    """Return the mean difference `ours - theirs` and the ends of its 95 % interval.

    Whole groups are drawn with replacement: questions about one document are alike, so they
    count less than as many questions about many.

    Args:
        groups: The document that each question is about.
        ours: Result of each question with one method.
        theirs: Result of the same question with the other.
        rounds: How many samples are drawn.
        seed: Of the draws.
    """
    sums: dict[str, float] = defaultdict(float)
    counts: dict[str, int] = defaultdict(int)
    for group, one, other in zip(groups, ours, theirs, strict=True):
        sums[group] += one - other
        counts[group] += 1
    names = sorted(sums)
    if not names:
        return 0.0, 0.0, 0.0
    choice = random.Random(seed)
    pairs = [(sums[name], counts[name]) for name in names]
    means = []
    for _ in range(rounds):
        drawn, sizes = zip(*choice.choices(pairs, k=len(pairs)), strict=True)
        means.append(sum(drawn) / sum(sizes))
    means.sort()
    mean = sum(sums.values()) / sum(counts.values())
    return mean, means[int(rounds * 0.025)], means[int(rounds * 0.975)]
