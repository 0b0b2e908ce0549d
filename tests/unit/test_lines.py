from __future__ import annotations

import pytest

from sharedctx.errors import InvalidRequest
from sharedctx.lines import LineIndex, read_lines


def test_only_line_feeds_end_lines() -> None:
    text = "one\rstill one\ntwo\x0b\x85\u2028still two\n"
    assert len(LineIndex(text)) == 2
    assert read_lines(text, 2, 2) == "two\x0b\x85\u2028still two\n"


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), ("a", 1), ("a\n", 1), ("a\nb", 2), ("\n\n", 2)]
)
def test_an_unfinished_last_line_counts(text: str, count: int) -> None:
    assert len(LineIndex(text)) == count


def test_line_of_every_character() -> None:
    text = "ab\n\ncd"
    assert [LineIndex(text).line_of(offset) for offset in range(6)] == [1, 1, 1, 2, 3, 3]


def test_lines_of_a_range_and_back() -> None:
    index = LineIndex("a\nb\nc\n")
    assert index.lines_of(0, 4) == (1, 2)
    assert index.lines_of(2, 2) == (2, 2)
    assert index.offsets_of(2, 3) == (2, 6)


def test_read_lines_is_verbatim_and_inclusive() -> None:
    assert read_lines("a\r\nb\r\nc", 1, 2) == "a\r\nb\r\n"
    assert read_lines("a\nb\nc", 2, 99) == "b\nc"


@pytest.mark.parametrize(("first", "last"), [(0, 1), (2, 1), (-1, 5), (4, 4)])
def test_nonsense_spans_are_refused(first: int, last: int) -> None:
    with pytest.raises(InvalidRequest, match="lines"):
        read_lines("a\nb\nc\n", first, last)
