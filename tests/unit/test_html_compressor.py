from __future__ import annotations

import pytest

from sharedctx import tokens
from sharedctx.render import render
from sharedctx.segments import Document, Guarantee
from sharedctx_workers.compressors.html import HtmlCompressor
from sharedctx_workers.compressors.html_scan import scan_html
from sharedctx_workers.compressors.html_text import outline_html
from sharedctx_workers.compressors.json_compressor import JsonCompressor
from sharedctx_workers.compressors.table import TableCompressor

TOKENIZER = tokens.load()
HTML = HtmlCompressor((TableCompressor(),))

PAGE = (
    "<!DOCTYPE html>\n<html><head><title>Limits &amp; quotas</title>\n"
    "<script>var a = '<p>not text</p>';</script><style>p { color: red }</style></head>\n"
    "<body><nav><ul><li><a href='/home'>Home</a></li><li><a href='/x'>X</a></li></ul></nav>\n"
    "<h1>Limits</h1><p>A tenant has <b>at most</b> 12&nbsp;queues, see\n"
    '<a class="l" href="https://x.test/doc?a=1&amp;b=2">the rules</a>.</p>\n'
    "<ul><li><p>one</p></li><li>two<!-- hidden --></li></ul>\n"
    "<table><tr><th>name</th><th>limit</th></tr>"
    + "".join(f"<tr><td>q{i}</td><td>{i * 10}</td></tr>" for i in range(40))
    + "</table><pre>a  b\n  c</pre><footer>Imprint</footer></body></html>\n"
)


def document_of(text: str) -> Document:
    document = HTML.document(text, TOKENIZER)
    assert document is not None
    place = 0
    for segment in document.segments:
        assert segment.span.start == place <= segment.span.end
        place = segment.span.end
    assert place == len(text)
    return document


def test_a_page_reads_as_structured_text() -> None:
    said = outline_html(PAGE).text
    for part in (
        "# Limits & quotas\n",
        "\n# Limits\n",
        "A tenant has at most 12 queues, see [the rules](https://x.test/doc?a=1&b=2).",
        "\n- one\n",
        "\n- two\n",
        "| name | limit |\n|---|---|\n| q0 | 0 |\n",
        "```\na  b\n  c\n```\n",
    ):
        assert part in said


def test_scripts_and_navigation_go_first() -> None:
    document = document_of(PAGE)
    assert document.whole is document.partial is Guarantee.EXTRACTIVE
    shown = render(document, PAGE, TOKENIZER, max_tokens=220).text
    assert "at most 12 queues" in shown
    assert "| q39 | 390 |" in shown
    assert "1 script, 1 style" in shown
    assert "color: red" not in shown
    assert "/home" not in shown


def test_another_parser_agrees_on_what_is_shown() -> None:
    whole = render(document_of(PAGE), PAGE, TOKENIZER, max_tokens=None).text
    assert HTML.same_data(PAGE, whole)
    assert not HTML.same_data(PAGE, whole.replace("q39", "").replace("390", ""))


@pytest.mark.parametrize(
    "text",
    [
        # Parsers move what stands between rows.
        (
            "<table>{% for u in users %}<tr><td>{{ u.name }}</td></tr>{% else %}nobody{% endfor %}"
            "</table><p>{{ total }} users</p>\n"
        ),
        "<div class='a <%= 'b' if x %>' id='c-<%= n %>'><ul><li>one</li><li>two</li></ul></div>\n",
        '<p>Escapes:</p><pre>{"a": ["'
        + '\\/", "'.join(f"item {i}" for i in range(90))
        + '"]}</pre><p>a</p><p>b</p>\n',
    ],
    ids=["between rows", "quotes in attributes", "JSON"],
)
def test_templates_and_data_in_pages_add_up(text: str) -> None:
    html = HtmlCompressor((JsonCompressor(), TableCompressor()))
    document = html.document(text, TOKENIZER)
    assert document is not None
    whole = render(document, text, TOKENIZER, max_tokens=None).text
    assert html.same_data(text, whole)
    assert not html.same_data(text, whole[: len(whole) // 2])


def test_elided_parts_name_lines_of_the_page() -> None:
    lines = "".join(f"<p>Paragraph number {i} says nothing much at all.</p>\n" for i in range(100))
    text = f"<html><body>\n{lines}</body></html>\n"
    shown = render(document_of(text), text, TOKENIZER, max_tokens=80).text
    assert "Paragraph number 0 says" in shown
    assert "[… L" in shown
    assert shown.count("\n\n") > 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no tags",
        "<p>one</p>",
        '<?xml version="1.0"?><feed><entry><id>1</id></entry><entry><id>2</id></entry></feed>',
        "a < b and c > d\n" * 20,
        "<T extends U>(x: T) => x\n" * 20,
    ],
)
def test_other_texts_are_no_html(text: str) -> None:
    assert HTML.document(text, TOKENIZER) is None


@pytest.mark.parametrize(
    "text",
    [
        "<" * 5000,
        "<a " * 5000,
        "<script>" * 3000,
        "<!--" * 3000,
        '<a "' * 3001,
        "<div>" * 3000,
        "</p>" * 3000,
        "<p>&#x;&bogus;\x00</p>" * 300,
        "<nav><table><tr><td>" * 500,
        "<pre><a href=x>" * 800,
    ],
)
def test_broken_markup_is_covered(text: str) -> None:
    place = 0
    for token in scan_html(text):
        assert token.start == place < token.end
        place = token.end
    assert place == len(text)
    document = HTML.document(text, TOKENIZER)
    assert document is None or document_of(text) == document
