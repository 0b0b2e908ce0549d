"""What must hold for logs, search results and diffs, whatever the text is."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sharedctx.notes import escape_notes
from sharedctx.render import render
from sharedctx_workers.compressors.base import Compressor
from sharedctx_workers.compressors.diff_compressor import DiffCompressor
from sharedctx_workers.compressors.log_compressor import LogCompressor
from sharedctx_workers.compressors.search_compressor import SearchCompressor
from tests.properties.covering import check_cover


class Thirds:
    """A tokenizer that is fast to build: three characters are a token."""

    name = "thirds"

    def count(self, text: str) -> int:
        return -(-len(text) // 3)


TOKENIZER = Thirds()
ANY = st.text(st.characters(exclude_categories=()), max_size=30)
LOG_LINES = st.sampled_from(
    [
        "2026-03-01 10:00:00 INFO started",
        "2026-03-01 10:00:01 ERROR failed: no route",
        "Traceback (most recent call last):",
        '  File "x.py", line 3, in f',
        "KeyError: 'x'",
        "tests/a.py::test_b PASSED [ 10%]",
        "==== FAILURES ====",
        "10%\r20%\r30%",
        "\x1b[31mERROR\x1b[0m bad",
        "INFO: " + "long " * 300,
        "",
    ]
)

SEARCH_LINES = st.sampled_from(
    [
        "a/b.py:1:x",
        "a/b.py:2:y",
        "a/b.py-3-z",
        "a/c.py",
        "12:hit",
        "13-beside",
        "--",
        "",
        "./a/b/c.txt",
        "./a/b",
        "a:",
        "a/b:",
        "├── x",
        "│   └── y",
        "a/c.py:9:" + "long " * 300,
        "Binary file a/x.so matches",
    ]
)
DIFF_LINES = st.sampled_from(
    [
        "diff --git a/x b/x",
        "index 1234567..89abcde 100644",
        "--- a/x",
        "+++ b/x",
        "@@ -1,3 +1,3 @@ f",
        "@@@ -1,2 -1,2 +1,3 @@@",
        " same",
        "-old",
        "+new",
        "\\ No newline at end of file",
        "rename from a",
        "",
        "+" + "long " * 400,
        "commit 0123456789",
        "Binary files a/x and b/x differ",
    ]
)
KINDS: list[tuple[Compressor, st.SearchStrategy[str]]] = [
    (LogCompressor(), LOG_LINES),
    (SearchCompressor(), SEARCH_LINES),
    (DiffCompressor(), DIFF_LINES),
]


@pytest.mark.parametrize(("compressor", "lines"), KINDS, ids=lambda x: getattr(x, "kind", ""))
@given(st.data())
@settings(deadline=None, max_examples=150)
def test_documents_cover_any_text(
    compressor: Compressor, lines: st.SearchStrategy[str], data: st.DataObject
) -> None:
    known = data.draw(st.lists(lines, max_size=30))
    strange = data.draw(st.lists(ANY, max_size=4))
    text = data.draw(st.sampled_from(["\n", "\r\n"])).join([*known, *strange])
    document = compressor.document(text, TOKENIZER)
    if document is None:
        return
    assert document == compressor.document(text, TOKENIZER)
    check_cover(document, text)
    assert compressor.same_data(text, render(document, text, TOKENIZER, max_tokens=None).text)
    budget = data.draw(st.integers(16, 300))
    rendering = render(document, text, TOKENIZER, max_tokens=budget)
    assert rendering.tokens <= budget


@pytest.mark.parametrize(
    "text",
    [
        " " * 100_000,
        ("    " * 60 + "x\n") * 500,
        ("│   " * 60 + "x\n") * 500,
        "a\r" * 20_000,
        "\x1b[" * 20_000,
        "a:1:" * 20_000,
        ("a/" * 200 + "\n") * 500,
        ("(" * 399 + "\n") * 500,
        ("- " * 199 + "\n") * 500,
        "INFO: x\nERROR: y\n" * 3 + ("a(" * 199 + "\n") * 500,
        "Traceback (most recent call last):\n" * 3000,
        "--- a\n+++ b\n@@ -1,999999999 +1,999999999 @@\n" + "-x\n+y\n" * 3000,
        "diff --git " + "a b/" * 20_000,
        "\ud800\n" * 2000,
        "\x00" * 20_000,
    ],
)
@pytest.mark.parametrize("compressor", [c for c, _ in KINDS], ids=lambda c: c.kind)
@pytest.mark.timeout(20)
def test_hostile_texts_are_read_in_time(compressor: Compressor, text: str) -> None:
    document = compressor.document(text, TOKENIZER)
    if document is not None:
        whole = "".join(segment.text for segment in document.segments)
        assert compressor.same_data(text, escape_notes(whole))
