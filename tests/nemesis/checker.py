"""Judges a history: were the promises kept?

Every put is acknowledged with a revision from one total order, and every content names the put that
it is from. So no search is needed: the values that were read have places in that order, and a
history of one key is linearizable when no call shows a lower place than a call that had ended
before it started. (The method of etcd's robustness tests.) A deleted key has a place too: after
the newest revision that its delete may have removed, and before every later one.

nats-server keeps acknowledged puts when it is killed, but not always removals: an older entry of a
key, which had been replaced before the key was removed, can be back. (Up to 2.15 at least, for some
two minutes after the removal, on one server.) Where a kill explains a read in this way, and only
there, it is counted instead of blamed.
"""

from __future__ import annotations

import bisect
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tests.nemesis.history import Operation

__all__ = ("STALE_LIMIT_S", "Final", "Verdict", "Violation", "judge")

STALE_LIMIT_S = 10.0
"""How far behind a reader may be that is cut off with the old leader of a cluster."""
_ENDED = frozenset({"ready", "passthrough", "failed"})


@dataclass(frozen=True, slots=True)
class Final:
    """What a key held at the end, when every fault was healed and every job had ended.

    Attributes:
        value: Unique name of its content; None when the key was missing.
        revision: Its revision.
        state: Where its entry stood; empty when the key was missing.
        problem: What was wrong with its content or its rendition.
    """

    value: str | None
    revision: int = 0
    state: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Violation:
    """A promise that was broken.

    Attributes:
        promise: ``durability``, ``order``, ``session``, ``content``, ``errors`` or ``jobs``.
        text: What shows it.
    """

    promise: str
    text: str


@dataclass(slots=True)
class Verdict:
    """What a history shows.

    Attributes:
        operations: Calls that were checked.
        outcomes: How many of them ended in which way.
        renditions: How many of them returned a rendition.
        lost: Acknowledged puts that are gone.
        states: How many keys ended in which state.
        stale_while_split: Reads that were behind, within the limit, while a cluster was split.
        back_after_kill: Calls that met an entry that was removed before its server was killed.
        unplaced: Reads of values whose place in the order nobody saw.
        violations: What was wrong.
    """

    operations: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    renditions: int = 0
    lost: int = 0
    states: Counter[str] = field(default_factory=Counter)
    stale_while_split: int = 0
    back_after_kill: int = 0
    unplaced: int = 0
    violations: list[Violation] = field(default_factory=list)

    def blame(self, promise: str, text: str) -> None:
        self.violations.append(Violation(promise, text))


@dataclass(frozen=True, slots=True)
class _Removal:
    """A delete or clear: the state that it left lies between `low` and `high` in the order."""

    low: float
    high: float
    operation: Operation


@dataclass(frozen=True, slots=True)
class _Step:
    """A call that shows that its key had come to `low` in the order, and perhaps to `high`.

    The entry of revision r is at 2 r, and the state after it was removed at 2 r + 1.
    """

    low: float
    high: float
    operation: Operation


def judge(
    operations: Sequence[Operation],
    final: Mapping[str, Final] | None = None,
    *,
    stored: Iterable[tuple[str, int]] = (),
    splits: Sequence[tuple[float, float]] = (),
    kills: Sequence[float] = (),
) -> Verdict:
    """Return what a history shows.

    Args:
        operations: The calls of all clients.
        final: What each key held at the end; None judges neither durability nor jobs.
        stored: Values that were seen on their way into the store, with their revisions.
        splits: When the cluster was split or had paused nodes; reads may be behind then.
        kills: When a server was killed that has no replicas.
    """
    outcomes: Counter[str] = Counter(each.outcome for each in operations)
    verdict = Verdict(len(operations), outcomes, sum(each.rendition for each in operations))
    for each in operations:
        if each.problem:
            verdict.blame(
                "content" if each.outcome == "ok" else "errors", f"{each.problem}: {each}"
            )
    puts = _puts(operations, verdict)
    revisions = _revisions(operations, final or {}, stored, verdict)
    clears = _clears(operations)
    by_key: defaultdict[str, list[Operation]] = defaultdict(list)
    for each in operations:
        if each.kind != "clear":
            by_key[each.key].append(each)
    for key, calls in sorted(by_key.items()):
        judged = _Key(
            key,
            calls,
            puts=puts,
            revisions=revisions,
            removals=clears.get(key.partition(":")[0], []),
            kills=kills,
            verdict=verdict,
        )
        judged.check_sources()
        judged.check_conditions()
        judged.check_order(splits)
        if final is not None:
            judged.check_end(final.get(key, Final(None, problem="it was not read at the end")))
    return verdict


