from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from sharedctx import tokens
from sharedctx.render import render, render_default
from sharedctx.segments import REQUIRED, Document, Guarantee, Segment, Span
from sharedctx_workers.compressors.json_compressor import JsonCompressor
from sharedctx_workers.compressors.log_compressor import LogCompressor
from sharedctx_workers.compressors.mixed import MixedCompressor
from sharedctx_workers.compressors.mixed_parts import embedded_in
from sharedctx_workers.compressors.mixed_scale import LATE, scaled
from sharedctx_workers.compressors.search_compressor import SearchCompressor
from sharedctx_workers.compressors.table import TableCompressor
from sharedctx_workers.compressors.turns import take_turns

TOKENIZER = tokens.load()
MIXED = MixedCompressor((JsonCompressor(), TableCompressor()))

ROWS = [{"id": i, "state": "failed" if i == 31 else "ok", "ms": i * 13 % 50} for i in range(80)]
LISTING = "NAME      SIZE  OWNER\n" + "".join(f"file{i:03} {i:5}  root\n" for i in range(60))
CHAT = (
    f"I asked the service and it said: {json.dumps(ROWS)} which I do not trust.\n\n"
    f"The folder holds:\n\n{LISTING}\nSo file 7 must not be deleted.\n"
)


def test_parts_are_found_at_any_offset() -> None:
    found = [CHAT[place.body : place.stop] for place in embedded_in(CHAT)]
    assert [text.strip() for text in found] == [json.dumps(ROWS), LISTING.strip()]


def test_each_part_is_told_by_its_compressor() -> None:
    document = MIXED.document(CHAT, TOKENIZER)
    assert document is not None
    assert (document.kind, document.whole) == ("mixed", Guarantee.EXTRACTIVE)
    assert {segment.unit for segment in document.segments} >= {"row", "sentence", "line"}
    whole = render(document, CHAT, TOKENIZER, max_tokens=None).text
    assert MIXED.same_data(CHAT, whole)
    assert not MIXED.same_data(CHAT, whole.replace("failed", "ok"))
    shown = render(document, CHAT, TOKENIZER, max_tokens=TOKENIZER.count(CHAT) // 4).text
    for text in ("[80 rows: id,state,ms", "31,failed", "which I do not trust", "[60 rows; NAME"):
        assert text in shown
    assert "So file 7 must not be deleted." in shown


def test_what_is_said_of_a_part_stays_and_so_does_the_conclusion() -> None:
    said = "Nobody has touched this for long, therefore it was left as it is."
    fences = "".join(
        f"## {n}. Output\n\n{said}\n\n```json\n{json.dumps(ROWS, indent=n)}\n```\n\n"
        for n in (1, 2)
    )
    text = f"# Report\n\n{fences}## Next\n\n1. Ask again.\n2. Do not close it before that.\n"
    document = MIXED.document(text, TOKENIZER)
    assert document is not None
    shown = render(document, text, TOKENIZER, max_tokens=100, keep_required=True).text
    assert shown.count(said) == 2
    assert shown.endswith("## Next\n\n1. Ask again.\n2. Do not close it before that.\n")


def test_notes_of_a_part_name_lines_of_the_whole() -> None:
    log = "".join(f"2026-11-25 08:00:{i:02d},004 INFO job {80 + i} is done\n" for i in range(60))
    text = f"# Report\n\nNothing of interest was found.\n\n$ cat a.log\n{log}"
    text += f"\nThe other one says the same.\n\n$ cat b.log\n{log.replace('is', 'was')}"
    document = MixedCompressor((LogCompressor(),)).document(text, TOKENIZER)
    assert document is not None
    shown = render(document, text, TOKENIZER, max_tokens=400).text
    lines = text.splitlines()
    named = [int(line) for line in re.findall(r"more to L(\d+)", shown)]
    assert [lines[line - 1].partition(" INFO ")[2] for line in named] == [
        "job 139 is done",
        "job 139 was done",
    ]


def test_notes_for_one_more_line_and_for_traces_name_lines_of_the_whole() -> None:
    trace = "Traceback (most recent call last):\n" + "".join(
        f'  File "app/m{i}.py", line {i}, in run\n    step({i})\n' for i in range(6)
    )
    log = "".join(
        f"2026-11-25 08:0{i}:00,004 ERROR job {name} failed\n{trace}ValueError: {name} is no job\n"
        for i, name in enumerate(("red", "green"))
    )
    log += "2026-11-25 08:09:00,004 INFO bye now\n" * 2
    text = f"# Report\n\nNothing of interest was found.\n\n$ cat a.log\n{log}"
    document = MixedCompressor((LogCompressor(),)).document(text, TOKENIZER)
    assert document is not None
    shown = render(document, text, TOKENIZER, max_tokens=300).text
    lines = text.splitlines()
    (once,) = re.findall(r"1 more at L(\d+)", shown)
    assert lines[int(once) - 1].endswith("bye now")
    ((count, first, last),) = re.findall(r"the next (\d+) as L(\d+)-(\d+)", shown)
    assert lines[int(first) - 1 : int(last)] == trace.splitlines()[-int(count) :]


def test_an_output_in_a_fence_is_a_part_without_its_fence() -> None:
    paths = "".join(f"tests/unit/part{i % 7}/test_{i}.py\n" for i in range(60))
    turns = "".join(
        f"**Assistant:** I look at folder {i} next.\n\n**Tool:**\n\n```\n{paths[i:]}```\n\n"
        for i in range(3)
    )
    document = MixedCompressor((SearchCompressor(),)).document(turns, TOKENIZER)
    assert document is not None
    shown = render(document, turns, TOKENIZER, max_tokens=300).text
    assert shown.count("**Tool:**\n\n```\n") == 3


def test_json_lines_in_a_text_are_one_part() -> None:
    lines = "".join(f"{json.dumps(row)}\n" for row in ROWS)
    (place,) = embedded_in(f"Here they are:\n{lines}That is all.\n")
    assert place.stop - place.body == len(lines)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Only prose here, {not: json} and [no list].\n" * 20,
        "```\nshort\n```\n" * 5,
        json.dumps(ROWS),
    ],
)
def test_texts_of_one_kind_are_not_mixed(text: str) -> None:
    assert MIXED.document(text, TOKENIZER) is None


