from __future__ import annotations

import json

import pytest

from sharedctx import tokens
from sharedctx.records import Profile
from sharedctx_workers.compressors.mixed_regions import (
    is_composed,
    outputs_of,
    paragraph_runs,
    turns_of,
)
from sharedctx_workers.pipeline import compress
from sharedctx_workers.router import route

TOKENIZER = tokens.load()
PROFILE = Profile(tokens.DEFAULT_ENCODING, 20)
CODE = "".join(
    f"class Shape{i}:\n\n    def area(self, width, height={i}):\n        size = width * height\n\n"
    f"        # Never below zero, whatever the caller says.\n        return max(size, 0)\n\n\n"
    for i in range(6)
)
ROWS = [{"id": i, "state": "failed" if i == 31 else "ok", "ms": i * 13 % 50} for i in range(60)]
LISTING = "NAME      SIZE  OWNER\n" + "".join(f"file{i:03} {i:5}  root\n" for i in range(50))
CHAT = (
    "User: Why does it fail? I have looked everywhere.\n\n"
    f"Assistant: I am going to read the file first.\nTool:\n{CODE}\n"
    f"Assistant: That looks fine, so I list the folder.\nTool:\n{LISTING}\n"
    f"Assistant: The rows are these.\nTool:\n{json.dumps(ROWS)}\n\n"
    "User: So number 31 is the one that failed. Thank you.\n"
)
SESSION = (
    "The machine was slow this morning, so I looked at what it does.\n\n"
    f"$ cat shape.py\n{CODE}$ ls -l\n{LISTING}\nNothing of this is unusual as far as I can see.\n"
)


def test_what_each_speaker_says_is_a_region() -> None:
    said = [CHAT[start:end].strip() for start, end in turns_of(CHAT)]
    assert CODE.strip() in said
    assert LISTING.strip() in said
    assert json.dumps(ROWS) in said
    assert said[-1] == "So number 31 is the one that failed. Thank you."


def test_paragraphs_of_a_program_are_one_region() -> None:
    text = f"This is what I found in the file after a while.\n\n{CODE}\nAnd that is all of it.\n"
    assert [text[start:end] for start, end in paragraph_runs(text)] == [CODE.rstrip("\n") + "\n"]


def test_what_a_fenced_command_prints_ends_with_its_fence() -> None:
    listed = "".join(f"file{i}\n" for i in range(3))
    block = f"```console\n$ ls\n{listed}```\n"
    manual = f"# Listing\n\n{block}\n## Counting\n\nIt counts what is there.\n\n{block}"
    assert outputs_of(manual) == []
    assert turns_of(manual) == []
    inside = f"$ ls\n{listed}$ ls /\n{listed}"
    assert [inside[start:end] for start, end in outputs_of(inside)] == [listed, listed]


def test_sections_between_fenced_commands_keep_their_headings() -> None:
    block = f"```console\n$ python shape.py\n{CODE}```\n"
    text = "\n".join(f"## Step {i}\n\nDo not skip step {i} of this.\n\n{block}" for i in range(4))
    segments = route(f"# Steps\n\n{text}", TOKENIZER).document.segments
    shown = "".join(segment.text for segment in segments if segment.unit == "heading")
    assert all(f"## Step {i}\n" in shown for i in range(4))


@pytest.mark.parametrize("text", [CHAT, SESSION])
def test_conversations_and_sessions_are_told_part_by_part(text: str) -> None:
    assert is_composed(text)
    document = route(text, TOKENIZER).document
    assert document.kind == "mixed"
    needed = [segment for segment in document.segments if segment.rank <= document.enough]
    shown = "".join(segment.text for segment in needed)
    assert all(f"class Shape{i}:" in shown for i in range(6))
    assert {segment.unit for segment in document.segments} >= {"row", "line", "sentence"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        CODE,
        LISTING,
        "Name: x\nVersion: 1\n\nSummary: y\n" * 3 + "A text follows that is only prose.\n",
        "".join(f"$ make step{i}\nok {i}\n" for i in range(9)),
        "Note: this is only one sentence.\n\nNote: and this is the last of them.\n",
    ],
)
def test_other_texts_are_not_composed(text: str) -> None:
    assert not is_composed(text)


