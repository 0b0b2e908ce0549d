"""Strings in JSON that are documents are told as such, and stay strings."""

from __future__ import annotations

import inspect
import json
import textwrap
from itertools import pairwise

import pytest

from sharedctx import tokens
from sharedctx.decode import decode_json
from sharedctx.records import Profile, State
from sharedctx.render import render
from sharedctx_workers.compressors.json_strings import LATE, SOON, Strings
from sharedctx_workers.pipeline import compress
from sharedctx_workers.router import route

TOKENIZER = tokens.load()
SOURCE = inspect.getsource(textwrap)
LOG = "".join(
    f"2026-03-01 10:00:{i % 60:02} ERROR disk sda7 is full\n"
    if i == 61
    else f"2026-03-01 10:00:{i % 60:02} INFO request {i} took {i * 37 % 400} ms\n"
    for i in range(120)
)


def messages(*contents: str) -> list[dict[str, object]]:
    """A conversation in which tools said `contents`."""
    said: list[dict[str, object]] = [{"role": "user", "content": "Look what is wrong with it."}]
    for number, content in enumerate(contents):
        call = {"id": f"call_{number}", "function": {"name": "run", "arguments": "{}"}}
        said.append({"role": "assistant", "content": None, "tool_calls": [call]})
        said.append({"role": "tool", "tool_call_id": f"call_{number}", "content": content})
    return [*said, {"role": "assistant", "content": "The third line of it is the cause."}]


def compressed(value: object, indent: int | None = None) -> str:
    record, body = compress(json.dumps(value, indent=indent), Profile("o200k_base", 20))
    assert record.state is State.READY, record.reason
    assert record.transforms[0].startswith("router:json:")
    assert record.compressed_tokens < 0.6 * record.original_tokens
    return body.text


@pytest.mark.parametrize("indent", [None, 2])
def test_what_tools_said_is_told_as_what_it_is(indent: int | None) -> None:
    text = compressed(messages(SOURCE, LOG), indent)
    assert "ERROR disk sda7 is full" in text
    signatures = [line.strip() for line in SOURCE.splitlines() if line.startswith("def ")]
    assert len(signatures) > 4
    places = [text.find(signature) for signature in signatures]
    assert places == sorted(places)
    assert -1 not in places
    assert "Look what is wrong with it." in text
    assert "The third line of it is the cause." in text


def test_a_listing_with_numbers_is_read_without_them() -> None:
    numbered = "".join(f"{i:6}\t{line}\n" for i, line in enumerate(SOURCE.splitlines(), 1))
    text = compressed(messages(numbered, "done"))
    assert "\\tdef dedent(text):" in text


def test_contents_in_blocks_are_strings_too() -> None:
    blocks = [
        {"role": "user", "content": [{"type": "tool_result", "content": content, "id": number}]}
        for number, content in enumerate((SOURCE, LOG, SOURCE[2000:]))
    ]
    assert "ERROR disk sda7 is full" in compressed(blocks)


@pytest.mark.parametrize("content", [LOG, SOURCE, LOG.replace("disk", 'a "\u00e9\ud83d" \\ b')])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_the_whole_decodes(content: str, ascii_only: bool) -> None:  # noqa: FBT001
    value = messages(content, content[:2000])
    text = json.dumps(value, ensure_ascii=ascii_only)
    _, document, _ = route(text, TOKENIZER)
    whole = render(document, text, TOKENIZER, max_tokens=None).text
    assert json.loads(decode_json(whole)) == json.loads(text)
    spans = [segment.span for segment in document.segments]
    assert spans[0].start == 0
    assert spans[-1].end == len(text)
    assert all(a.end == b.start for a, b in pairwise(spans))


def test_parts_add_up_and_documents_come_after_what_is_short() -> None:
    strings = Strings(lambda text: route(text, TOKENIZER).document)
    cells = ["tool", json.dumps("word " * 300), json.dumps(SOURCE), "last"]
    parts = list(strings.cut(cells, ","))
    assert "".join(part.text for part in parts) == ",".join(cells)
    assert parts[0].rank == 0
    inner = [part for part in parts if part.unit == "line"]
    assert len(inner) > 20
    assert all(part.rank > SOON for part in inner)
    assert any(part.rank < LATE for part in inner)
    # An outline that takes more than the usual share is told whole.
    dense = "".join(f"def function_{i}(first, second):\n    return {i}\n\n" for i in range(60))
    before = strings.basis
    list(strings.cut([json.dumps(dense)]))
    assert strings.basis > before


def test_a_string_of_few_lines_is_none() -> None:
    strings = Strings(lambda text: route(text, TOKENIZER).document)
    assert all(part.unit == "char" for part in strings.cut([json.dumps("a sentence. " * 200)]))
    assert strings.basis == 0


def test_only_so_many_strings_are_tried() -> None:
    tried: list[str] = []
    strings = Strings(tried.append)
    for _ in range(300):
        list(strings.cut([json.dumps(LOG)]))
    assert len(tried) == 256
