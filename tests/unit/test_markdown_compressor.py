from __future__ import annotations

import json
import re

import pytest

from sharedctx import tokens
from sharedctx.render import render, render_default
from sharedctx.segments import Document, Guarantee
from sharedctx_workers.compressors.code import CodeCompressor
from sharedctx_workers.compressors.json_compressor import JsonCompressor
from sharedctx_workers.compressors.markdown import MarkdownCompressor
from sharedctx_workers.compressors.table import TableCompressor

TOKENIZER = tokens.load()
MARKDOWN = MarkdownCompressor((JsonCompressor(), TableCompressor()))
FILLER = "This sentence goes on about nothing in particular for a while. "

MANUAL = "# Manual\n\nAn introduction.\n\n" + "".join(
    f"## Chapter {i}\n\n{FILLER * 6}Option `--x{i}` must not exceed {1000 + i}. {FILLER * 6}\n\n"
    f"### Details {i}\n\n- item one of {i}\n- item two of {i}\n\n"
    for i in range(8)
)


def document_of(text: str) -> Document:
    document = MARKDOWN.document(text, TOKENIZER)
    assert document is not None
    assert document.kind == "markdown"
    assert all(segment.needs <= i for i, segment in enumerate(document.segments))
    return document


def test_every_section_has_its_say() -> None:
    total = TOKENIZER.count(MANUAL)
    shown = render(document_of(MANUAL), MANUAL, TOKENIZER, max_tokens=total // 2).text
    for i in range(8):
        assert f"## Chapter {i}\n" in shown
        assert f"Option `--x{i}` must not exceed {1000 + i}." in shown


def test_headings_need_the_headings_above_them() -> None:
    segments = document_of(MANUAL).segments
    details = next(i for i, s in enumerate(segments) if s.text.startswith("### Details 3"))
    chapter = details - segments[details].needs
    assert segments[chapter].text.startswith("## Chapter 3")
    assert segments[chapter - segments[chapter].needs].text.startswith("# Manual")


def test_blocks_go_to_their_compressors() -> None:
    rows = [{"id": i, "name": f"n{i}", "ok": i != 7} for i in range(60)]
    block = f"```json\n{json.dumps(rows, indent=2)}\n```"
    text = f"# Report\n\nIt returned:\n\n{block}\n\n## Next\n\nDone.\n"
    document = document_of(text)
    assert document.whole is document.partial is Guarantee.EXTRACTIVE
    whole = render(document, text, TOKENIZER, max_tokens=None).text
    assert "```json\n[60 rows: id,name,ok\n" in whole
    assert MARKDOWN.same_data(text, whole)
    assert not MARKDOWN.same_data(text, whole.replace("n33", "n34"))
    assert not MARKDOWN.same_data(text, whole.replace("Done.", "Do."))
    shown = render(document, text, TOKENIZER, max_tokens=200).text
    assert shown.count("```") == 2
    assert "7,n7,false" in shown


def test_verbatim_documents_are_lossless() -> None:
    assert document_of(MANUAL).whole is Guarantee.LOSSLESS


def test_what_only_leads_in_heads_no_section() -> None:
    text = "# A\n\nFor example:\n\n- one\n- two\n\n## B\n\nText.\n"
    segments = document_of(text).segments
    item = next(segment for segment in segments if segment.text.startswith("- one"))
    assert item.needs == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Just text.\n\nAnd more of it.\n",
        "# a comment\nx = 1\n# another\ny = 2\n# third\nz = [1](2)\n",
        "#!/bin/sh\nset -e\nfoo\n",
    ],
)
def test_other_texts_are_not_markdown(text: str) -> None:
    assert MARKDOWN.document(text, TOKENIZER) is None


