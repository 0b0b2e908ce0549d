"""Original and rendition side by side: nothing is lost, moved or marked twice."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharedctx.dashboard.passages import Comparison, compare
from sharedctx.dashboard.text import visible
from sharedctx.reading import Rendition
from sharedctx.records import Profile, State
from sharedctx_workers import compress

_ROOT = Path(__file__).parents[2]
_PROFILE = Profile("o200k_base", 20)
_ROWS = [{"path": f"src/m{n}.py", "size": 97 * n, "owner": "root"} for n in range(300)]
_MATERIAL = {
    "code": (_ROOT / "sharedctx" / "client.py").read_text(),
    "markdown": (_ROOT / "docs" / "architecture.md").read_text(),
    "one line": json.dumps(_ROWS),
    "json": json.dumps(_ROWS, indent=1),
    "log": "".join(f"2026-01-01 10:{n % 60:02} INFO worker {n} did\r\n" for n in range(400)),
    "empty lines": "\n\n".join(f"The {n}th thing, said at some length." for n in range(200))
    + "\n\n",
}


def _compare(original: str, max_tokens: int | None = None, query: str | None = None) -> Comparison:
    record, body = compress(original, _PROFILE)
    return compare(original, Rendition(record, body), _PROFILE, max_tokens, query)


def _check(original: str, both: Comparison) -> None:
    shown = "\n".join("".join(text for text, _ in line.parts) for line in both.lines)
    assert shown == visible(original).removesuffix("\n")
    numbers = [passage.number for passage in both.passages if passage.number]
    assert numbers == list(range(1, len(numbers) + 1))
    marked: dict[int, str] = dict.fromkeys(numbers, "")
    for line in both.lines:
        for text, number in line.parts:
            if number:
                marked[number] += text
    for passage in both.passages:
        if passage.number and not passage.rest:
            lines = passage.elided.replace("\n", "")
            assert marked[passage.number] == lines


@pytest.mark.parametrize("name", _MATERIAL)
@pytest.mark.parametrize(
    ("max_tokens", "query"), [(None, None), (100, None), (None, "worker m7.py cache")]
)
def test_both_columns_add_up(name: str, max_tokens: int | None, query: str | None) -> None:
    original = _MATERIAL[name]
    both = _compare(original, max_tokens, query)
    _check(original, both)
    assert both.notes > 0


@pytest.mark.parametrize("name", _MATERIAL)
def test_the_published_rendition_is_shown_as_it_is(name: str) -> None:
    original = _MATERIAL[name]
    record, body = compress(original, _PROFILE)
    both = _compare(original)
    assert record.state is State.READY
    assert "".join(passage.text for passage in both.passages) == visible(body.text)
    assert both.tokens == record.compressed_tokens


@pytest.mark.parametrize("name", ["code", "markdown", "log", "json"])
def test_notes_of_a_rendition_made_otherwise_still_open(name: str) -> None:
    original = _MATERIAL[name]
    record, body = compress(original, _PROFILE)
    other = Rendition(record, body._replace(text=body.text + "\nmade by another version"))
    both = compare(original, other, _PROFILE, None, None)
    assert "".join(passage.text for passage in both.passages) == visible(other.body.text)
    lines = original.split("\n")
    opened = [passage for passage in both.passages if passage.number]
    assert opened
    for passage in opened:
        named = re.search(r"\bL(\d+)(?:-(\d+))?", passage.text)
        assert named is not None
        expected = "\n".join(lines[int(named[1]) - 1 : int(named[2] or named[1])])
        assert passage.elided.strip() == visible(expected + "\n").strip()


@given(st.text(alphabet="ab .\n\r\t\u202e\x1b\ud800é", max_size=2_000), st.integers(16, 60))
def test_any_text_adds_up(original: str, max_tokens: int) -> None:
    _check(original, compare(original, None, _PROFILE, max_tokens, None))
    whole = compare(original, None, _PROFILE, None, None)
    assert "".join(passage.text for passage in whole.passages) == visible(original)
