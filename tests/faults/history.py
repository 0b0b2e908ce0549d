"""Histories of concurrent calls, and a checker that judges them.

Every put is acknowledged with a revision from one total order, so a history of one key needs no
search: it is linearizable if revisions agree with values and never run against real time. (The
method of etcd's robustness tests.)
"""

from __future__ import annotations

import bisect
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

__all__ = ("Call", "check", "load", "save")


@dataclass(frozen=True, slots=True)
class Call:
    """One call of one client.

    Attributes:
        what: ``put`` or ``get``.
        key: The key.
        value: Unique name of the content that was put or read; None for a missing key.
        revision: Of a put, when it was acknowledged; of a get it is found from the value.
        started: When it was called, by the clock that all processes of a machine share.
        ended: When it returned.
        outcome: ``ok``, ``failed`` (certainly without effect) or ``unknown``.
    """

    what: Literal["put", "get"]
    key: str
    value: str | None
    revision: int
    started: float
    ended: float
    outcome: Literal["ok", "failed", "unknown"] = "ok"


def save(calls: Iterable[Call], file: Path) -> None:
    """Write `calls` as JSON lines."""
    file.write_text("".join(json.dumps(asdict(call)) + "\n" for call in calls), "utf-8")


def load(files: Iterable[Path]) -> list[Call]:
    """Read the calls of all `files`."""
    return [Call(**json.loads(line)) for file in files for line in file.read_text().splitlines()]


def check(calls: Sequence[Call]) -> list[str]:
    """Return what is wrong with a history: an empty list when it is linearizable per key."""
    by_key: defaultdict[str, list[Call]] = defaultdict(list)
    for call in calls:
        by_key[call.key].append(call)
    return [problem for key in sorted(by_key) for problem in _check_key(by_key[key])]


def _check_key(calls: list[Call]) -> Iterator[str]:
    puts = {call.value: call for call in calls if call.what == "put"}
    revisions = [call.revision for call in puts.values() if call.outcome == "ok"]
    if len(set(revisions)) != len(revisions):
        yield f"two puts of {calls[0].key!r} were acknowledged with the same revision"
    ordered = [call for call in calls if call.what == "put" and call.outcome == "ok"]
    for call in calls:
        if call.what != "get" or call.outcome != "ok":
            continue
        source = puts.get(call.value)
        if call.value is None:
            ordered.append(replace(call, revision=0))
        elif source is None or source.outcome == "failed":
            yield f"a get returned {call.value!r}, which was never put: {call}"
        elif source.started > call.ended:
            yield f"a get returned {call.value!r} before it was put: {call}"
        elif source.outcome == "ok":
            ordered.append(replace(call, revision=source.revision))
    yield from _against_time(ordered)


def _against_time(calls: list[Call]) -> Iterator[str]:
    """Yield calls that show an older revision than a call that had ended before they started."""
    ended = sorted((call.ended, call.revision) for call in calls)
    times = [time for time, _ in ended]
    newest: list[int] = []
    for _, revision in ended:
        newest.append(max(revision, newest[-1] if newest else 0))
    for call in calls:
        before = bisect.bisect_left(times, call.started)
        floor = newest[before - 1] if before else 0
        if call.revision < floor or (call.what == "put" and call.revision == floor and before):
            yield f"{call} is behind revision {floor}, which was visible before it started"
