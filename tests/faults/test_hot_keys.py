from __future__ import annotations

from tests.faults import hot_keys


def test_gets_on_hot_keys_are_always_current() -> None:
    calls, problems = hot_keys.run(seconds=4, writers=3, readers=2, workers=1)
    assert not problems
    assert sum(call.kind == "get" for call in calls) > 20
    assert sum(call.kind == "put" for call in calls) > 20
