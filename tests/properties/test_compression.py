"""What must hold for every content: nothing lost without a note, no budget exceeded."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sharedctx.exact_json import parse
from sharedctx.notes import escape_notes, split_notes, unescape_notes
from sharedctx.plain import plain_document
from sharedctx.ranking import rank_for_query
from sharedctx.render import render
from sharedctx.segments import Document
from sharedctx_workers.compressors import JsonCompressor, TextCompressor
from sharedctx_workers.compressors.json_summary import summarize
from sharedctx_workers.router import route
from tests.properties.covering import check_cover


class Thirds:
    """A tokenizer that is fast to build: three characters are a token."""

    name = "thirds"

    def count(self, text: str) -> int:
        return -(-len(text) // 3)


TOKENIZER = Thirds()
JSON = JsonCompressor()
TEXT = TextCompressor()
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=300)
SPICE = st.sampled_from(
    [
        "[… ",
        "[\\… ",
        "]",
        "\n",
        "\n\n",
        ". ",
        "# ",
        "- ",
        "```\n",
        "===\n",
        "\r",
        "Error: ",
        "。",
        "{",
        '"',
    ]
)

TEXTS = st.lists(ANY_TEXT | SPICE, max_size=40).map("".join)
KEYS = st.sampled_from(["id", "name", "a.b", "x y", "", "é", "12", "null", "k=v", "c,d", ":str"])
STRINGS = st.sampled_from(
    [
        "",
        "a",
        "a,b",
        "null",
        "12",
        "-1e5",
        " x",
        '"',
        "[1]",
        "{",
        "[… 4 rows",
        "[\\… ",
        "=",
        "long " * 150,
    ]
)
SCALARS = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
)
LEAVES = SCALARS | STRINGS | ANY_TEXT
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=6)
        | st.dictionaries(KEYS, inner, max_size=6)
        | st.lists(st.dictionaries(KEYS, inner, max_size=4), min_size=3, max_size=8)
        | st.dictionaries(ANY_TEXT, st.dictionaries(KEYS, inner, max_size=3), max_size=6)
    ),
    max_leaves=60,
)
CONTAINERS = VALUES.map(lambda value: value if isinstance(value, (list, dict)) else [value])


def check_views(document: Document, original: str, budget: int, query: str) -> None:
    """Check a document: spans, storage, and that views keep their budget and their word."""
    check_cover(document, original)
    whole = "".join(segment.text for segment in document.segments)
    for view in (document, rank_for_query(document, query)):
        rendering = render(view, original, TOKENIZER, max_tokens=budget)
        assert rendering.tokens == TOKENIZER.count(rendering.text) <= budget
        at = 0
        for part in split_notes(rendering.text):
            if rendering.text not in ("", "[…]"):
                at = whole.index(part.strip(), at) + len(part.strip())
        assert bool(rendering.elided) == (rendering.guarantee is document.partial)


@given(TEXTS)
def test_escaping_is_reversible_and_hides_every_note(text: str) -> None:
    escaped = escape_notes(text)
    assert unescape_notes(escaped) == text
    assert "[… " not in escaped


@given(TEXTS, st.integers(16, 300), ANY_TEXT)
@settings(deadline=None)
def test_any_text_keeps_its_promises(text: str, budget: int, query: str) -> None:
    document = TEXT.document(text, TOKENIZER)
    assert TEXT.same_data(text, render(document, text, TOKENIZER, max_tokens=None).text)
    check_views(document, text, budget, query)
    check_views(plain_document(text, TOKENIZER), text, budget, query)


@given(
    CONTAINERS, st.sampled_from([{}, {"indent": 3}, {"ensure_ascii": False}]), st.integers(16, 300)
)
@settings(deadline=None)
def test_any_json_keeps_its_promises(value: Any, style: dict[str, Any], budget: int) -> None:
    text = json.dumps(value, **style)
    document = JSON.document(text, TOKENIZER)
    assert document is not None
    assert JSON.same_data(text, render(document, text, TOKENIZER, max_tokens=None).text)
    check_views(document, text, budget, "id name error")


@given(st.lists(CONTAINERS, min_size=2, max_size=8), st.integers(16, 300))
@settings(deadline=None)
def test_any_json_lines_keep_their_promises(values: list[Any], budget: int) -> None:
    text = "\n".join(json.dumps(value) for value in values)
    document = JSON.document(text, TOKENIZER)
    assert document is not None
    assert JSON.same_data(text, render(document, text, TOKENIZER, max_tokens=None).text)
    check_views(document, text, budget, "name")


@given(st.lists(st.tuples(st.integers(), st.sampled_from("ab"), st.booleans()), min_size=1))
@settings(deadline=None)
def test_summaries_are_true(rows: list[tuple[int, str, bool]]) -> None:
    values = [{"n": n + 10**40, "in": [{"k": k, "b": b}]} for n, k, b in rows]
    (parsed,) = parse(json.dumps(values))
    told = "; ".join(summarize(parsed, 1000).lines)
    numbers, letters, flags = zip(*rows, strict=True)
    for counts in (Counter(letters), Counter(str(flag).lower() for flag in flags)):
        for value, count in counts.items():
            alone = f"all {value}" if count > 1 else value
            assert (f"{value} x{count}" if len(counts) > 1 else alone) in told
    assert str(min(numbers) + 10**40) in told
    assert str(max(numbers) + 10**40) in told


@given(TEXTS)
@settings(deadline=None)
def test_the_router_has_a_compressor_for_everything(text: str) -> None:
    compressor, document, _ = route(text, TOKENIZER)
    whole = render(document, text, TOKENIZER, max_tokens=None).text
    assert compressor.same_data(text, whole)