def _puts(operations: Iterable[Operation], verdict: Verdict) -> dict[str, Operation]:
    """Return the puts by the name of their value."""
    puts: dict[str, Operation] = {}
    revisions: set[tuple[str, int]] = set()
    for each in operations:
        if each.kind != "put" or each.value is None:
            continue
        if each.value in puts:
            raise ValueError(f"two puts of {each.value}: names of values must be unique")
        puts[each.value] = each
        if each.outcome == "ok":
            if (each.namespace, each.revision) in revisions:
                verdict.blame("order", f"a revision was acknowledged twice: {each}")
            revisions.add((each.namespace, each.revision))
    return puts


def _revisions(
    operations: Iterable[Operation],
    final: Mapping[str, Final],
    stored: Iterable[tuple[str, int]],
    verdict: Verdict,
) -> dict[str, int]:
    """Return the revision of each value, as far as anyone saw it."""
    sightings = [(each.value, each.revision) for each in operations if each.outcome == "ok"]
    sightings += [(end.value, end.revision) for end in final.values()]
    sightings += stored
    found: dict[str, int] = {}
    for value, revision in sightings:
        if value is not None and revision and found.setdefault(value, revision) != revision:
            verdict.blame("order", f"{value} was stored twice: as {found[value]} and {revision}")
    return found


def _clears(operations: Sequence[Operation]) -> dict[str, list[_Removal]]:
    """Return the clears of each namespace, with the revisions that they may have reached."""
    found: defaultdict[str, list[_Removal]] = defaultdict(list)
    clears = [each for each in operations if each.kind == "clear" and each.outcome != "failed"]
    cleared = {clear.namespace for clear in clears}
    puts = [
        each
        for each in operations
        if each.kind == "put" and each.outcome == "ok" and each.namespace in cleared
    ]
    for clear in clears:
        beside = [put for put in puts if put.namespace == clear.namespace]
        before = [put.revision for put in beside if put.ended < clear.started]
        after = [put.revision for put in beside if put.started > clear.ended]
        low, high = 2 * max(before, default=0) + 1, 2 * min(after, default=math.inf) - 1
        found[clear.namespace].append(_Removal(low, high, clear))
    return dict(found)


