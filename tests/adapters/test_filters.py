from __future__ import annotations

from typing import NamedTuple

import pytest

from sharedctx.adapters.filters import matches, passes


class Ends(NamedTuple):
    match_type: str
    path: tuple[str, ...]


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ([], True),
        ([Ends("prefix", ("team",))], True),
        ([Ends("prefix", ("team", "*", "notes"))], True),
        ([Ends("prefix", ("other",))], False),
        ([Ends("suffix", ("notes",))], True),
        ([Ends("suffix", ("a", "*"))], True),
        ([Ends("suffix", ("team", "notes"))], False),
        ([Ends("prefix", ("team",)), Ends("suffix", ("plans",))], False),
        ([Ends("prefix", ("team", "a", "notes", "x"))], False),
    ],
)
def test_namespaces(conditions: list[Ends], expected: bool) -> None:  # noqa: FBT001
    assert matches(("team", "a", "notes"), conditions) is expected


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, True),
        ({"kind": "note"}, True),
        ({"kind": "plan"}, False),
        ({"rank": {"$gte": 3, "$lt": 4}}, True),
        ({"rank": {"$gt": 3}}, False),
        ({"rank": {"$lte": 2}}, False),
        ({"rank": {"$ne": 3}}, False),
        ({"absent": {"$gt": 1}}, False),
        ({"absent": None}, True),
        ({"tags": {"a": 1}}, True),
        ({"tags": {}}, False),
    ],
)
def test_values(wanted: dict[str, object], expected: bool) -> None:  # noqa: FBT001
    assert passes({"kind": "note", "rank": 3, "tags": {"a": 1}}, wanted) is expected
