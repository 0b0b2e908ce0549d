"""What a client has seen: which answers may still be given, in how much memory."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sharedctx.store.floors import Floors


def test_nothing_older_than_what_was_seen_is_admitted() -> None:
    floors = Floors()
    assert floors.of("k").admits(None)
    assert floors.of("k").admits(1)
    floors.saw("k", 7)
    assert not floors.of("k").admits(6)
    assert not floors.of("k").admits(None)
    assert floors.of("k").admits(7)
    floors.saw("k", 5)
    assert not floors.of("k").admits(6)
    assert floors.of("other").admits(1)


def test_what_was_seen_to_be_gone_does_not_come_back() -> None:
    floors = Floors()
    floors.saw("k", 7)
    floors.saw("k", 7, gone=True)
    assert floors.of("k").admits(None)
    assert not floors.of("k").admits(7)
    assert floors.of("k").admits(8)
    floors.saw("other", 9)
    floors.cleared(9)
    assert floors.of("other").admits(None)
    assert not floors.of("third").admits(9)
    assert floors.of("third").admits(10)


def test_beyond_its_memory_it_asks_for_a_server_that_knows_what_was_seen() -> None:
    floors = Floors(most_keys=2)
    for revision, key in enumerate("abc", 1):
        floors.saw(key, revision)
    assert floors.of("c").exact
    dropped = floors.of("a")
    assert (dropped.revision, dropped.exact) == (1, False)
    assert not dropped.admits(None)


Step = tuple[str, int]


@given(
    st.lists(st.tuples(st.sampled_from(["put", "gone", "clear"]), st.integers(0, 9)), max_size=60),
    st.integers(1, 5),
)
@settings(deadline=None)
def test_whatever_is_dropped_nothing_stale_is_admitted(steps: list[Step], most: int) -> None:
    """Against a model that remembers everything: the newest state that was seen of each key."""
    floors = Floors(most)
    seen: dict[str, tuple[int, bool]] = {}
    for revision, (what, number) in enumerate(steps, 1):
        key = f"k{number}"
        if what == "clear":
            floors.cleared(revision)
            seen = {f"k{n}": (revision, True) for n in range(10)}
        else:
            floors.saw(key, revision, gone=what == "gone")
            seen[key] = (revision, what == "gone")
    for key, (revision, gone) in seen.items():
        floor = floors.of(key)
        assert not floor.admits(revision - 1)
        assert gone or not floor.admits(None)
        assert floor.revision >= revision
    assert len(floors._floors) <= most
