from __future__ import annotations

import pytest

from sharedctx.notes import (
    NOTE,
    Elision,
    escape_notes,
    split_notes,
    unescape_notes,
    write_aside,
    write_note,
)
from sharedctx.segments import NoteStyle


@pytest.mark.parametrize(
    ("elision", "note"),
    [
        (Elision({"line": 45}, None, (120, 164)), "[… 45 lines elided: L120-164]"),
        (Elision({"row": 188}, (12, 199), (340, 5600)), "[… 188 rows elided: #12-199, L340-5600]"),
        (Elision({"row": 1}, (7, 7), None), "[… 1 row elided: #7]"),
        (
            Elision({"sentence": 3, "line": 12}, None, (4, 17)),
            "[… 3 sentences, 12 lines elided: L4-17]",
        ),
        (Elision({"entry": 2, "key": 2}, None, (1, 1)), "[… 2 entries, 2 keys elided: L1]"),
        (Elision({}, None, (1, 9)), "[… L1-9]"),
        (Elision({}, None, (1, 9), ["a_b", "--c"]), "[… L1-9 on a_b, --c]"),
        (Elision({"item": 2}, None, (8, 9), ["x]\n"]), "[… 2 items elided: L8-9 on x)]"),
        (Elision({}, None, None), "[… elided]"),
    ],
)
def test_notes_say_what_how_much_and_where(elision: Elision, note: str) -> None:
    assert write_note(elision) == note
    assert NOTE.fullmatch(note)


def test_notes_mention_as_much_as_there_is_room_for() -> None:
    names = [f"name_{i:03}" for i in range(300)]
    note = write_note(Elision({}, None, (3, 1200), ["a long name " * 10, *names]))
    assert NOTE.fullmatch(note)
    said = note.removeprefix("[… L3-1200 on ").removesuffix("]").split(", ")
    assert said == [*names[: len(said) - 1], f"{302 - len(said)} more"]
    assert len(said) > 30


@pytest.mark.parametrize("text", ["38 like this, L2-164", "a]b\nc", "x" * 5000, "[… ]"])
def test_asides_are_notes(text: str) -> None:
    aside = write_aside(text, NoteStyle("# ", " #"))
    assert NOTE.fullmatch(aside[2:-2])
    assert list(split_notes(f"a {aside} b", NoteStyle("# ", " #"))) == ["a ", " b"]


@pytest.mark.parametrize(
    "text",
    ["[… 45 lines elided: L1-9]", "[\\… x", "[\\\\… x", "[[… ", "a [… b [\\… c", "[…] stays", ""],
)
def test_escaped_text_holds_no_note_and_comes_back(text: str) -> None:
    escaped = escape_notes(text)
    assert "[… " not in escaped
    assert unescape_notes(escaped) == text


def test_escaping_leaves_ordinary_text_alone() -> None:
    assert escape_notes("he said […] and … then [ … ]") == "he said […] and … then [ … ]"


def test_unescaping_leaves_real_notes_alone() -> None:
    assert unescape_notes("[… 2 lines elided: L1-2]") == "[… 2 lines elided: L1-2]"


def test_splitting_at_notes_gives_back_what_was_kept() -> None:
    kept = "a [… 1 line elided: L5] literally\n"
    text = f"{escape_notes(kept)}# [… 2 lines elided: L2-3] !\nend"
    assert list(split_notes(text, NoteStyle("# ", " !"))) == [kept, "\nend"]
