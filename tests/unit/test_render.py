from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from sharedctx import tokens
from sharedctx.errors import InvalidRequest
from sharedctx.render import MIN_TOKENS, Rendering, render
from sharedctx.segments import EXTRA, REQUIRED, Document, Guarantee, NoteStyle, Segment, Span

TOKENIZER = tokens.load()


def document_of(
    texts: Sequence[str], ranks: Sequence[float], unit: str = "line", *, numbered: bool = False
) -> tuple[Document, str]:
    segments = []
    start = 0
    for number, (text, rank) in enumerate(zip(texts, ranks, strict=True), start=1):
        span = Span(start, start + len(text))
        first = number if numbered else 0
        segments.append(Segment(text, rank, TOKENIZER.count(text), span, unit, first))
        start = span.end
    document = Document(tuple(segments), "text", Guarantee.LOSSLESS, Guarantee.EXTRACTIVE)
    return document, "".join(texts)


def numbered_lines(count: int) -> list[str]:
    return [f"This is line number {number} of the document.\n" for number in range(1, count + 1)]


def shown(document: Document, original: str, max_tokens: int | None) -> Rendering:
    return render(document, original, TOKENIZER, max_tokens=max_tokens)


def test_everything_is_kept_without_a_budget() -> None:
    document, original = document_of(numbered_lines(5), [1.0] * 5)
    assert shown(document, original, None) == Rendering(
        original, TOKENIZER.count(original), Guarantee.LOSSLESS
    )


def test_parts_are_kept_by_rank_and_shown_in_order() -> None:
    document, original = document_of(numbered_lines(9), [1, 9, 9, 9, 2, 9, 9, 9, 3])
    rendering = shown(document, original, 60)
    assert rendering.text == (
        "This is line number 1 of the document.\n"
        "[… 3 lines elided: L2-4]\n"
        "This is line number 5 of the document.\n"
        "[… 3 lines elided: L6-8]\n"
        "This is line number 9 of the document.\n"
    )
    assert rendering.tokens == TOKENIZER.count(rendering.text)
    assert rendering.guarantee is Guarantee.EXTRACTIVE
    assert [original[span.start : span.end].count("\n") for span in rendering.elided] == [3, 3]


def test_a_note_mentions_what_it_stands_for_where_there_is_room() -> None:
    document, original = document_of(numbered_lines(9), [1, 9, 9, 9, 2, 9, 9, 9, 3])
    segments = list(document.segments)
    for i, names in ((2, ("max_size", "--force")), (3, ("max_size",)), (4, ("not shown",))):
        segments[i] = replace(segments[i], mentions=names)
    document = replace(document, segments=tuple(segments))
    assert shown(document, original, 60).text.split("\n")[1:4] == [
        "[… 3 lines elided: L2-4 on max_size, --force]",
        segments[4].text.strip(),
        "[… 3 lines elided: L6-8]",
    ]
    for budget in range(MIN_TOKENS, 70):
        rendering = shown(document, original, budget)
        assert rendering.tokens <= budget
        assert "max_size" not in rendering.text or budget >= 20


def test_long_names_give_way_to_short_ones() -> None:
    document, original = document_of(numbered_lines(20), [1.0, *[9.0] * 18, 2.0])
    segments = list(document.segments)
    address = "https://example.test/" + "a/b/c/d/e/f/" * 4
    segments[1] = replace(segments[1], mentions=("max_size", address, "--force"))
    document = replace(document, segments=tuple(segments))
    notes = [
        render(document, original, TOKENIZER, max_tokens=budget, up_to=2.0).text.split("\n")[1]
        for budget in (60, 120)
    ]
    assert notes == [
        "[… 18 lines elided: L2-19 on max_size, --force]",
        f"[… 18 lines elided: L2-19 on max_size, {address}, --force]",
    ]