@pytest.mark.parametrize(
    "text",
    ["A:\n" * 30_000, "$ x\n" * 30_000, "\n" * 90_000, "x y z\n\n" * 9_000, "```x\n" * 30_000],
)
def test_hostile_texts_take_linear_time(text: str) -> None:
    assert all(0 <= start <= end <= len(text) for start, end in turns_of(text))
    assert all(0 <= start < end <= len(text) for start, end in paragraph_runs(text))


def test_labels_in_comments_are_no_speakers() -> None:
    script = "".join(
        f"# Part {i}\n#\n# Options here:\n#\n# Example usage:\n#\npart_{i}() {{\n    echo\n}}\n\n"
        for i in range(4)
    )
    assert turns_of(script) == []
    chat = "### User:\nPlease look at the log.\n\n### Assistant:\nIt says no.\n\n"
    assert len(turns_of(chat * 2)) == 4


OUTPUTS = (CODE, LISTING, f"{json.dumps(ROWS)}\n")
SAID = "I am going to look at the next one before I change it."


def _written(turn: str) -> str:
    """Return a conversation in which each turn is written like `turn`."""
    turns = (turn.format(i=i, output=output, said=SAID) for i, output in enumerate(OUTPUTS))
    return "".join(turns) + f"{SAID}\n"


@pytest.mark.parametrize(
    "turn",
    [
        '<assistant>\n{said}\n</assistant>\n<tool_result id="{i}">\n{output}</tool_result>\n\n',
        "[assistant] {said}\n[tool_use read] file {i}\n[tool_result {i}]\n{output}\n",
        "{said}\n\nIn [{i}]:\nread({i})\n\nOut[{i}]:\n{output}\n",
        "● {said}\n\n● Read(file {i})\n{output}\n",
    ],
)
def test_turns_are_known_by_tags_brackets_numbers_and_bullets(turn: str) -> None:
    text = _written(turn)
    regions = [text[start:end].strip() for start, end in turns_of(text)]
    for output in OUTPUTS:
        assert any(region.startswith(output.strip()) for region in regions)
    document = route(text, TOKENIZER).document
    assert document.kind == "mixed"
    assert {segment.unit for segment in document.segments} >= {"row", "line", "sentence"}


@pytest.mark.parametrize(
    "text",
    [
        "".join(
            f'[user]\nname = x\n[mergetool "{i}"]\ncmd = vi\n'[7 * (i > 0) :] for i in range(4)
        ),
        "<root>\n<item>\nThis is one of the items\n</item>\n</root>\n" * 3,
        "● web.service - a small server that says hello\n   Loaded: loaded\n\n" * 4,
        "That is not what I had expected: it is late.\n\n" * 4,
        "```\nAuthor:\nx\nLicense:\ny\n```\nThis is what they have in common.\n" * 4,
    ],
)
def test_sections_markup_lists_and_what_is_quoted_are_no_turns(text: str) -> None:
    assert turns_of(text) == []


def test_calls_are_no_part_of_what_a_fence_below_them_holds() -> None:
    text = f"**Call** `ls`\n\n**Result**\n\n```\n{LISTING}```\n"
    assert list(paragraph_runs(text)) == [(0, text.index("\n```"))]


def test_what_stands_before_the_first_turn_is_told_by_its_kind_as_well() -> None:
    text = f"I was given this list.\n\n```json\n{json.dumps(ROWS)}\n```\n\n{CHAT}"
    segments = route(text, TOKENIZER).document.segments
    before = [segment for segment in segments if segment.span.end < text.index("User:")]
    assert "row" in {segment.unit for segment in before}


def test_short_data_in_a_report_is_shown_as_far_as_alone() -> None:
    rows = json.dumps(ROWS, indent=2)
    alone = compress(rows, PROFILE)[0].compressed_tokens
    text = f"# Report\n\n## Rows\n\n{SAID}\n\n```json\n{rows}\n```\n"
    assert compress(text, PROFILE)[0].compressed_tokens > alone
