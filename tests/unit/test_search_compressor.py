from __future__ import annotations

import pytest

from sharedctx import tokens
from sharedctx.render import Rendering, render
from sharedctx.segments import Document
from sharedctx_workers.compressors.search_compressor import SearchCompressor
from sharedctx_workers.compressors.search_lines import Found, found_lines, is_path

TOKENIZER = tokens.load()
SEARCH = SearchCompressor()

GREP = "".join(
    f"src/module_{i}/code.py:{line}:    raise ValueError(f'bad value {{x}} in {i}.{line}')\n"
    for i in range(12)
    for line in range(10, 400, 20)
)


def document_of(text: str) -> Document:
    document = SEARCH.document(text, TOKENIZER)
    assert document is not None
    assert "".join(segment.text for segment in document.segments) == text
    return document


def shown(text: str, budget: int, *, keep_required: bool = True) -> Rendering:
    document = document_of(text)
    return render(document, text, TOKENIZER, max_tokens=budget, keep_required=keep_required)


def test_every_file_keeps_its_first_hit() -> None:
    view = shown(GREP, 400).text
    for i in range(12):
        assert (
            f"src/module_{i}/code.py:10:    raise ValueError(f'bad value {{x}} in {i}.10')" in view
        )
    assert "hits elided: L" in view


def test_the_smallest_views_still_name_files() -> None:
    view = shown(GREP, 120, keep_required=False).text
    assert "src/module_0/code.py" in view
    assert "elided" in view


def test_context_is_kept_apart_from_hits() -> None:
    text = (
        "a/b-1-c.py-9-before\na/b-1-c.py:10:hit\na/b-1-c.py-11-after\n--\nd.py:3:other\nd.py:4:x\n"
    )
    kinds = [(line.found, line.path) for line in found_lines(text)]
    assert kinds == [
        (Found.CONTEXT, "a/b-1-c.py"),
        (Found.HIT, "a/b-1-c.py"),
        (Found.CONTEXT, "a/b-1-c.py"),
        (Found.BREAK, ""),
        (Found.HIT, "d.py"),
        (Found.HIT, "d.py"),
    ]


def test_headings_are_kept_with_their_hits() -> None:
    text = "".join(
        f"lib/part{i}.rs\n" + "".join(f"{n}:let x = call({n});\n" for n in range(5, 90, 4)) + "\n"
        for i in range(8)
    )
    document = document_of(text)
    assert {s.unit for s in document.segments} == {"file", "hit", "line"}
    view = render(document, text, TOKENIZER, max_tokens=280).text
    assert "lib/part0.rs\n5:let x = call(5);\n" in view


def test_hits_without_numbers() -> None:
    text = "".join(f"./pkg/{name}.py:timeout = {n}\n" for name in "abc" for n in range(40))
    view = shown(text, 120).text
    assert all(f"./pkg/{name}.py:timeout = 0\n" in view for name in "abc")


def test_find_shows_every_directory() -> None:
    text = "./src\n" + "".join(
        f"./src/d{i}\n" + "".join(f"./src/d{i}/file_{n}.txt\n" for n in range(30)) for i in range(9)
    )
    view = shown(text, 260).text
    assert all(f"./src/d{i}" in view for i in range(9))
    assert "entries elided: L" in view


def test_recursive_ls() -> None:
    names = "".join(f"name_{n}.c\n" for n in range(40))
    text = f"proj:\nlib\n{names}\nproj/lib:\n{names}\nproj/lib/deep:\n{names}"
    view = shown(text, 100).text
    assert "proj:\n" in view
    assert "proj/lib:\n" in view
    assert "proj/lib/deep:\n" in view


def test_tree() -> None:
    files = "".join(f"│   ├── file_{n}.py\n" for n in range(30))
    text = f".\n├── one\n{files}│   └── last.py\n├── two\n{files}│   └── last.py\n└── x\n\n"
    text += "2 directories, 63 files\n"
    view = shown(text, 150).text
    assert "├── one\n" in view
    assert "├── two\n" in view
    assert view.endswith("2 directories, 63 files\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10:11:12 start\n10:11:13 stop\n10:11:14 start\n",
        "2026-03-01T10:11:12 start\n2026-03-01T10:11:13 stop\n2026-03-01T10:11:14 go\n",
        "host: web\nport: 80\nlevel: 3\n" * 10,
        "A list of words\nis not a list\nof paths\nand/or\nanything\nlike it\n",
        "https://example.org/a/b\nhttps://example.org/a/c\n" * 10,
        "Results:\nbad\n\nReasons:\nworse\n\nPlans:\nnone\n",
        "src/a.c:1:2: error: expected ';'\nsrc/a.c:4:2: error: expected ')'\n" * 5,
        "a = b\nc = d\n" * 20,
        "tests/test_a.py::test_b PASSED\ntests/test_a.py::test_c PASSED\n" * 10,
    ],
)
def test_what_is_no_search_result_is_left_alone(text: str) -> None:
    assert SEARCH.document(text, TOKENIZER) is None


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("a/b.py", True),
        ("setup.py", True),
        ("Makefile", True),
        ("C:\\x\\y.cs", True),
        ("word", False),
        ("https://example.org/x", False),
        ("", False),
    ],
)
def test_paths(word: str, expected: bool) -> None:  # noqa: FBT001  # a table of cases
    assert is_path(word) is expected
