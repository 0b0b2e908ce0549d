"""The checker is judged itself: good histories pass, and each kind of bad one is found."""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Any

import pytest

from tests.nemesis.checker import Final, Verdict, judge
from tests.nemesis.history import Operation, Recorder, load

_clients = itertools.count()


def put(value: str, revision: int, started: float, ended: float, **more: Any) -> Operation:
    return _call("put", value, revision, (started, ended), more)


def get(value: str | None, started: float, ended: float, **more: Any) -> Operation:
    return _call("get", value, more.pop("revision", 0), (started, ended), more)


def delete(revision: int, started: float, ended: float, **more: Any) -> Operation:
    return _call("delete", None, revision, (started, ended), more)


def clear(started: float, ended: float, **more: Any) -> Operation:
    return _call("clear", None, 0, (started, ended), {"key": "n:", **more})


def _call(
    kind: Any, value: str | None, revision: int, when: tuple[float, float], more: dict[str, Any]
) -> Operation:
    fields = {"client": f"c{next(_clients)}", "key": "n:k", "outcome": "ok", **more}
    return Operation(
        kind=kind, value=value, revision=revision, started=when[0], ended=when[1], **fields
    )


def promises(verdict: Verdict) -> list[str]:
    return [violation.promise for violation in verdict.violations]


A, B = put("a", 1, 0, 1), put("b", 2, 2, 3)

GOOD = {
    "reads of what was current": [A, get("a", 1.5, 1.6), B, get("b", 3.5, 4)],
    "a read beside a put may see either": [A, B, get("a", 2.5, 4), get("b", 2.5, 4)],
    "a read before any put": [get(None, 0, 0.5), A],
    "a put beside another may come before it": [A, put("c", 3, 2, 9), put("d", 4, 2, 3)],
    "an unknown put that happened": [A, put("u", 0, 2, 3, outcome="unknown"), get("u", 5, 6)],
    "an unknown put that did not": [A, put("u", 0, 2, 3, outcome="unknown"), get("a", 5, 6)],
    "an unknown put that happens late": [
        A,
        put("u", 0, 2, 3, outcome="unknown"),
        put("c", 5, 4, 5),
        get("c", 6, 7),
        get("u", 8, 9, revision=6),
    ],
    "a call that never returned": [A, put("u", 0, 2, float("inf"), outcome="unknown")],
    "a deleted key is missing": [A, delete(1, 1.5, 2), get(None, 3, 4)],
    "a read beside a delete": [A, delete(1, 1.5, 4), get("a", 2, 3), get(None, 2, 3)],
    "a delete spares what came later": [A, B, delete(1, 3.5, 4), get("b", 5, 6)],
    "an unknown delete may happen": [A, delete(1, 2, 3, outcome="unknown"), get(None, 4, 5)],
    "an unknown delete may not": [A, delete(1, 2, 3, outcome="unknown"), get("a", 4, 5)],
    "a key that comes back by a put": [A, delete(1, 1.5, 2), get(None, 2, 3), put("c", 5, 4, 5)],
    "a cleared namespace": [A, clear(1.5, 2), get(None, 2.5, 3)],
    "a put beside a clear is before it": [A, put("c", 2, 1.5, 4), clear(1, 4), get(None, 5, 6)],
    "a put beside a clear is after it": [A, put("c", 2, 1.5, 4), clear(1, 4), get("c", 5, 6)],
    "conditional puts": [
        put("a", 1, 0, 1, expect=0),
        put("b", 2, 2, 3, expect=1),
        delete(2, 3.5, 4),
        put("c", 5, 5, 6, expect=0),
    ],
    "a failed put": [A, put("f", 0, 2, 3, outcome="failed"), get("a", 4, 5)],
}

