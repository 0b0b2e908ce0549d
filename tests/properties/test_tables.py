"""What must hold for tables, configurations, pages and mixed texts, whatever they hold."""

from __future__ import annotations

import csv
import io
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sharedctx.notes import escape_notes, split_notes
from sharedctx.render import render
from sharedctx_workers.compressors import Compressor, JsonCompressor
from sharedctx_workers.compressors.config import ConfigCompressor
from sharedctx_workers.compressors.html import HtmlCompressor
from sharedctx_workers.compressors.markdown import MarkdownCompressor
from sharedctx_workers.compressors.mixed import MixedCompressor
from sharedctx_workers.compressors.table import TableCompressor
from sharedctx_workers.compressors.xml import XmlCompressor
from tests.properties.covering import check_cover


class Thirds:
    """A tokenizer that is fast to build: three characters are a token."""

    name = "thirds"

    def count(self, text: str) -> int:
        return -(-len(text) // 3)


TOKENIZER = Thirds()
TABLE = TableCompressor()
PARTS: tuple[Compressor, ...] = (JsonCompressor(), TABLE, ConfigCompressor())
HTML = HtmlCompressor(PARTS)
XML = XmlCompressor()
KINDS: tuple[Compressor, ...] = (*PARTS, HTML, MarkdownCompressor(PARTS), MixedCompressor(PARTS))

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=40)
ROWS = "".join(f"{i},b{i % 3},{i * i}\n" for i in range(60))
SPICE = st.sampled_from(
    [
        "\n", "\n\n", "\r\n", "[… 4 rows", "[\\… ", "a,b,c\n", "1,2,3\n" * 6,
        "| a | b |\n|---|---|\n",
        "| 1 | x |\n" * 6, "NAME   SIZE  X\n", "foo    12    y\n" * 6, "# Title\n\n", "## Sub\n\n",
        "- item\n", "key: value\n", "k = 1\n", "[section]\n", "---\n", "```\n", '"',
        f"```csv\n{ROWS}```\n",
        '[{"a": 1}, {"a": 2}]', '{"k": [' + "1234567, " * 60 + "0]}", "<html>", "<p>text</p>" * 4,
        "<table><tr><td>1</td></tr>", "<script>x</script>", "<nav>", "</nav>", "<pre>", "&amp;",
        "| ",
    ]
)  # fmt: skip
TEXTS = st.lists(ANY_TEXT | SPICE, max_size=25).map("".join)
CELLS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
NUMBERS = st.integers(-1000, 1000).map(str)


def check(compressor: Compressor, text: str, budget: int) -> bool:
    """Check a document, if `text` is of the kind; return whether it is."""
    document = compressor.document(text, TOKENIZER)
    assert document == compressor.document(text, TOKENIZER)
    if document is None:
        return False
    check_cover(document, text)
    for segment in document.segments:
        assert segment.tokens == TOKENIZER.count(segment.text)
    whole = "".join(segment.text for segment in document.segments)
    if compressor is not HTML:  # parsers of broken HTML differ in what they make of it
        assert compressor.same_data(text, escape_notes(whole))
    shown = render(document, text, TOKENIZER, max_tokens=budget)
    assert shown.tokens <= budget
    at = 0
    for part in split_notes(shown.text):
        if shown.text not in ("", "[…]"):
            at = whole.index(part.strip(), at) + len(part.strip())
    return True


@pytest.mark.parametrize("compressor", KINDS, ids=lambda compressor: compressor.kind)
@given(text=TEXTS, budget=st.integers(16, 300))
@settings(deadline=None, max_examples=60)
def test_any_text_keeps_its_promises(compressor: Compressor, text: str, budget: int) -> None:
    check(compressor, text, budget)


@given(
    st.lists(st.tuples(NUMBERS, CELLS, st.sampled_from(["ok", "bad"])), min_size=8, max_size=40),
    st.integers(16, 300),
)
@settings(deadline=None)
def test_written_csv_is_read_as_a_table(rows: list[tuple[str, str, str]], budget: int) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([("number", "text", "state"), *rows])
    assert check(TABLE, out.getvalue(), budget)


def element(inside: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    names = st.sampled_from(["row", "item", "error", "x-y", "Z"])
    attributes = st.lists(
        st.tuples(st.sampled_from("abc"), XML_TEXT), max_size=3, unique_by=lambda pair: pair[0]
    )
    return st.builds(
        lambda name, pairs, parts: (
            f"<{name}{''.join(f' {key}={quoteattr(value)}' for key, value in pairs)}>"
            f"{''.join(parts)}</{name}>\n"
        ),
        names,
        attributes,
        st.lists(inside, max_size=3),
    )


XML_TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")
    | st.sampled_from("\n\t"),
    max_size=12,
)
ELEMENTS = st.recursive(XML_TEXT.map(escape) | st.just("<!-- x -->"), element, max_leaves=6)


@given(st.lists(element(ELEMENTS), min_size=4, max_size=8), st.integers(16, 300))
@settings(deadline=None, max_examples=60)
def test_written_xml_is_read(elements: list[str], budget: int) -> None:
    check(XML, f'<?xml version="1.0"?>\n<list>{"".join(elements)}</list>', budget)


@given(st.lists(st.lists(NUMBERS, min_size=4, max_size=4), min_size=8, max_size=40))
@settings(deadline=None)
def test_extremes_are_in_the_header_and_in_rows(rows: list[list[str]]) -> None:
    text = "\n".join(["a\tb\tc\td", *("\t".join(row) for row in rows)])
    document = TABLE.document(text, TOKENIZER)
    assert document is not None
    soon = {s.first for s in document.segments if s.unit == "row" and s.rank < 0.2}
    for column in zip(*rows, strict=True):
        for extreme in (min(map(int, column)), max(map(int, column))):
            assert soon & {i for i, cell in enumerate(column, start=1) if int(cell) == extreme}