@pytest.mark.parametrize(
    "text",
    ["[\n" * 5000, '{"a":\n' * 3000, "[1],\n" * 4000, "```\n" * 3001, "~~~ x\n" * 3000, "{" * 9000],
)
def test_hostile_openings_find_nothing_large(text: str) -> None:
    assert sum(place.end - place.start for place in embedded_in(text)) <= len(text)


def test_turns_are_fair() -> None:
    def segment(i: int, tokens_: int, rank: float) -> Segment:
        return Segment(text="x", rank=rank, tokens=tokens_, span=Span(i, i + 1))

    small = [segment(i, 10, i) for i in range(4)]
    large = [segment(4 + i, 10, i) for i in range(100)]
    ranked = take_turns([*small, *large], [0] * 4 + [1] * 100)
    order = sorted(range(104), key=lambda i: ranked[i].rank)
    assert max(order.index(i) for i in range(4)) < 30
    assert [i for i in order if i >= 4] == list(range(4, 104))


def test_a_part_is_shown_as_far_as_it_would_be_alone() -> None:
    def segment(i: int, rank: float) -> Segment:
        return Segment(text="x", rank=rank, tokens=10, span=Span(i, i + 1))

    segments = tuple(segment(i, i // 40) for i in range(200))
    document = Document(segments, "log", Guarantee.LOSSLESS, Guarantee.EXTRACTIVE, enough=1.0)
    required = scaled(document)
    assert required.wanted == 408  # 40 segments are required, and make the target, with a note
    assert sum(rank < 1.0 for rank in required.ranks) == 40
    assert sum(rank < LATE for rank in required.ranks) == 80
    dense = scaled(replace(document, basis=4000))
    assert dense.wanted == 800
    assert sum(rank < 1.0 for rank in dense.ranks) == 79  # and a note
    assert sum(rank <= REQUIRED for rank in dense.ranks) == 40
    assert scaled(replace(document, segments=segments[:8])).wanted == 80


def test_commands_stay_whatever_they_print() -> None:
    printed = "".join(
        f"this is one of the lines that are all alike, number {i}\n" for i in range(9)
    )
    text = (
        "I looked at what there is, and nothing of it was changed since Monday.\n\n"
        f"```console\n$ cat alike.txt\n{printed}$ ls -l\n{LISTING}"
        f"$ tail alike.txt\n{printed}```\n\n"
        f"{'So all of them are alike, and there is nothing to be done about it now. ' * 9}\n"
    )
    document = MIXED.document(text, TOKENIZER)
    assert document is not None
    shown = render_default(document, text, TOKENIZER, document.basis // 5).text
    assert [line for line in shown.split("\n") if line.startswith("$ ")] == [
        "$ cat alike.txt",
        "$ ls -l",
        "$ tail alike.txt",
    ]