BAD = {
    "a stale read": ("order", [A, B, get("a", 3.5, 4)]),
    "a read that goes back": ("order", [A, B, get("b", 2.1, 2.2), get("a", 2.3, 2.4)]),
    "a key that vanishes": ("order", [A, get(None, 2, 3)]),
    "a put behind another": ("order", [put("a", 2, 0, 1), put("b", 1, 2, 3)]),
    "a put at a revision that was visible": (
        "order",
        [A, get("x", 2, 3, revision=9), put("y", 9, 4, 5), put("x", 0, 0, 9, outcome="unknown")],
    ),
    "one revision for two puts": ("order", [A, put("b", 1, 0, 1)]),
    "one put with two revisions": ("order", [A, get("a", 2, 3, revision=7)]),
    "what was never put": ("content", [A, get("x", 2, 3)]),
    "what was put to another key": ("content", [put("x", 1, 0, 1, key="n:l"), get("x", 2, 3)]),
    "what failed": ("content", [put("f", 0, 0, 1, outcome="failed"), get("f", 2, 3)]),
    "the future": ("content", [get("a", 0, 1), put("a", 1, 2, 3)]),
    "what a caller found wrong": ("content", [A, get("a", 2, 3, problem="two contents in one")]),
    "a resurrection": ("order", [A, delete(1, 2, 3), get("a", 4, 5)]),
    "a resurrection after an unknown delete": (
        "order",
        [A, delete(1, 2, 3, outcome="unknown"), get(None, 4, 5), get("a", 6, 7)],
    ),
    "a delete of what was put later": ("order", [A, B, delete(1, 3.5, 4), get(None, 5, 6)]),
    "missing before any delete": ("order", [A, get(None, 2, 3), delete(1, 4, 5)]),
    "a clear that spares": ("order", [A, clear(2, 3), get("a", 4, 5)]),
    "a clear that takes what came later": ("order", [A, clear(2, 3), put("c", 9, 4, 5),
                                                     get(None, 6, 7)]),
    "a clear of another namespace": ("order", [A, clear(2, 3, key="m:"), get(None, 4, 5)]),
    "a condition that did not hold": ("order", [A, B, put("c", 3, 4, 5, expect=1)]),
    "a condition of absence that did not hold": ("order", [A, put("c", 3, 4, 5, expect=0)]),
    "an unknown put between a condition and its put": (
        "order",
        [
            A,
            put("u", 0, 1, 9, outcome="unknown"),
            get("u", 4, 5, revision=2),
            put("c", 3, 1, 6, expect=1),
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("operations", GOOD.values(), ids=GOOD.keys())
def test_good_histories_pass(operations: list[Operation]) -> None:
    assert judge(operations).violations == []


@pytest.mark.parametrize(("promise", "operations"), BAD.values(), ids=BAD.keys())
def test_bad_histories_are_found(promise: str, operations: list[Operation]) -> None:
    assert promise in promises(judge(operations))


def test_a_client_that_goes_back_breaks_its_session_even_while_a_cluster_is_split() -> None:
    calls = [A, put("b", 2, 2, 3, client="me"), get("a", 4, 5, client="me")]
    assert promises(judge(calls, splits=[(0, 9)])) == ["session"]


def test_a_reader_on_the_wrong_side_of_a_split_may_be_behind_for_a_while() -> None:
    stale = [A, B, get("a", 4, 5)]
    verdict = judge(stale, splits=[(3.5, 8)])
    assert verdict.violations == []
    assert verdict.stale_while_split == 1
    assert judge([A, B, get("a", 14, 15)], splits=[(3.5, 20)]).violations
    assert judge(stale, splits=[(6, 8)]).violations
    assert judge([A, put("c", 1, 4, 5)], splits=[(0, 9)]).violations


def test_a_key_that_is_missing_on_the_wrong_side_of_a_split_is_as_it_was_removed() -> None:
    stale = [A, delete(1, 1.5, 1.8), B, get(None, 4, 5, client="me")]
    assert promises(judge(stale)) == ["order"]
    verdict = judge(stale, splits=[(3.5, 8)])
    assert verdict.violations == []
    assert verdict.stale_while_split == 1
    known = [*stale, get("b", 3.2, 3.4, client="me")]
    assert promises(judge(known, splits=[(3.5, 8)])) == ["session"]
    never_removed = [A, B, get(None, 14, 15)]
    assert judge(never_removed, splits=[(0, 20)]).violations


@pytest.mark.parametrize(
    ("end", "promise"),
    [
        (Final("b", 2, "ready"), None),
        (Final("b", 2, "failed"), None),
        (Final("a", 1, "ready"), "durability"),
        (Final(None), "durability"),
        (Final("b", 2, "pending"), "jobs"),
        (Final("x", 3, "ready"), "content"),
        (Final("b", 2, "ready", "its rendition is of other bytes"), "content"),
        (Final("b", 3, "ready"), "order"),
        (None, "durability"),
    ],
)
def test_the_end_is_judged(end: Final | None, promise: str | None) -> None:
    found = promises(judge([A, B], {} if end is None else {"n:k": end}))
    assert found == [] if promise is None else promise in found


def test_every_acknowledged_put_that_is_gone_is_counted() -> None:
    other = put("c", 3, 4, 5, key="n:l")
    verdict = judge([A, B, other], {"n:k": Final("a", 1, "ready"), "n:l": Final(None)})
    assert verdict.lost == 2


def test_a_removal_excuses_what_is_gone_and_nothing_newer() -> None:
    assert judge([A, delete(1, 2, 3)], {"n:k": Final(None)}).violations == []
    assert judge([A, clear(2, 3)], {"n:k": Final(None)}).violations == []
    assert judge([A, B, delete(1, 4, 5)], {"n:k": Final(None)}).lost == 1
    back = judge([A, delete(1, 2, 3)], {"n:k": Final("a", 1, "ready")})
    assert promises(back) == ["durability"]


def test_a_put_that_was_stored_twice_is_found_in_what_the_server_announced() -> None:
    assert judge([A], stored=[("a", 1)]).violations == []
    assert promises(judge([A], stored=[("a", 1), ("a", 4)])) == ["order"]


def test_what_a_kill_brings_back_is_counted_and_nothing_else_is_excused_by_it() -> None:
    removed = [A, B, delete(2, 4, 5), get(None, 6, 7)]
    end = {"n:k": Final("a", 1, "ready")}
    verdict = judge([*removed, get("a", 9, 10)], end, kills=[8])
    assert verdict.violations == []
    assert verdict.back_after_kill == 2
    assert judge(removed, end, kills=[3]).lost == 1
    assert judge([*removed, put("c", 3, 9, 10)], end, kills=[8]).lost == 1
    assert judge([*removed, get("a", 9, 10)], kills=[8]).violations == []
    assert judge([*removed, put("c", 3, 9, 10, expect=1)], kills=[8]).violations == []
    assert judge([*removed, get("a", 9, 10)], kills=[3, 11]).violations
    assert judge([*removed, put("c", 3, 9, 10, expect=1)], kills=[3]).violations
    assert judge([A, B, get("a", 9, 10)], kills=[8]).violations
    later = [*removed, put("c", 3, 7.1, 7.2), get("a", 9, 10)]
    assert promises(judge(later, kills=[8])) == ["order"]
    session = [A, B, delete(2, 4, 5, client="me"), get("a", 9, 10, client="me")]
    assert promises(judge(session, kills=[8])) == ["session"]


def test_names_of_values_must_be_unique() -> None:
    with pytest.raises(ValueError, match="unique"):
        judge([A, put("a", 2, 3, 4)])


def simulate(chance: random.Random) -> tuple[list[Operation], dict[str, Final]]:
    """A register that many clients use at once; each call takes effect at an instant within it."""
    plans = sorted(
        (begin, begin + chance.random() * 3, chance.choice("pppggggd"))
        for begin in (chance.random() * 200 for _ in range(300))
    )
    effects = sorted((chance.uniform(begin, end), begin, end, what) for begin, end, what in plans)
    calls, revision, current, seen = [], 0, ("", 0), 0
    for number, (_, begin, end, what) in enumerate(effects):
        match what:
            case "p":
                revision += 1
                current = (f"v{number}", revision)
                outcome = chance.choice(["ok", "ok", "ok", "unknown"])
                shown = revision if outcome == "ok" else 0
                calls.append(put(f"v{number}", shown, begin, end, outcome=outcome))
            case "d" if current[0] and current[1] == seen:
                calls.append(delete(seen, begin, end))
                current = ("", 0)
            case _:
                seen = current[1]
                calls.append(get(current[0] or None, begin, end, revision=current[1]))
    return calls, {"n:k": Final(current[0] or None, current[1], "ready" if current[0] else "")}


@pytest.mark.parametrize("seed", range(30))
def test_histories_of_a_correct_register_pass_and_stale_reads_in_them_are_found(seed: int) -> None:
    chance = random.Random(seed)
    calls, final = simulate(chance)
    verdict = judge(calls, final)
    assert verdict.violations == []
    assert verdict.operations == len(calls)

    puts = [call for call in calls if call.kind == "put" and call.outcome == "ok"]
    old, new = sorted(chance.sample(puts, 2), key=lambda call: call.revision)
    reading = [call for call in calls if call.kind == "get" and call.started > new.ended]
    for read in reading[:1]:
        stale = get(old.value, read.started, read.ended)
        assert "order" in promises(judge([*calls, stale], final))


def test_what_a_killed_process_had_under_way_is_unknown(tmp_path: Path) -> None:
    file = tmp_path / "c.jsonl"
    recorder = Recorder(file, "c")
    recorder.end(recorder.begin("put", "n:k", value="a"), "ok", revision=1)
    recorder.begin("put", "n:k", value="b")
    with file.open("ab") as written:
        written.write(b'{"call":3,"kind":"g')
    done, under_way = load([file])
    assert (done.value, done.revision, done.outcome) == ("a", 1, "ok")
    assert (under_way.value, under_way.outcome, under_way.ended) == ("b", "unknown", float("inf"))
