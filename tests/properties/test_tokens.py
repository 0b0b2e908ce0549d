"""What must hold for counts of tokens, whatever the text is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sharedctx import tokens

# What the patterns of the encodings tell apart, above all around the ends of lines.
PIECES = st.sampled_from(
    [
        *(
            "\n",
            "\n",
            "\n",
            "\r",
            "\r\n",
            " ",
            "    ",
            "\t",
            "\x0b",
            "\x1c",
            "\x85",
            "\u2028",
            "\u3000",
        ),
        *("/", "//", "*/", ");", "...", "_", "<|endoftext|>", "\ufeff", "\ud800", "\udc00", "😀"),
        *("a", "Foo", "foo bar", "'s", "'LL", "é", "\u0301", "漢字", "ǅ", "1", "12345", "²", "Ⅷ"),
    ]
)
TEXTS = st.lists(PIECES, max_size=40).map("".join)


@pytest.mark.parametrize("encoding", ["o200k_base", "cl100k_base"])
@settings(deadline=None)  # the first example builds the encoding
@given(text=TEXTS, parts=st.lists(TEXTS, max_size=3))
def test_a_memory_for_lines_changes_no_count(encoding: str, text: str, parts: list[str]) -> None:
    plain, remembering = tokens.load(encoding), tokens.load_for_document(encoding)
    for part in (text, *parts, "".join((text, *parts)), text):
        assert remembering.count(part) == plain.count(part)


def test_more_lines_than_are_remembered_can_be_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_MAX_LINES", 3)
    text = "".join(f"line {number % 7}\n" for number in range(50))
    assert tokens.load_for_document("o200k_base").count(text) == tokens.load().count(text)
