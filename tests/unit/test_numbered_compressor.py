"""Listings with numbers before their lines are read as what stands behind the numbers."""

from __future__ import annotations

import inspect
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharedctx import tokens
from sharedctx.hints import Hint
from sharedctx.records import Profile, State
from sharedctx_workers.compressors.numbered_lines import listing_in
from sharedctx_workers.pipeline import compress
from sharedctx_workers.router import route

TOKENIZER = tokens.load()
PROFILE = Profile("o200k_base", 20)
SOURCE = inspect.getsource(textwrap)
FORMS = ("{:6}\t{}", "{:6}→{}", "{}: {}", "{}:{}", "{:4} | {}", "{:05}| {}", "L{}: {}", "{:4}  {}")


def numbered(text: str, form: str = "{:6}\t{}", first: int = 1) -> str:
    lines = enumerate(text.splitlines(), first)
    return "".join(form.format(number, line) + "\n" for number, line in lines)


def rendition(text: str) -> str:
    record, body = compress(text, PROFILE)
    assert record.state is State.READY, record.reason
    return body.text


@pytest.mark.parametrize("form", FORMS)
def test_a_program_reads_as_it_does_without_numbers(form: str) -> None:
    text = numbered(SOURCE, form)
    record, body = compress(text, PROFILE)
    assert record.transforms[0].startswith("router:code:")
    assert record.compressed_tokens < 0.35 * record.original_tokens
    plain = [line for line in rendition(SOURCE).splitlines() if line.lstrip().startswith("def ")]
    assert plain
    assert [line for line in body.text.splitlines() if line.lstrip().startswith("def ")] == plain
    count = SOURCE.count("\n")
    assert f"{count} line numbers" in body.text.split("import")[0]
    assert f"elided: #1-{count}, L1" in body.text


def test_lines_that_lost_the_mark_and_lines_that_begin_with_one() -> None:
    source = "def f(\n    a,\n):\n    return (\n        a\n    )\n\n\n" * 40
    for form in FORMS:
        lines = numbered(source, form).splitlines()
        stripped = "\r\n".join(line.rstrip() for line in lines) + "\r\n"
        listing = listing_in(stripped)
        assert listing is not None
        assert listing.inner.splitlines() == source.splitlines(), form


def test_a_part_says_which_numbers_its_lines_have() -> None:
    head = "Here is the result of `cat -n wrap.py`, lines 101 to 500:\n"
    text = head + numbered(SOURCE, first=101) + "(12 more lines)\n"
    compressed = rendition(text)
    assert compressed.startswith(head)
    assert compressed.endswith("(12 more lines)\n")
    assert f"elided: #101-{100 + SOURCE.count(chr(10))}, L2-" in compressed
    # Notes name lines of what was put, which `get(key, lines=...)` takes.
    last = next(i for i, line in enumerate(text.splitlines(), 1) if "def prefixed" in line)
    assert f"[… L{last + 1}-" in compressed


@pytest.mark.parametrize(
    "text",
    [
        "id\tname\n" + "".join(f"{i}\tname{i * 7}\n" for i in range(1, 60)),
        "".join(f"{i}\tname{i * 7}\t{i * 31 % 17}.5\n" for i in range(1, 60)),
        "id | name | size\n" + "".join(f"{i} | n{i} | {i * 3}\n" for i in range(1, 60)),
        "".join(f"{i:3}  user{i % 7}  {i * 37 % 100}\n" for i in range(60)),
        "NO  NAME\n" + "".join(f"{i:2}  name{i * 7}\n" for i in range(1, 60)),
    ],
)
def test_rows_keep_their_numbers(text: str) -> None:
    assert route(text, TOKENIZER).compressor.kind == "table"


def test_what_is_no_listing() -> None:
    counts = "".join(f"{number}: def f(): pass\n" for number in (1, 2, 4, 5, 6))
    few = "1: def f():\n2:     pass\n"
    around = "\n".join(f"Line {word} of many." for word in ("one", "two", "three", "four", "five"))
    for text in ("", "1", counts, few, f"{around}\n{numbered(SOURCE)}", "1\n2\n3\n4\n"):
        assert listing_in(text) is None


def test_a_listing_in_a_conversation() -> None:
    text = (
        "User: What does it do?\n\n"
        f"Tool: {numbered('').strip()}\n{numbered(SOURCE)}\n"
        "Assistant: It wraps the lines of a text that are too long.\n\n"
        "User: Thank you, that is all that I wanted.\n\n"
        "Assistant: You are welcome, and come back soon.\n"
    )
    record, body = compress(text, PROFILE)
    assert record.transforms[0].startswith("router:mixed:")
    assert "def dedent(text):" in body.text
    assert "line numbers elided" in body.text


def test_a_hint_is_of_what_is_listed() -> None:
    hint = Hint("code", "python")
    assert route(numbered(SOURCE), TOKENIZER, hint).why == "hinted"
    assert route(numbered(SOURCE), TOKENIZER, hint).document.kind == "code"


_LINES = st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\n\r")))


@given(_LINES, st.integers(0, 500), st.sampled_from(FORMS))
def test_every_character_is_where_it_says(lines: list[str], first: int, form: str) -> None:
    text = "".join(form.format(number, line) + "\n" for number, line in enumerate(lines, first))
    listing = listing_in(text)
    if listing is None:
        return
    for offset, character in enumerate(listing.inner):
        place = listing.place_of(offset)
        if offset in listing.offsets:
            place = next(body for start, body, _ in listing.lines if start == place)
        assert text[place] == character
    assert listing.place_of(len(listing.inner)) == listing.end