def test_rows_of_an_index_go_without_a_note() -> None:
    document, original = document_of(numbered_lines(9), [1, 9, 9, 9, 9, 9, 9, 9, 1])
    rows = [
        Segment(f"row {name} of the index of this document\n", rank, 9, Span(0, 0), EXTRA, count=0)
        for name, rank in (("a", 2), ("b", 8), ("c", 2), ("d", 8))
    ]
    indexed = replace(document, segments=(*rows, *document.segments))
    rendering = shown(indexed, original, 54)
    assert rendering.text == (
        "row a of the index of this document\n"
        "row c of the index of this document\n"
        "This is line number 1 of the document.\n"
        "[… 7 lines elided: L2-8]\n"
        "This is line number 9 of the document.\n"
    )
    assert len(rendering.elided) == len(rendering.notes) == 1


@pytest.mark.parametrize("budget", range(MIN_TOKENS, 300, 7))
def test_the_budget_is_never_exceeded(budget: int) -> None:
    document, original = document_of(numbered_lines(40), [i * 7 % 11 for i in range(40)])
    assert shown(document, original, budget).tokens <= budget


def test_budgets_below_the_minimum_are_refused() -> None:
    document, original = document_of(["a\n"], [1.0])
    with pytest.raises(InvalidRequest, match="16"):
        shown(document, original, MIN_TOKENS - 1)


def test_required_segments_are_kept_beyond_the_target_only_when_asked() -> None:
    document, original = document_of(numbered_lines(20), [REQUIRED] * 10 + [5.0] * 10)
    kept = render(document, original, TOKENIZER, max_tokens=40, keep_required=True)
    assert kept.text.startswith("".join(numbered_lines(10)))
    assert kept.text.endswith("[… 10 lines elided: L11-20]\n")
    assert shown(document, original, 40).tokens <= 40


def test_nothing_past_the_rank_asked_for_is_kept_although_it_would_fit() -> None:
    document, original = document_of(numbered_lines(20), [1.0] * 5 + [2.0] * 15)
    view = render(document, original, TOKENIZER, max_tokens=190, up_to=1.0)
    assert view.text == "".join(numbered_lines(5)) + "[… 15 lines elided: L6-20]\n"
    assert shown(document, original, 190).tokens > view.tokens


def test_mixed_units_are_listed_and_numbers_named() -> None:
    document, original = document_of(numbered_lines(12), [1, *[9] * 11], "row", numbered=True)
    assert "[… 11 rows elided: #2-12, L2-12]" in shown(document, original, 30).text
    mixed = [
        replace(s, unit="item", first=0) if i > 8 else s for i, s in enumerate(document.segments)
    ]
    text = shown(replace(document, segments=tuple(mixed)), original, 34).text
    assert "[… 8 rows, 3 items elided: #2-9, L2-12]" in text


def test_a_single_line_has_no_line_numbers() -> None:
    sentences = [f"Sentence number {i} says something of its own. " for i in range(9)]
    document, original = document_of(sentences, [1, *[9] * 8], "sentence")
    assert shown(document, original, 24).text == f"{sentences[0]}[… 8 sentences elided] "


def test_a_run_shorter_than_its_note_is_kept() -> None:
    texts = ["x\n" if i == 4 else line for i, line in enumerate(numbered_lines(12))]
    document, original = document_of(texts, [1, 1, 1, 1, 99, 1, 9, 9, 9, 9, 9, 9])
    assert "\nx\n" in shown(document, original, 90).text


def test_lines_are_never_fused() -> None:
    texts = [
        "Start of a line. ",
        "It goes on and on and on and on.\n",
        "Next line begins with words ",
    ]
    texts += ["that go on to say more and more things. ", "The end of it all is here.\n"]
    document, original = document_of(texts, [1, 9, 9, 9, 1], "sentence")
    text = shown(document, original, 32).text
    assert text == "Start of a line. [… 3 sentences elided: L1-2]\nThe end of it all is here.\n"


def test_notes_take_the_indentation_of_what_they_replace() -> None:
    texts = ["def f():\n", *[f"    statement({i}, with_some_arguments=True)\n" for i in range(9)]]
    document, original = document_of(texts, [1, *[9] * 9])
    styled = replace(document, note_style=NoteStyle("# "))
    assert shown(styled, original, 24).text == "def f():\n    # [… 9 lines elided: L2-10]\n"