def test_what_goes_last_hides_no_facts_and_is_named() -> None:
    badges = (
        "[![Build status](https://badges.test/build.svg)](https://ci.test/runs)\n"
        "[![Uses max_size](https://badges.test/size.svg)](https://size.test/)\n"
    )
    text = f"# Manual\n\n{badges}\n{FILLER * 3}Keep max_size below 100. {FILLER * 3}\n\n{MANUAL}"
    document = document_of(text)
    target = TOKENIZER.count(text) // 2
    shown = render_default(document, text, TOKENIZER, target).text
    assert "![Build status]" not in shown
    assert "https://ci.test/runs" in shown
    assert "Keep max_size below 100." in shown


def test_all_that_states_nearly_every_fact_is_shown() -> None:
    document = document_of(MANUAL)
    total = TOKENIZER.count(MANUAL)
    shown = render_default(document, MANUAL, TOKENIZER, document.basis // 5).text
    assert all(f"must not exceed {1000 + i}" in shown for i in range(8))
    assert TOKENIZER.count(shown) < total // 2


def test_names_in_examples_that_are_left_out_are_named() -> None:
    body = "".join(
        f"        self.counter_{i} = start_at({i}, step=2, by=None)\n" for i in range(14)
    )
    block = f"```python\nclass Counters:\n    def __init__(self):\n{body}```\n"
    text = f"# Counters\n\nThis is how they are made.\n\n{block}\n{MANUAL}"
    compressor = MarkdownCompressor((CodeCompressor(),))
    document = compressor.document(text, TOKENIZER)
    assert document is not None
    shown = render_default(document, text, TOKENIZER, document.basis // 5).text
    assert "self.counter_7 =" not in shown
    assert "self.counter_7," in shown


def test_a_table_of_contents_repeats_the_headings() -> None:
    contents = "".join(f"- [Chapter {i}](#chapter-{i})\n" for i in range(8))
    text = MANUAL.replace("An introduction.\n", f"An introduction.\n\n{contents}")
    document = document_of(text)
    shown = render_default(document, text, TOKENIZER, document.basis // 5).text
    assert "(#chapter-3)" not in shown
    assert all(f"## Chapter {i}\n" in shown for i in range(8))


def test_rows_of_a_short_table_are_shown_with_its_header() -> None:
    head = f"| version | what one of these was made for |\n| {'-' * 90} | {'-' * 90} |\n"
    rows = "".join(f"| {i}.0 | in {2000 + i} |\n" for i in range(4))
    text = f"{MANUAL}## Versions\n\nThese are all.\n\n{head}{rows}\n"
    document = document_of(text)
    shown = render_default(document, text, TOKENIZER, document.basis // 5).text
    assert f"{head}| 0.0 | in 2000 |\n" in shown


def test_commands_to_copy_come_before_sentences_that_state_nothing() -> None:
    block = "```sh\nmake everything from what there is so that others can take it with them\n```\n"
    sentences = "".join(
        f"Nobody {word} to look at it twice. " for word in ("has", "needs", "wants")
    )
    text = f"# Use\n\n{FILLER}\n\n{block}\n{sentences}\n\n{MANUAL}"
    ranks = {segment.text.strip(): segment.rank for segment in document_of(text).segments}
    assert ranks[block.strip()] < ranks["Nobody needs to look at it twice."]


def test_options_of_a_table_are_named() -> None:
    rows = "".join(f"| `option_{i}` | It says how often this is done. |\n" for i in range(12))
    text = f"{MANUAL}## Options\n\nThese are all.\n\n| name | meaning |\n|---|---|\n{rows}\n"
    document = document_of(text)
    shown = render_default(document, text, TOKENIZER, document.basis // 5).text
    assert " rows elided: #" in shown
    assert all(re.search(rf"\boption_{i}\b", shown) for i in range(12))


def test_a_title_underlined_with_tildes_opens_no_block() -> None:
    title = "Getting started\n~~~~~~~~~~~~~~~\n\n"
    text = f"# Manual\n\n{title}{FILLER * 6}\n\n- one\n- two\n\n{title}{FILLER * 6}\n"
    heads = [s for s in document_of(text).segments if "~~~" in s.text]
    assert [segment.text.strip() for segment in heads] == [title.strip()] * 2
