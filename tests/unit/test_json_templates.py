"""Columns that other columns tell, and how they are read back."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sharedctx import tokens
from sharedctx.decode import decode_json
from sharedctx_workers.compressors import JsonCompressor

TOKENIZER = tokens.load()


def whole(rows: list[dict[str, Any]]) -> str:
    document = JsonCompressor().document(json.dumps(rows), TOKENIZER)
    assert document is not None
    return "".join(segment.text for segment in document.segments)


def issues(size: int) -> list[dict[str, Any]]:
    return [
        {
            "number": 40 + i,
            "title": f"{'Crash' if i % 2 else 'Hang'} in step {i * i}",
            "url": f"https://api.example/repos/o/r/issues/{40 + i}",
            "comments_url": f"https://api.example/repos/o/r/issues/{40 + i}/comments{{/id}}",
        }
        for i in range(size)
    ]


def test_urls_that_the_number_tells_are_said_once() -> None:
    text = whole(issues(20))
    header, first = text.split("\n")[0], text.split("\n40,")[1].split("\n")[0]
    assert 'url~"https://api.example/repos/o/r/issues/{number}"' in header
    assert first == "Hang in step 0"


def test_a_long_beginning_that_all_share_is_said_once() -> None:
    rows = [
        {"path": f"/srv/releases/2026/november/{name}.log", "n": i}
        for i, name in enumerate("abcdef")
    ]
    assert whole(rows).startswith('[6 rows: path~"/srv/releases/2026/november/{}.log",n\n')


def test_a_word_or_number_is_not_cut() -> None:
    rows = [{"at": f"some/long/directory/name/item10{i}", "n": "xy"[i % 2]} for i in range(9)]
    assert 'at~"some/long/directory/name/{}"' in whole(rows)


SHAPES: dict[str, list[dict[str, Any]]] = {
    "functions": issues(12),
    "braces": [{"id": f"{{{i}}}", "u": f"https://example.org/{{x}}/{{{i}}}/{{"} for i in range(9)],
    "numbers in strings": [{"id": i, "u": f"https://example.org/items/{i}0"} for i in range(30)],
    "quotes": [{"id": f'"{i}"', "u": f'https://example.org/"{i}"/é\\n'} for i in range(9)],
    "a row without": [*issues(8), {"number": 99, "title": "x", "url": None}, *issues(3)],
    "missing": [
        {"n": i, **({"u": f"https://example.org/list/{i}"} if i % 3 else {})} for i in range(20)
    ],
    "inner": [{"a": {"id": i, "u": f"https://example.org/list/{i}"}, "b": i % 2} for i in range(9)],
    "each of the other": [{"a": f"left {i} right", "b": f"so left {i} right"} for i in range(9)],
    "empty rests": [{"u": "https://example.org/items/" + "x" * (i % 2), "n": i} for i in range(9)],
}


@pytest.mark.parametrize("rows", SHAPES.values(), ids=SHAPES)
def test_templates_are_filled_in_again(rows: list[dict[str, Any]]) -> None:
    assert json.loads(decode_json(whole(rows))) == rows


def test_a_template_of_an_unknown_column_is_an_error() -> None:
    with pytest.raises(ValueError, match="no column"):
        decode_json('[1 rows: a,u~"x{b}"\n1\n]')