class _Key:
    """The history of one key."""

    def __init__(
        self,
        key: str,
        calls: Iterable[Operation],
        *,
        puts: Mapping[str, Operation],
        revisions: Mapping[str, int],
        removals: Sequence[_Removal],
        kills: Sequence[float],
        verdict: Verdict,
    ) -> None:
        self._key = key
        self._kills = kills
        self._puts = puts
        self._verdict = verdict
        self._removals = list(removals)
        self._written: list[Operation] = []
        self._read: list[tuple[int, Operation]] = []
        self._missed: list[Operation] = []
        self._revisions: list[int] = []
        for call in calls:
            revision = revisions.get(call.value or "", 0)
            if call.kind == "put":
                self._revisions += [revision] if revision else []
                self._written += [call] if call.outcome == "ok" else []
            elif call.kind == "delete" and call.outcome != "failed":
                place = 2 * call.revision + 1
                self._removals.append(_Removal(place, place, call))
            elif call.kind == "get" and call.outcome == "ok" and call.value is None:
                self._missed.append(call)
            elif call.kind == "get" and call.outcome == "ok":
                self._read.append((revision, call))
        self._revisions.sort()

    def check_sources(self) -> None:
        """Whatever was read has been put: to this key, before, and not without effect."""
        for revision, get in self._read:
            self._verdict.unplaced += not revision
            if problem := self._source_problem(get.value or "", get.ended):
                self._verdict.blame("content", f"{problem}: {get}")

    def _source_problem(self, value: str, seen: float) -> str:
        source = self._puts.get(value)
        if source is None or source.key != self._key:
            return "what was never put here was read"
        if source.outcome == "failed":
            return "a put that failed was read"
        return "a read from the future" if source.started > seen else ""

    def check_conditions(self) -> None:
        """A conditional put succeeded only right after what it expected."""
        for put in self._written:
            if put.expect is None:
                continue
            earlier = bisect.bisect_left(self._revisions, put.revision) - 1
            last = self._revisions[earlier] if earlier >= 0 else 0
            removed = any(each.high > 2 * last for each in self._removals)
            if last <= put.expect or (put.expect == 0 and removed):
                continue
            if self._is_back_after_kill(2 * last, put.ended):
                self._verdict.back_after_kill += 1
            else:
                self._verdict.blame("order", f"it overlooked revision {last}: {put}")

    def check_order(self, splits: Sequence[tuple[float, float]]) -> None:
        """No call is behind what was visible before it started."""
        steps = self._steps()
        for step, floor in _behind(steps):
            call = step.operation
            newer = (other.operation.ended for other in steps if other.low > step.high)
            if call.kind == "get" and _excused(call, min(newer), splits):
                self._verdict.stale_while_split += 1
            elif call.kind == "get" and self._is_back_after_kill(floor, call.ended):
                self._verdict.back_after_kill += 1
            else:
                self._verdict.blame("order", f"behind what was visible before: {call}")
        sessions: defaultdict[str, list[_Step]] = defaultdict(list)
        for step in steps:
            sessions[step.operation.client].append(step)
        for session in sessions.values():
            for step, _ in _behind(session):
                self._verdict.blame("session", f"behind what its client knew: {step.operation}")

    def _is_back_after_kill(self, floor: float, seen: float) -> bool:
        """Whether all that is newer was removed, and then the server was killed."""
        return any(
            removal.operation.started < kill < seen
            for removal in self._removals
            if removal.high >= floor
            for kill in self._kills
        )

    def _steps(self) -> list[_Step]:
        steps = [_Step(2 * put.revision, 2 * put.revision, put) for put in self._written]
        # The place of a value is not known when its put was not acknowledged and nobody saw it.
        steps += [_Step(2 * rev, 2 * rev, get) for rev, get in self._read if rev]
        steps += [
            _Step(removal.low, math.inf, removal.operation)
            for removal in self._removals
            if removal.operation.outcome == "ok"
        ]
        floors = _Floors(steps)
        # A missing key was never put, or some removal that had begun left it where it is: one that
        # is not behind what was visible, unless the reader is.
        for get in self._missed:
            floor = floors.before(get.started)
            begun = [each for each in self._removals if each.operation.started < get.ended]
            left = [each.low for each in begun if each.high >= floor]
            low = 0 if floor == 0 else min(left, default=0)
            steps.append(_Step(low, max((each.high for each in begun), default=0), get))
        return steps

    def check_end(self, end: Final) -> None:
        """What was acknowledged is there at the end, or what came after it; and jobs have ended."""
        place: float = 2 * end.revision
        if end.value is None:
            place = max((removal.high for removal in self._removals), default=0)
        else:
            self._check_entry(end.value, end)
        if end.problem:
            self._verdict.blame("content", f"{end.problem}, at the end: {self._key} {end}")
        newer = [put for put in self._written if 2 * put.revision > place]
        for put in newer:
            if not self._is_back_after_kill(2 * put.revision, math.inf):
                self._verdict.lost += 1
                self._verdict.blame("durability", f"acknowledged and gone, {end}: {put}")
        done = [r.low for r in self._removals if r.operation.outcome == "ok" and r.low > place]
        if done and not self._is_back_after_kill(max(done), math.inf):
            self._verdict.blame("durability", f"removed and back: {self._key} {end}")
        self._verdict.back_after_kill += bool(newer or done)

    def _check_entry(self, value: str, end: Final) -> None:
        self._verdict.states[end.state] += 1
        if problem := self._source_problem(value, math.inf):
            self._verdict.blame("content", f"{problem}, at the end: {self._key} {end}")
        if end.state not in _ENDED:
            self._verdict.blame("jobs", f"not compressed, and not given up: {self._key} {end}")


class _Floors:
    """The highest place that was visible at any time."""

    def __init__(self, steps: Iterable[_Step]) -> None:
        self._times: list[float] = []
        self._places: list[float] = []
        highest = 0.0
        for ended, low in sorted((step.operation.ended, step.low) for step in steps):
            highest = max(highest, low)
            self._times.append(ended)
            self._places.append(highest)

    def before(self, time: float) -> float:
        """Return the highest place that a call had shown that ended before `time`."""
        at = bisect.bisect_left(self._times, time)
        return self._places[at - 1] if at else 0.0


def _behind(steps: Sequence[_Step]) -> list[tuple[_Step, float]]:
    """Return the steps that are behind, with what was visible before they started."""
    floors = _Floors(steps)
    found = []
    for step in steps:
        floor = floors.before(step.operation.started)
        # A put makes a place of its own, so it must be above what was visible.
        if step.high < floor or (step.operation.kind == "put" and step.high == floor):
            found.append((step, floor))
    return found


def _excused(get: Operation, since: float, splits: Sequence[tuple[float, float]]) -> bool:
    """Whether the reader may have been cut off together with an old leader."""
    if get.started - since > STALE_LIMIT_S:
        return False
    return any(get.ended > began and get.started < ended + STALE_LIMIT_S for began, ended in splits)
