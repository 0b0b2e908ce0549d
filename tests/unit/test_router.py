from __future__ import annotations

import json

import pytest

from sharedctx import tokens
from sharedctx_workers.router import COMPRESSORS, route

TOKENIZER = tokens.load()
ROWS = [{"id": i, "name": f"n{i}", "size": i * 7 % 31} for i in range(50)]
CSV = "id,name,size\n" + "".join(f"{r['id']},{r['name']},{r['size']}\n" for r in ROWS)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("json", json.dumps(ROWS)),
        ("table", CSV),
        ("config", "[a]\nb = 1\nc = 2\n\n[d]\ne = true\n"),
        ("html", "<html><body>" + "<p>A paragraph.</p>" * 5 + "</body></html>"),
        ("mixed", f"It answered {json.dumps(ROWS)} and I do not know why.\n\nDo you?\n"),
        ("mixed", f"# Data\n\n```\n{CSV}```\n\nThat is all.\n"),
        ("markdown", "# Title\n\nSome `code` here.\n\n## More\n\n- one\n- two\n"),
        ("text", "Nothing but a sentence. And another one.\n"),
        ("text", ""),
    ],
)
def test_content_goes_to_its_compressor(kind: str, text: str) -> None:
    compressor, document = route(text, TOKENIZER)
    assert compressor.kind == document.kind == kind


def test_kinds_are_unique_and_text_is_last() -> None:
    kinds = [compressor.kind for compressor in COMPRESSORS]
    assert len(set(kinds)) == len(kinds)
    assert kinds[-1] == "text"