def test_a_stand_in_replaces_the_note_after_a_kept_segment() -> None:
    document, original = document_of(numbered_lines(8), [1, 9, 2, 9, 9, 9, 9, 9])
    segments = list(document.segments)
    for i in (1, 3, 5):
        segments[i] = replace(segments[i], stand_in="    ...\n")
    text = shown(replace(document, segments=tuple(segments)), original, 42).text
    lines = numbered_lines(8)
    assert text == f"{lines[0]}    ...\n{lines[2]}    ...\n[… 4 lines elided: L5-8]\n"


def body_after_comment() -> tuple[Document, str]:
    """A comment, the head that it is about, and a body of two segments."""
    texts = ["start\n", "# said before\n" * 8, "head\n", "one one\n" * 20, "two two\n" * 20]
    document, original = document_of(texts, [0.0, 9.0, 0.0, 5.0, 6.0])
    _, comment, _, first, _ = document.segments
    segments = list(document.segments)
    segments[1] = replace(comment, told_by=2)
    segments[3] = replace(first, stand_in="... [… L2-50]\n", stands_for=2)
    return replace(document, segments=tuple(segments)), original


def test_one_stand_in_speaks_for_several_segments_and_for_what_is_before_them() -> None:
    document, original = body_after_comment()
    view = shown(document, original, 20)
    assert view.text == "start\nhead\n... [… L2-50]\n"
    assert [original[start:end][:3] for start, end in view.elided] == ["# s", "one"]


def test_where_the_stand_in_is_not_shown_notes_tell_of_everything() -> None:
    document, original = body_after_comment()
    view = shown(document, original, 95)
    assert "one one" in view.text
    assert "elided: L2-9]" in view.text
    assert "elided: L31-50]" in view.text
    assert "..." not in view.text


def test_a_kept_segment_says_what_it_stands_for_where_something_is_left_out() -> None:
    document, original = document_of(numbered_lines(9), [1, *[9] * 7, 2])
    segments = list(document.segments)
    segments[0] = replace(segments[0], note="8 like this, L1-8")
    style = NoteStyle(implied=("line",))
    noted = replace(document, segments=tuple(segments), note_style=style)
    lines = numbered_lines(9)
    expected = f"{lines[0][:-1]} [… 8 like this, L1-8]\n[… L2-8]\n{lines[8]}"
    view = shown(noted, original, 46)
    assert view.text == expected
    assert view.tokens == TOKENIZER.count(expected)
    assert shown(noted, original, None).text == original


def test_what_a_segment_needs_is_kept_with_it() -> None:
    document, original = document_of(numbered_lines(20), [9.0] * 20)
    segments = list(document.segments)
    segments[2] = replace(segments[2], rank=50.0)
    segments[10] = replace(segments[10], rank=1.0, needs=8)
    text = shown(replace(document, segments=tuple(segments)), original, 70).text
    assert "number 3 " in text
    assert "number 11 " in text


def test_literal_notes_are_escaped_even_across_a_seam() -> None:
    document, original = document_of(["a [", "… 5 lines elided: L1-5]\n"], [1.0, 1.0])
    assert shown(document, original, None).text == "a [\\… 5 lines elided: L1-5]\n"


def test_a_tokenizer_for_which_notes_are_long_is_obeyed() -> None:
    class Characters:
        name = "characters"

        def count(self, text: str) -> int:
            return len(text)

    document, original = document_of(numbered_lines(50), [1.0] * 50)
    segments = tuple(replace(s, tokens=len(s.text)) for s in document.segments)
    for budget in (16, 17, 30, 60, 200):
        view = render(
            replace(document, segments=segments), original, Characters(), max_tokens=budget
        )
        assert len(view.text) == view.tokens <= budget
        assert view.elided


def test_an_empty_document_is_empty() -> None:
    document, original = document_of([], [])
    assert shown(document, original, 16) == Rendering("", 0, Guarantee.LOSSLESS)
