"""Diffs whose changed words are marked on one line decode to the letter."""

from __future__ import annotations

import difflib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sharedctx import tokens
from sharedctx.decode_diff import decode_diff, decode_pair
from sharedctx.notes import escape_notes
from sharedctx_workers.compressors.diff_compressor import DiffCompressor
from sharedctx_workers.compressors.diff_words import write_change

TOKENIZER = tokens.load()
DIFF = DiffCompressor()


def test_a_pair_decodes_to_both_lines() -> None:
    pair = decode_pair("~timeout = [-5-]{+30+}  # seconds\n")
    assert pair == ("-timeout = 5  # seconds\n", "+timeout = 30  # seconds\n")


def test_removed_lines_come_before_added_ones() -> None:
    head = "--- a/x\n+++ b/x\n@@ -1,4 +1,4 @@\n same\n"
    shown = f"{head}~a [-1-]{{+2+}}\n-gone\n~b [-1-]{{+2+}}\n+here\n"
    assert decode_diff(shown) == f"{head}-a 1\n-gone\n-b 1\n+a 2\n+b 2\n+here\n"


def test_only_hunks_hold_pairs() -> None:
    text = "~ a [-1-]{+2+}\n--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n~ a [-1-]{+2+}\n"
    assert decode_diff(text) == text


def test_what_leaves_something_out_is_refused() -> None:
    with pytest.raises(ValueError, match="left out"):
        decode_diff("--- a\n+++ b\n@@ -1,4 +1,4 @@\n[… 3]\n-x\n+y\n")
    literal = "--- a\n+++ b\n@@ -1 +1 @@\n-[… 3 lines]\n+y\n"
    assert decode_diff(escape_notes(literal)) == literal


def test_lines_with_marks_of_their_own_are_left_alone() -> None:
    removed, added = "-regular = r'[-+]?\\d+'  # sign\n", "+regular = r'[-+]?\\d+'  # the sign\n"
    assert list(write_change([removed], [added], TOKENIZER)) == [removed, added]


def test_lines_find_what_replaces_them() -> None:
    removed = [f"-value_{n} = compute_the_value(first_argument, {n})\n" for n in range(5)]
    added = [
        "+import os\n",
        *(f"+value_{n} = compute_a_value(first_argument, {n})\n" for n in range(5)),
    ]
    shown = list(write_change(removed, added, TOKENIZER))
    assert shown[0] == "+import os\n"
    assert [line[:2] for line in shown[1:]] == ["~v"] * 5


WORDS = st.sampled_from(
    [
        "name",
        "=",
        "value",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "-",
        "+",
        "~",
        " ",
        "  ",
        "\t",
        ".",
        "é",
        "12",
    ]
)
LINES = st.lists(st.lists(WORDS, max_size=12).map("".join), min_size=1, max_size=12)


@given(LINES, st.randoms(use_true_random=False), st.sampled_from(["\n", "\r\n"]))
@settings(deadline=None, max_examples=200)
def test_every_diff_decodes(old: list[str], numbers: random.Random, end: str) -> None:
    old = [f"{line}{end}" for line in old] * 3
    new = [line.replace("value", "other") for line in old if numbers.random() < 0.9]
    text = "".join(difflib.unified_diff(old, new, "a/x", "b/x", n=1))
    document = DIFF.document(text, TOKENIZER)
    if document is not None:
        whole = escape_notes("".join(segment.text for segment in document.segments))
        assert decode_diff(whole) == text
        assert DIFF.same_data(text, whole)
        assert not DIFF.same_data(text, whole + "\n")
