from __future__ import annotations

import json

import pytest

from sharedctx import tokens
from sharedctx.hints import KINDS, Hint
from sharedctx_workers.router import COMPRESSORS, as_text, route

TOKENIZER = tokens.load()
ROWS = [{"id": i, "name": f"n{i}", "size": i * 7 % 31} for i in range(50)]
CSV = "id,name,size\n" + "".join(f"{r['id']},{r['name']},{r['size']}\n" for r in ROWS)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("json", json.dumps(ROWS)),
        ("table", CSV),
        ("table", "Date,A,B\n" + "".join(f"{i % 9 + 1}/1/85,{i}.5,{i * 7}\n" for i in range(40))),
        ("config", "[a]\nb = 1\nc = 2\n\n[d]\ne = true\n"),
        ("config", "# All\n[run]\n" + "".join(f"# Of {i}\nkey_{i} = False\n" for i in range(40))),
        ("text", "".join(f"  NAME='{n}'|SIZE='{n}g'|FREE=''|ATTR='-wi'\n" for n in range(3))),
        (
            "table",
            "time: self | all | name\n"
            + "".join(f"time: {i} | {i} | import_{i}\n" for i in range(30)),
        ),
        ("html", "<html><body>" + "<p>A paragraph.</p>" * 5 + "</body></html>"),
        ("mixed", f"It answered {json.dumps(ROWS)} and I do not know why.\n\nDo you?\n"),
        ("mixed", f"# Data\n\n```\n{CSV}```\n\nThat is all.\n"),
        ("markdown", "# Title\n\nSome `code` here.\n\n## More\n\n- one\n- two\n"),
        ("text", "Nothing but a sentence. And another one.\n"),
        ("text", ""),
    ],
)
def test_content_goes_to_its_compressor(kind: str, text: str) -> None:
    compressor, document, why = route(text, TOKENIZER)
    assert compressor.kind == document.kind == kind
    assert why == ("plain" if kind == "text" else "parsed")


_RELEASES = [f"{i // 10}.{i % 10}.0" for i in range(20, 40)]


@pytest.mark.parametrize(
    "text",
    [
        # To a reader of YAML these are lists under comments; lines that repeat, to one of logs.
        "# ChangeLog\n\n## v3\n\n"
        + "".join(f"### {v}\n\n- fixed:\n  - Take `a` for {v}.\n\n" for v in _RELEASES),
        "# Changelog\n\n"
        + "".join(
            f"## [{v}] 12-11-2024\n### Changed\n - fix: take the number {v} of `a`\n"
            f" - chore: updated dependencies\n    - one   ^1.{v}  ->  ^2.{v}\n\n"
            for v in _RELEASES
        ),
    ],
)
def test_what_has_sections_is_neither_log_nor_configuration(text: str) -> None:
    assert route(text, TOKENIZER).compressor.kind in ("markdown", "mixed")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("config", "## The server\n\nhost: a\nport: 1\n\n## The client\n\nuser: b\n"),
        ("code", "## Load\n\nimport os\nimport re\n\n## Run\n\ndef run(a):\n    return a + 1\n"),
        (
            "log",
            "# Build\n\n## Step one\n\n"
            + "".join(
                f"2024-01-02 10:00:{i} INFO step {i} of the build is done\n" for i in range(10, 40)
            ),
        ),
    ],
)
def test_comments_are_no_headings(kind: str, text: str) -> None:
    assert route(text, TOKENIZER).compressor.kind == kind


_RULE = f"{'-' * 8}|{'-' * 20}|{'-' * 8}|{'-' * 8}\n"
_STATISTICS = (
    f"Type     Name                  # reqs    req/s\n{_RULE}"
    + "".join(f"GET      /{n:<20}{i * 17:>8}{i}.50\n" for i, n in enumerate("abcd", 12))
    + f"{_RULE}         Aggregated           {3_400:>8}   50.0\n\n"
)


@pytest.mark.parametrize(
    "text",
    [
        "".join(
            f"[2026-03-01 10:00:{i},010] vm/INFO/load.main: Run {i} is on\n{_STATISTICS}"
            for i in range(10, 16)
        )
        + "[2026-03-01 10:00:30,010] vm/INFO/load.main: Shutting down (exit code 1)\n",
        "* Connected to 127.0.0.1 port 8443 (#0)\n> GET /a HTTP/1.1\n> Host: a:8443\n> \n"
        + "".join(
            f"* Offered: {a}\nAccepted: {a}\n---\n{a} is used by neither side\n"
            for a in ("x25519", "secp256r1", "x448", "secp521r1", "ffdhe2048")
        )
        + "< HTTP/1.1 200 OK\n< Content-Type: text/html\n< \n",
    ],
)
def test_tables_and_lists_between_messages_are_of_a_log(text: str) -> None:
    assert route(text, TOKENIZER).compressor.kind == "log"


def test_a_hint_decides_between_readings() -> None:
    assert route(CSV, TOKENIZER, Hint("text")).document == as_text(CSV, TOKENIZER).document
    script = "x = 1\nprint(x)\n" * 20 + "import os\nprint(os.sep)\n"
    plain, hinted = route(script, TOKENIZER), route(script, TOKENIZER, Hint("code", "python"))
    assert plain.document.kind != "code"
    assert hinted.document.kind == "code"


@pytest.mark.parametrize("hint", [Hint("json"), Hint("code", "java"), Hint("code", "cobol")])
def test_a_hint_that_does_not_hold_is_ignored(hint: Hint) -> None:
    for text in (CSV, "Nothing but a sentence. And another one.\n"):
        refused = route(text, TOKENIZER, hint)
        assert refused.document == route(text, TOKENIZER).document
        assert refused.why == "refused"


def test_every_kind_can_be_named_in_a_hint() -> None:
    assert sorted({compressor.kind for compressor in COMPRESSORS}) == list(KINDS)


def test_text_is_last() -> None:
    kinds = [compressor.kind for compressor in COMPRESSORS]
    assert kinds.index("text") == len(kinds) - 1
