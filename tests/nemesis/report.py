"""Results of runs: stored beside their histories, added up, and printed as tables."""

from __future__ import annotations

import bisect
import itertools
import json
import math
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from tests.nemesis.checker import Verdict
from tests.nemesis.faults import KILLS
from tests.nemesis.history import Operation
from tests.nemesis.world import FAR, LINKED

__all__ = ("Happened", "Result", "load_results", "recovery", "table")

_LOOK_S = 15.0
"""How long after a fault was healed its effect is looked for, unless the next one begins."""


@dataclass(frozen=True, slots=True)
class Happened:
    """A fault that happened.

    Attributes:
        kind: Which one.
        hit: The name of what it hit.
        began: When, by the clock of the histories.
        healed: When it was undone.
    """

    kind: str
    hit: str
    began: float
    healed: float


@dataclass(slots=True)
class Result:
    """What a run showed; several of them can be added up.

    Attributes:
        config: ``r1`` or ``r3``, and on what network.
        seeds: Of the runs.
        seconds: How long they took.
        outcomes: How calls ended.
        renditions: How many returned a rendition.
        faults: How often each kind of fault happened.
        silences: For each kind, the longest times without an acknowledged put.
        recoveries: For each kind, the times from its end to the next acknowledged put.
        lost: Acknowledged puts that are gone.
        broken: How often each promise was broken.
        states: How many keys ended in which state.
        stale_while_split: Reads that were behind, within the limit, while a cluster was split.
        back_after_kill: Calls that met an entry that was removed before its server was killed.
        unplaced: Reads of values whose place in the order nobody saw.
    """

    config: str
    seeds: list[str] = field(default_factory=list)
    seconds: float = 0.0
    outcomes: Counter[str] = field(default_factory=Counter)
    renditions: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    silences: dict[str, list[float]] = field(default_factory=dict)
    recoveries: dict[str, list[float]] = field(default_factory=dict)
    lost: int = 0
    broken: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    stale_while_split: int = 0
    back_after_kill: int = 0
    unplaced: int = 0

    @classmethod
    def of(cls, config: str, seed: str, seconds: float, verdict: Verdict) -> Result:
        """Return the result of one run, without its faults."""
        return cls(
            config,
            [seed],
            seconds,
            verdict.outcomes,
            verdict.renditions,
            lost=verdict.lost,
            broken=Counter(violation.promise for violation in verdict.violations),
            states=verdict.states,
            stale_while_split=verdict.stale_while_split,
            back_after_kill=verdict.back_after_kill,
            unplaced=verdict.unplaced,
        )

    def add_faults(self, faults: Sequence[Happened], operations: Iterable[Operation]) -> None:
        """Add what the faults of the run did to its calls."""
        self.faults.update(each.kind for each in faults)
        for kind, (silence, after) in recovery(faults, operations):
            self.silences.setdefault(kind, []).append(round(silence, 3))
            self.recoveries.setdefault(kind, []).append(round(after, 3))

    def add(self, other: Result) -> None:
        """Add the result of other runs of the same configuration."""
        self.seeds += other.seeds
        self.seconds += other.seconds
        for mine, its in (
            (self.outcomes, other.outcomes),
            (self.faults, other.faults),
            (self.broken, other.broken),
            (self.states, other.states),
        ):
            mine.update(its)
        for times, its_times in (
            (self.silences, other.silences),
            (self.recoveries, other.recoveries),
        ):
            for kind, seconds in its_times.items():
                times.setdefault(kind, []).extend(seconds)
        self.renditions += other.renditions
        self.lost += other.lost
        self.stale_while_split += other.stale_while_split
        self.back_after_kill += other.back_after_kill
        self.unplaced += other.unplaced

    def save(self, file: Path) -> None:
        """Write it as JSON."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        file.write_text(json.dumps(values, indent=1))

    @classmethod
    def load(cls, file: Path) -> Result:
        """Read it from JSON."""
        values: dict[str, Any] = json.loads(file.read_text())
        for name in ("outcomes", "faults", "broken", "states"):
            values[name] = Counter(values[name])
        return cls(**values)


def recovery(
    faults: Sequence[Happened], operations: Iterable[Operation]
) -> list[tuple[str, tuple[float, float]]]:
    """Return for each fault how long no put was acknowledged, and how long after its end.

    Of the clients that it hit, or of all when it hit a server; until the next fault began.
    """
    acknowledged: defaultdict[str, list[float]] = defaultdict(list)
    for each in operations:
        if each.kind == "put" and each.outcome == "ok":
            acknowledged["all"].append(each.ended)
            client = f"client-{each.client[1]}"
            acknowledged[client].append(each.ended)
            if client not in LINKED:
                acknowledged[FAR].append(each.ended)
    for times in acknowledged.values():
        times.sort()
    found = []
    for fault, following in zip(faults, [*faults[1:], None], strict=True):
        until = min(fault.healed + _LOOK_S, following.began if following else math.inf)
        is_of_clients = fault.hit == FAR or fault.hit.startswith("client-")
        times = acknowledged[fault.hit if is_of_clients else "all"]
        first = max(0, bisect.bisect_left(times, fault.began) - 1)
        last = bisect.bisect_left(times, until)
        near = times[first : last + 1]
        silence = max((b - a for a, b in itertools.pairwise(near)), default=0.0)
        next_one = bisect.bisect_left(times, fault.healed)
        after = times[next_one] - fault.healed if next_one < len(times) else 0.0
        found.append((fault.kind, (silence, after)))
    return found


def load_results(folder: Path) -> list[Result]:
    """Return the results of all runs in `folder`, added up for each configuration."""
    sums: dict[str, Result] = {}
    for file in sorted(folder.glob("*/result.json")):
        result = Result.load(file)
        if result.config in sums:
            sums[result.config].add(result)
        else:
            sums[result.config] = result
    return [sums[config] for config in sorted(sums)]


def table(result: Result) -> str:
    """Return a result for people to read."""
    kills = sum(count for kind, count in result.faults.items() if kind in KILLS)
    checked = result.outcomes.total()
    rows = [
        f"{result.config}, seeds {' '.join(result.seeds)}: {result.seconds:.0f} s",
        f"  operations checked    {checked:>9,}",
        f"    ok                  {result.outcomes['ok']:>9,}",
        f"    certainly no effect {result.outcomes['failed']:>9,}",
        f"    unknown outcome     {result.outcomes['unknown']:>9,}",
        f"    gave a rendition    {result.renditions:>9,}",
        f"  faults                {result.faults.total():>9,}",
        f"    kills, partitions   {kills:>9,}",
        f"  acknowledged puts lost{result.lost:>9,}",
        *(
            f"  broken: {promise:<14}{result.broken[promise]:>9,}"
            for promise in ("durability", "order", "session", "content", "errors", "jobs")
        ),
        f"  reads behind in splits{result.stale_while_split:>9,}  (allowed, under 10 s)",
        f"  removed, and back     {result.back_after_kill:>9,}  (nats-server, killed after it)",
        f"  reads without a place {result.unplaced:>9,}",
        *(f"  keys ended {state:<11}{n:>9,}" for state, n in sorted(result.states.items())),
        "",
        f"  {'fault':<18}{'times':>6}{'longest time without a put':>28}{'first put after it':>20}",
        f"  {'':<18}{'':>6}{'median':>18}{'max':>10}{'median':>12}{'max':>8}",
    ]
    for kind in sorted(result.faults):
        silences, after = result.silences.get(kind, [0.0]), result.recoveries.get(kind, [0.0])
        rows.append(
            f"  {kind:<18}{result.faults[kind]:>6}"
            f"{statistics.median(silences):>16.2f} s{max(silences):>8.2f} s"
            f"{statistics.median(after):>10.2f} s{max(after):>6.2f} s"
        )
    return "\n".join(rows)
