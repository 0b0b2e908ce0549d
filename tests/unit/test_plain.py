from __future__ import annotations

import pytest

from sharedctx import tokens
from sharedctx.plain import plain_document
from sharedctx.render import render
from sharedctx.salience import looks_wrong, spread

TOKENIZER = tokens.load()


@pytest.mark.parametrize(
    "text", ["", "\n", "a", "a\nb", "a\r\nb\n\n", "x" * 5000, "\ud800 \x00\n" * 50, "word " * 3000]
)
def test_the_segments_are_the_text(text: str) -> None:
    document = plain_document(text, TOKENIZER)
    assert "".join(segment.text for segment in document.segments) == text
    assert all(segment.text == text[slice(*segment.span)] for segment in document.segments)


def test_ends_and_errors_come_first() -> None:
    lines = [f"{number} all is quiet here today\n" for number in range(500)]
    lines[250] = "250 ERROR: the disk is full\n"
    original = "".join(lines)
    text = render(plain_document(original, TOKENIZER), original, TOKENIZER, max_tokens=220).text
    assert all(line in text for line in (lines[0], lines[250], lines[-1]))


def test_long_lines_are_split_at_spaces() -> None:
    document = plain_document("word " * 3000, TOKENIZER)
    assert len(document.segments) > 10
    assert all(segment.text.endswith(" ") for segment in document.segments)
    assert {segment.unit for segment in document.segments} == {"char"}


def test_many_short_lines_share_segments() -> None:
    document = plain_document("a\n" * 100_000, TOKENIZER)
    assert len(document.segments) <= 20_001
    assert sum(segment.count for segment in document.segments) == 100_000


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("ValueError: no", True),
        ("Request TIMED OUT after 3 s", True),
        ("user unauthorised", True),
        ("the timely mirror of terrors", False),
        ("all good", False),
    ],
)
def test_trouble_is_recognized(text: str, wrong: bool) -> None:  # noqa: FBT001  # a case of the table
    assert looks_wrong(text) is wrong


@pytest.mark.parametrize("size", [0, 1, 2, 7, 64])
def test_samples_are_spread_evenly(size: int) -> None:
    order = sorted(range(size), key=spread(size).__getitem__)
    assert sorted(spread(size)) == sorted(set(spread(size)))
    assert order[:1] == ([0] if size else [])
    if size == 64:
        assert order[:4] == [0, 32, 16, 48]
