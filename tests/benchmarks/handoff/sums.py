"""Sums over the outcomes of a replay: by kind, by read, by fact, and times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Final

from tests.benchmarks.compression.documents import KINDS
from tests.benchmarks.handoff.replay import Outcome, Times
from tests.benchmarks.handoff.swarm import NOTE
from tests.benchmarks.measure import percentile

__all__ = ("Fidelity", "Moved", "fidelity", "moved", "moved_by_kind", "reads", "times")

_TIMES: Final = tuple(each.name for each in fields(Times))


@dataclass(frozen=True, slots=True)
class Moved:
    """What handoffs moved into the contexts of their receivers.

    Attributes:
        handoffs: How many.
        contents: How many different things were handed over.
        without: Tokens without sharedctx.
        renditions: Tokens of the renditions that were read first.
        followups: Tokens of all other reads, and of asking for them.
        bytes_without: UTF-8 bytes of the texts, without sharedctx.
        bytes_with: The same with it.
    """

    handoffs: int
    contents: int
    without: int
    renditions: int
    followups: int
    bytes_without: int
    bytes_with: int

    @property
    def with_it(self) -> int:
        """All tokens with sharedctx."""
        return self.renditions + self.followups

    @property
    def ratio(self) -> float:
        """Tokens with sharedctx, as a share of those without."""
        return self.with_it / self.without if self.without else 0.0


@dataclass(frozen=True, slots=True)
class Fidelity:
    """How many facts were asked for, and how many of them each step told.

    Attributes:
        asked: Facts that receivers needed.
        rendition: Told by the rendition.
        query: Told by that or by the answer to a question; the original tells the rest.
    """

    asked: int
    rendition: int
    query: int


def moved(outcomes: Sequence[Outcome]) -> Moved:
    """Add up `outcomes`."""
    return Moved(
        handoffs=len(outcomes),
        contents=len({each.handoff.content.key for each in outcomes}),
        without=sum(each.original_tokens for each in outcomes),
        renditions=sum(each.rendition_tokens for each in outcomes),
        followups=sum(each.followup_tokens for each in outcomes),
        bytes_without=sum(each.original_size for each in outcomes),
        bytes_with=sum(
            each.rendition_size + sum(read.size for read in each.reads) for each in outcomes
        ),
    )


def moved_by_kind(outcomes: Sequence[Outcome]) -> dict[str, Moved]:
    """Add up `outcomes` kind by kind, and all of them as ``all``."""
    sums = {
        kind: moved(own)
        for kind in (*KINDS, NOTE)
        if (own := [each for each in outcomes if each.handoff.content.kind == kind])
    }
    return {**sums, "all": moved(outcomes)}


def reads(outcomes: Iterable[Outcome]) -> dict[str, tuple[int, int]]:
    """Return how often each way of following up was used, and its tokens."""
    counts: Counter[str] = Counter()
    tokens: Counter[str] = Counter()
    for each in outcomes:
        for read in each.reads:
            counts[read.how] += 1
            tokens[read.how] += read.tokens
    return {how: (counts[how], tokens[how]) for how in sorted(counts)}


def fidelity(outcomes: Iterable[Outcome], *, must: bool) -> Fidelity:
    """Return how many of the facts that are musts, or of the details, were told."""
    told = Counter(where for each in outcomes for is_must, where in each.facts if is_must is must)
    return Fidelity(told.total(), told["rendition"], told["rendition"] + told["query"])


def times(outcomes: Sequence[Outcome]) -> dict[str, tuple[int, float, float]]:
    """Return how many of each time there are, their median and 95th percentile in milliseconds."""
    found = {
        name: [ms for each in outcomes if (ms := getattr(each.times, name)) is not None]
        for name in _TIMES
    }
    return {
        name: (len(ms), percentile(ms, 0.5), percentile(ms, 0.95))
        for name, ms in found.items()
        if ms
    }
