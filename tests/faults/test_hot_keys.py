from __future__ import annotations

from tests.faults import hot_keys
from tests.faults.history import Call, check


def test_gets_on_hot_keys_are_always_current() -> None:
    calls, problems = hot_keys.run(seconds=4, writers=3, readers=2, workers=1)
    assert not problems
    assert sum(call.what == "get" for call in calls) > 20
    assert sum(call.what == "put" for call in calls) > 20


def test_the_checker_finds_a_stale_get() -> None:
    puts = [Call("put", "k", "a", 1, 0, 1), Call("put", "k", "b", 2, 2, 3)]
    assert check([*puts, Call("get", "k", "a", 0, 2.5, 4)]) == []
    assert check([*puts, Call("get", "k", "a", 0, 3.5, 4)])
    assert check([*puts, Call("get", "k", None, 0, 3.5, 4)])
    assert check([*puts, Call("get", "k", "b", 0, 3.5, 4), Call("get", "k", "a", 0, 5, 6)])


def test_the_checker_finds_phantoms_and_reused_revisions() -> None:
    assert check([Call("get", "k", "x", 0, 0, 1)])
    assert check([Call("put", "k", "x", 1, 5, 6), Call("get", "k", "x", 0, 0, 1)])
    assert check([Call("put", "k", "a", 1, 0, 1), Call("put", "k", "b", 1, 0, 1)])
    assert check([Call("put", "k", "a", 2, 0, 1), Call("put", "k", "b", 1, 2, 3)])
