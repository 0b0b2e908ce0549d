from __future__ import annotations

import json
import re

import pytest

from sharedctx import tokens
from sharedctx.lines import read_lines
from sharedctx.ranking import rank_for_query
from sharedctx.render import default_target, render, render_default
from sharedctx.segments import Document
from sharedctx_workers.compressors.json_compressor import JsonCompressor
from sharedctx_workers.compressors.mixed import MixedCompressor
from sharedctx_workers.compressors.mixed_repeats import repeats_in
from sharedctx_workers.compressors.table import TableCompressor

TOKENIZER = tokens.load()
MIXED = MixedCompressor((JsonCompressor(), TableCompressor()))
NOTE = re.compile(r"\[… L(\d+)(?:-(\d+))? repeats? L(\d+)(?:-(\d+))?\]")

ROWS = [{"id": i, "state": "failed" if i == 31 else "ok", "ms": i * 13 % 50} for i in range(80)]
LISTING = "NAME      SIZE  OWNER\n" + "".join(f"file{i:03} {i:5}  root\n" for i in range(60))
MANUAL = "# How to\n\n" + "".join(
    f"The {name} is read before anything else is asked of it, {i} times.\n\n"
    for i, name in enumerate(("first", "second", "third", "fourth", "fifth"))
)


def chat(*outputs: str) -> str:
    turns = "".join(
        f"Assistant: I run command {i} now and look at it.\nTool:\n{output}\n"
        for i, output in enumerate(outputs)
    )
    return f"{turns}Assistant: That is all that there is.\n"


def document_of(text: str) -> Document:
    document = MIXED.document(text, TOKENIZER)
    assert document is not None
    assert MIXED.same_data(text, render(document, text, TOKENIZER, max_tokens=None).text)
    return document


def default_of(text: str) -> str:
    document, total = document_of(text), TOKENIZER.count(text)
    return render_default(document, text, TOKENIZER, default_target(document.basis, 20, total)).text


def check_notes(text: str, shown: str) -> int:
    """Check that the lines that each note names are the same; return how many notes there are."""
    for first, last, source, until in NOTE.findall(shown):
        again = read_lines(text, int(first), int(last or first))
        before = read_lines(text, int(source), int(until or source))
        assert again.rstrip().endswith(before.strip())
        assert int(until or source) < int(first)
    return len(NOTE.findall(shown))


@pytest.mark.parametrize(
    "output",
    [LISTING, json.dumps(ROWS), json.dumps(ROWS, indent=1), MANUAL],
    ids=["table", "JSON on a line", "JSON", "prose"],
)
def test_what_is_printed_again_is_told_by_its_lines(output: str) -> None:
    text = chat(LISTING[:2000], output, "Nothing.", output, output)
    shown = default_of(text)
    assert check_notes(text, shown) >= 2
    once = default_of(chat(LISTING[:2000], output, "Nothing.", "-", "-"))
    assert TOKENIZER.count(shown) < TOKENIZER.count(once) + 60


def test_what_changed_between_two_outputs_is_shown() -> None:
    changed = LISTING.replace("file030    30  root", "file030  9999  guest")
    text = chat(LISTING, changed)
    shown = default_of(text)
    assert "file030  9999  guest" in shown
    assert check_notes(text, shown) == 2


def test_a_large_budget_shows_what_was_told_before_as_well() -> None:
    text = chat(LISTING, LISTING)
    budget = TOKENIZER.count(text) - 20
    shown = render(document_of(text), text, TOKENIZER, max_tokens=budget).text
    assert shown.count("file030    30  root") == 2


def test_a_question_is_answered_once() -> None:
    text = chat(LISTING, LISTING, LISTING.replace("file030    30  root", "file030    31  root"))
    ranked = rank_for_query(document_of(text), "file030 file007")
    shown = render(ranked, text, TOKENIZER, max_tokens=600).text
    assert shown.count("file030    30  root") == shown.count("file007     7  root") == 1
    assert "file030    31  root" in shown


def test_short_and_inner_repetitions_are_none() -> None:
    assert not default_of(chat(LISTING, LISTING[:200])).count(" repeat")
    assert not repeats_in(LISTING * 3, [(0, 3 * len(LISTING), False)])


@pytest.mark.parametrize("line", ["a\n", "x" * 300 + "\n", "}\n\n", "a\nb\n"])
def test_hostile_texts_take_linear_time(line: str) -> None:
    text = line * (400_000 // len(line))
    half = len(text) // 2
    assert repeats_in(text, [(0, half, False), (half, len(text), True)])
