from __future__ import annotations

from dataclasses import replace

import pytest

from sharedctx import tokens
from sharedctx.plain import plain_document
from sharedctx.ranking import bm25, rank_for_query, words
from sharedctx.render import render

TOKENIZER = tokens.load()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("getUserID2", "get user id 2 getuserid2"),
        ("snake_case", "snake case snake_case"),
        ("src/Main.py:42", "src main py 42"),
        ("HTTPServer", "http server httpserver"),
        ("Hello, World", "hello world"),
        ("漢字です", "漢 字 で す"),
        ("naïve Straße-2", "naïve straße 2"),
        ("Ошибка сервера", "ошибка сервера"),
        ("", ""),
    ],
)
def test_identifiers_are_taken_apart(text: str, expected: str) -> None:
    assert " ".join(words(text)) == expected


def test_rare_words_decide_and_endings_do_not() -> None:
    texts = ["the server started", "the request failed with a timeout", "the server stopped"]
    scores = bm25(texts, "why did requests fail?")
    assert scores[1] > 0
    assert scores[0] == scores[2] == 0


def test_a_head_that_is_asked_for_brings_its_body() -> None:
    texts = ["def other():\n", "    calls\n", "def wanted():\n", "    a\n", "    b\n", "end\n"]
    document = plain_document("".join(texts), TOKENIZER)
    assert [segment.text for segment in document.segments] == texts
    segments = list(document.segments)
    segments[3] = replace(segments[3], stand_in="    ...\n", stands_for=2)
    ranked = rank_for_query(replace(document, segments=tuple(segments)), "what does wanted do?")
    best = sorted(ranked.segments, key=lambda segment: segment.rank)
    assert [segment.text for segment in best[:3]] == texts[2:5]


def test_nothing_to_score() -> None:
    assert bm25([], "anything") == []
    assert bm25(["", ""], "anything") == [0.0, 0.0]
    assert bm25(["the cat"], "the") != [0.0]


def test_the_answer_comes_first_with_its_context() -> None:
    lines = [f"Line {number} speaks of ordinary matters only.\n" for number in range(200)]
    lines[120] = "The database password is kept in the vault.\n"
    original = "".join(lines)
    document = rank_for_query(
        plain_document(original, TOKENIZER), "where is the database password?"
    )
    text = render(document, original, TOKENIZER, max_tokens=80).text
    assert lines[120] in text
    assert lines[119] in text


def test_without_a_match_the_ranks_stay() -> None:
    document = plain_document("one\ntwo\nthree\n", TOKENIZER)
    assert rank_for_query(document, "zebra") is document
