from __future__ import annotations

import re

import pytest

from sharedctx import tokens
from sharedctx.render import render, render_default
from sharedctx.segments import Document
from sharedctx_workers.compressors import TextCompressor
from sharedctx_workers.compressors.text_facts import facts_of
from sharedctx_workers.compressors.text_mentions import mentions_of
from sharedctx_workers.compressors.text_parts import Part, Role, parts_of

TOKENIZER = tokens.load()
TEXT = TextCompressor()

ARTICLE = """# Backups

We take a backup of every database each night. It runs at two in the morning. It is copied to \
another region, e.g. Frankfurt, by Dr. Smith's script. Nobody needs to be awake for it.

## Restoring

1. Stop the service.
2. Run `restore.sh --latest`
   and wait for it.

```sh
restore.sh --latest

systemctl start app
```

Title without marks

The restore failed twice last year! Both times the disk was full. Was it noticed? It was not.
"""


def document_of(text: str) -> Document:
    document = TEXT.document(text, TOKENIZER)
    assert "".join(segment.text for segment in document.segments) == text
    return document


def test_structure_is_found() -> None:
    parts = [(part.role, ARTICLE[part.start : part.end].strip()) for part in parts_of(ARTICLE)]
    assert [text for role, text in parts if role is Role.HEADING] == [
        "# Backups",
        "## Restoring",
        "Title without marks",
    ]
    assert [text for role, text in parts if role is Role.ITEM] == [
        "1. Stop the service.",
        "2. Run `restore.sh --latest`\n   and wait for it.",
    ]
    (code,) = [text for role, text in parts if role is Role.CODE]
    assert code.startswith("```sh\n")
    assert code.endswith("\n```")
    sentences = [text for role, text in parts if role is Role.SENTENCE]
    assert "It is copied to another region, e.g. Frankfurt, by Dr. Smith's script." in sentences
    assert "Was it noticed?" in sentences


def test_wrapped_prose_is_sentences_and_records_are_lines() -> None:
    prose = "This is a sentence that is wrapped by hand over\nseveral lines of text. And here is\n"
    prose += "another one that goes on for quite some time and ends.\n"
    assert {part.unit for part in parts_of(prose)} == {"sentence"}
    records = "a=1 b=2 [x]\na=3 b=4 [y]\na=5 b=6 [z]\n"
    assert [part.unit for part in parts_of(records)] == ["line"] * 3


def test_an_open_fence_does_not_swallow_the_rest() -> None:
    roles = {part.role for part in parts_of("```\nA sentence follows here.\n\n# Title\n\nMore.\n")}
    assert Role.CODE not in roles
    assert Role.HEADING in roles


def test_unspaced_scripts_have_sentences() -> None:
    assert len(parts_of("これは最初の文章であります。これは二番目の文章であります。")) == 2


def test_headings_stay_with_what_they_head() -> None:
    filler = "".join(f"Filler sentence {i} says nothing new at all here. " for i in range(60))
    text = f"# One\n\n{filler}\n\n# Two\n\n{filler}\n\nThe ERROR code was 4711, not 4712.\n"
    shown = render(document_of(text), text, TOKENIZER, max_tokens=120).text
    assert "# Two\n" in shown
    assert "4711" in shown
    assert "[… L3" in shown


def test_repetition_gives_way() -> None:
    text = "The cache was cleared again today. " * 40 + "The certificate expires on 3 May. "
    shown = render(document_of(text), text, TOKENIZER, max_tokens=60).text
    assert "certificate" in shown


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "\n" * 20_000,
        "x" * 20_000,
        "\r".join("abc" for _ in range(3000)),
        "\x00" * 5000,
        "\ud800 \udfff." * 2000,
        "." * 20_000,
        "[… 4 lines elided: L1-4]\n" * 200,
        "```\n" * 3000,
        "=\n" * 3000,
        "# \n" * 3000,
        "- " * 5000,
        "سلام دنیا؟ حال شما چطور است؟ " * 100,
        " " * 20_000 + "x",
    ],
)
def test_any_text_is_covered(text: str) -> None:
    document = document_of(text)
    whole = render(document, text, TOKENIZER, max_tokens=None).text
    assert TEXT.same_data(text, whole)
    assert render(document, text, TOKENIZER, max_tokens=50).tokens <= 50


def test_many_short_lines_share_segments() -> None:
    document = document_of("# a\n" * 200_000)
    assert len(document.segments) <= 60_000
    assert sum(segment.count for segment in document.segments) == 200_000


MANUAL = "".join(
    f"The first setting of part {i} decides how much is kept, and for how long it stays. "
    f"Beside it there is `limit_{i}`, which most people can leave as it is for years. "
    f"It cannot shrink{i} while somebody reads, as others would see less than they asked for.\n\n"
    for i in range(40)
)


def test_what_is_left_out_is_named() -> None:
    document = document_of(MANUAL)
    shown = render_default(document, MANUAL, TOKENIZER, document.basis // 5).text
    assert "[… L" in shown
    assert all(re.search(rf"\blimit_{i}\b", shown) for i in range(40))
    kept = [s.text for s in document.segments if s.rank <= document.enough]
    assert not all(f"`limit_{i}`" in "".join(kept) for i in range(40))
    assert not any(s.mentions for s in document.segments if s.rank <= document.enough)


def mentioned(source: str, *, is_code: bool = False) -> tuple[str, ...]:
    part = Part(0, len(source), Role.CODE if is_code else Role.SENTENCE, "sentence")
    return mentions_of(part, source, facts_of(source, is_code=is_code))


def test_names_are_mentioned_as_they_are_written() -> None:
    source = (
        "Set `max_size` to 4096 bytes or 25%, never\nbelow 7 of it, and see https://x.test/a "
        "since it doesn't retry."
    )
    assert mentioned(source) == (
        "max_size", "4096 bytes", "25%", "never below", "https://x.test/a", "doesn't retry",
    )  # fmt: skip
    assert mentioned("x = `not a ${name}` if not y_z else 10", is_code=True) == ("y_z", "10")


def test_what_a_note_cannot_hold_is_not_mentioned() -> None:
    assert mentioned("See `a[0]` and `b_c` and https://x.test/" + "x" * 250) == ("b_c",)
    heading = Part(0, 14, Role.HEADING, "heading")
    assert mentions_of(heading, "## More on a_b", ()) == ("More on a_b",)


def test_a_table_is_mentioned_by_its_columns() -> None:
    head = Part(0, 40, Role.LINE, "line", 2, opens=True)
    assert mentions_of(head, "| Level | What it is |\n|---|---|\n", ()) == ("Level", "What it is")
