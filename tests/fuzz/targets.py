"""All targets by name, and the words that help a fuzzer to get past their parsers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from tests.fuzz import compression, wire

__all__ = ("CORPUS", "TARGETS", "WORDS", "seeds")

CORPUS: Final = Path(__file__).parent / "corpus"
"""Holds a folder of seeds for each target, among them every input that once found a fault."""

TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {
    "record": wire.record,
    "profile": wire.profile,
    "segment-table": wire.segment_table,
    "body": wire.body,
    "packed": wire.packed,
    "frame": wire.frame,
    "key": wire.key,
    "delivery": wire.delivery_subject,
    "decode-json": compression.decoded_json,
    "decode-diff": compression.decoded_diff,
    "notes": compression.escaped,
    "pipeline": compression.whole_pipeline,
    **compression.COMPRESSORS,
}

WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "record": ('"v":1', '"hash":"', '"blob":{', '"tokens":[', '"state":"ready"', "NaN", "1e999"),
    "decode-json": ("[2 rows: ", "{2 rows by key: ", "[2 JSON lines: ", ":str", "# ", "[… ", "\n"),
    "decode-diff": ("@@ -1,2 +1,2 @@\n", "~", "[-", "-]", "{+", "+}", "[… ", "\n-", "\n+"),
    "notes": ("[… ", "[\\… ", "\\", "]"),
    "compress-json": ('{"', '":', "[", "]", "},{", "null", "1e5", '\\"', "\\ud800", "\n{", "[… "),
    "compress-log": (
        " ERROR ",
        " INFO ",
        "2026-01-02T03:04:05Z ",
        "Traceback (most recent call last):\n",
    ),
    "compress-code": (
        "def f(x):\n    ",
        "class A:\n",
        "import x\n",
        "function f() {\n",
        "}\n",
        "/*",
        '"""',
    ),
    "compress-diff": (
        "diff --git a/x b/x\n",
        "--- a/x\n+++ b/x\n",
        "@@ -1,3 +1,4 @@\n",
        "\n-",
        "\n+",
    ),
    "compress-search": (
        "src/a.py:12:",
        "src/a.py-13-",
        "\n--\n",
        "├── ",
        "└── ",
        "│   ",
        "./a/b.txt\n",
    ),
    "compress-table": (
        "a,b,c\n",
        "1,2,3\n",
        "| a | b |\n",
        "|---|---|\n",
        "\t",
        '"a,b"',
        "+---+---+\n",
    ),
    "compress-config": (
        "[section]\n",
        "key = value\n",
        "key: value\n",
        "- item\n",
        "# ",
        "'''",
        ": |\n  ",
    ),
    "compress-html": (
        "<p>",
        "</p>",
        "<table><tr><td>",
        "<script>",
        "<!--",
        "-->",
        "&amp;",
        "<pre>",
        "<ul><li>",
    ),
    "compress-markdown": (
        "# ",
        "## ",
        "```\n",
        "- ",
        "1. ",
        "| a | b |\n",
        "---\n",
        "[x](y)",
        "> ",
    ),
    "compress-mixed": (
        "```json\n",
        "\n```\n",
        "User: ",
        "Assistant: ",
        "# ",
        '{"a":1}\n',
        "$ ls\n",
    ),
    "compress-xml": (
        "<row>",
        "</row>",
        '<row a="1" b="x"/>\n',
        "<error>a\nb</error>",
        "<!--",
        "-->",
        "<![CDATA[",
        "]]>",
        "&#10;",
        "&lt;",
        '<!DOCTYPE r [<!ENTITY e "x">]>',
    ),
    "compress-text": (". ", "not ", "?\n", "\n\n", "Error: ", "。", "“", "\r\n", "1,234.5"),
}


def seeds(target: str) -> list[Path]:
    """Return the seeds of a target."""
    return sorted(path for path in (CORPUS / target).iterdir() if path.is_file())
