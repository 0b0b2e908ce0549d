from __future__ import annotations

import random

from sharedctx.picking import IndexSet


def test_neighbors_are_found_across_words() -> None:
    members = IndexSet(5000)
    for index in (3, 1023, 1024, 4096):
        members.add(index)
    assert members.before(3) == -1
    assert members.before(1024) == 1023
    assert members.before(4999) == 4096
    assert members.after(1024) == 4096
    assert members.after(4096) == 5000
    assert 1024 in members
    assert 1025 not in members


def test_it_agrees_with_a_plain_set() -> None:
    choose = random.Random(1)
    members, plain = IndexSet(3000), set()
    for _ in range(600):
        index = choose.randrange(3000)
        if choose.random() < 0.3:
            members.discard(index)
            plain.discard(index)
        else:
            members.add(index)
            plain.add(index)
        place = choose.randrange(3000)
        assert members.before(place) == max((i for i in plain if i < place), default=-1)
        assert members.after(place) == min((i for i in plain if i > place), default=3000)
        assert (place in members) == (place in plain)
