"""Sums over the picture of a namespace: by state, by agent, by kind, and over time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from sharedctx.entry import percent_saved
from sharedctx.monitor import Monitor, Seen
from sharedctx.records import RenditionRecord, State

__all__ = ("By", "Group", "History", "failures", "group", "history", "name_of", "total")

By = Literal["kind", "agent"]
_NOBODY: Final = "(not named)"
_PENDING: Final = "(pending)"
_OTHERS: Final = "(others)"


@dataclass(slots=True)
class Group:
    """Live entries with something in common.

    Attributes:
        name: What they have in common.
        original: Tokens of their originals, as far as they are counted.
        compressed: Tokens of what readers get instead.
        states: How many stand where.
        latest: When the last of them was put, in Unix seconds.
    """

    name: str
    original: int = 0
    compressed: int = 0
    states: dict[State, int] = field(default_factory=lambda: dict.fromkeys(State, 0))
    latest: float = 0.0

    @property
    def entries(self) -> int:
        """How many there are."""
        return sum(self.states.values())

    @property
    def saved(self) -> int:
        """Tokens that one read of each saves."""
        return self.original - self.compressed

    @property
    def percent(self) -> float:
        """Tokens saved in percent, one decimal."""
        return percent_saved(self.original, self.compressed)

    def add(self, seen: Seen) -> None:
        """Count an entry."""
        self.states[seen.state] += 1
        self.latest = max(self.latest, seen.entry.record.timestamp)
        if seen.rendition is not None:
            self.original += seen.rendition.original_tokens
            self.compressed += seen.rendition.compressed_tokens


class History(NamedTuple):
    """Tokens saved over time.

    Attributes:
        start: Begin of the first interval, in Unix seconds.
        span: Length of all intervals together, in seconds.
        step: Length of one.
        series: Tokens saved in each interval, by name, the largest first.
    """

    start: float
    span: float
    step: float
    series: dict[str, list[int]]


def total(entries: Iterable[Seen]) -> Group:
    """Return the sum over all `entries`."""
    everything = Group("total")
    for seen in entries:
        everything.add(seen)
    return everything


def group(entries: Iterable[Seen], by: By) -> list[Group]:
    """Return the sums by kind or agent, those that save most first."""
    groups: dict[str, Group] = {}
    for seen in entries:
        name = name_of(seen, by)
        groups.setdefault(name, Group(name)).add(seen)
    return sorted(groups.values(), key=lambda each: (-each.saved, each.name))


def name_of(seen: Seen, by: By) -> str:
    """Return the name of the group that an entry belongs to."""
    return _name(by, seen.entry.record.agent, seen.rendition)


def failures(entries: Iterable[Seen]) -> list[Seen]:
    """Return the entries whose compression was given up."""
    return [seen for seen in entries if seen.state is State.FAILED]


def history(
    monitor: Monitor, by: By, *, now: float, span: float, intervals: int, most: int = 6
) -> History:
    """Return the tokens saved by the puts of the last `span` seconds.

    A put counts once, whether or not it was replaced since.

    Args:
        monitor: The picture.
        by: What to tell apart.
        now: The end, in Unix seconds.
        span: Seconds.
        intervals: How many parts to cut them into.
        most: How many series to tell apart; the smallest are added up.
    """
    step = span / intervals
    start = now - span
    series: dict[str, list[int]] = defaultdict(lambda: [0] * intervals)
    for put in monitor.puts():
        made = monitor.rendition(put.of)
        place = int((put.timestamp - start) // step)
        if made is not None and 0 <= place < intervals:
            saved = made.original_tokens - made.compressed_tokens
            if saved > 0:
                series[_name(by, put.agent, made)][place] += saved
    ordered = sorted(series, key=lambda name: (-sum(series[name]), name))
    kept = {name: series[name] for name in ordered[:most]}
    if len(ordered) > most:
        rest = [series[name] for name in ordered[most - 1 :]]
        del kept[ordered[most - 1]]
        kept[_OTHERS] = [sum(column) for column in zip(*rest, strict=True)]
    return History(start, span, step, kept)


def _name(by: By, agent: str | None, made: RenditionRecord | None) -> str:
    if by == "agent":
        return agent or _NOBODY
    return made.kind if made is not None else _PENDING
