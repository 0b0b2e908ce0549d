from __future__ import annotations

import itertools
import math
import pydoc_data.topics

from hypothesis import given
from hypothesis import strategies as st

from sharedctx.passages import Passages, query_codes, rank_passages
from sharedctx.ranking import bm25

TEXTS = [pydoc_data.topics.topics[name] for name in ("formatstrings", "assert", "if", "class")]
LINES = st.lists(st.text(alphabet="ab \t\r\0é☃\n", max_size=40) | st.just("x" * 900)).map("\n".join)


def cut(text: str) -> list[str]:
    starts = Passages.of(text).starts
    return [text[start:end] for start, end in itertools.pairwise(starts)]


@given(LINES)
def test_passages_together_are_the_text(text: str) -> None:
    passages = Passages.of(text)
    parts = cut(text)
    assert "".join(parts) == text
    assert all(0 < len(part) <= 800 for part in parts)
    for start, line in zip(passages.starts, passages.lines, strict=False):
        assert text.count("\n", 0, start) + 1 == line


def test_passages_end_at_lines_and_rather_at_blank_ones() -> None:
    parts = [part for text in TEXTS for part in cut(text)]
    assert all(part.endswith("\n") for text in TEXTS for part in cut(text)[:-1])
    assert sum(part.endswith("\n\n") for part in parts) > len(parts) / 2


def test_ranks_as_plain_bm25_over_the_passages_does() -> None:
    passages = [part for text in TEXTS for part in cut(text)]
    places = [(i, number) for i, text in enumerate(TEXTS) for number in range(len(cut(text)))]
    contents = [Passages.of(text) for text in TEXTS]
    for query in ("how is the width of a field given?", "class body", "to the", "AssertionError"):
        expected = {place: s for place, s in zip(places, bm25(passages, query), strict=True) if s}
        ranked = rank_passages(contents, query_codes(query), 10_000)
        assert {(each.content, each.passage) for each in ranked} == expected.keys()
        for each in ranked:
            assert math.isclose(each.score, expected[each.content, each.passage])
        assert [each.score for each in ranked] == sorted((e.score for e in ranked), reverse=True)
        slim = [content.only(query_codes(query)) for content in contents]
        assert rank_passages(slim, query_codes(query), 7) == ranked[:7]
        assert all(s.nbytes < c.nbytes for s, c in zip(slim, contents, strict=True))


def test_an_index_is_about_as_large_as_its_text() -> None:
    for text in TEXTS[:1] + TEXTS[3:]:
        assert Passages.of(text).nbytes < 1.5 * len(text) + 500


def test_nothing_to_rank() -> None:
    assert rank_passages([], query_codes("x"), 10) == []
    assert rank_passages([Passages.of("")], query_codes("x"), 10) == []
    assert rank_passages([Passages.of("x y")], query_codes(""), 10) == []
    assert [
        each.passage for each in rank_passages([Passages.of("\ud800 x")], query_codes("x"), 10)
    ] == [0]
