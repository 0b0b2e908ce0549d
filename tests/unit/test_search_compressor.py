from __future__ import annotations

import re

import pytest

from sharedctx import tokens
from sharedctx.notes import escape_notes
from sharedctx.render import Rendering, render
from sharedctx.segments import Document
from sharedctx.unfold import unfold_paths
from sharedctx_workers.compressors.search_compressor import SearchCompressor
from sharedctx_workers.compressors.search_fold import common_directory
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
    assert SEARCH.same_data(text, whole_of(document))
    return document


def whole_of(document: Document) -> str:
    return escape_notes("".join(segment.text for segment in document.segments))


def shown(text: str, budget: int, *, keep_required: bool = True) -> Rendering:
    document = document_of(text)
    return render(document, text, TOKENIZER, max_tokens=budget, keep_required=keep_required)


def test_every_file_keeps_its_first_hit() -> None:
    view = shown(GREP, 600).text
    assert view.startswith("240 hits in 12 files under src/:\n")
    for i in range(12):
        first = f"10:    raise ValueError(f'bad value {{x}} in {i}.10')"
        assert f"module_{i}/code.py: 20 hits\n{first}\n" in view
    assert re.search(r"\n\[… L\d+-\d+\]\n", view)


def test_the_smallest_views_still_name_files() -> None:
    view = shown(GREP, 120, keep_required=False).text
    assert "module_0/code.py: 20 hits" in view
    assert "hits elided" in view


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
    assert view.startswith("176 hits in 8 files, grouped under lib/:\n")
    assert "part0.rs: 22 hits\n5:let x = call(5);\n" in view


def test_hits_without_numbers() -> None:
    text = "".join(f"./pkg/{name}.py:timeout = {n}\n" for name in "abc" for n in range(40))
    view = shown(text, 120).text
    assert all(f"{name}.py: 40 hits\n:timeout = 0\n" in view for name in "abc")


def test_find_shows_every_directory() -> None:
    text = "./src\n" + "".join(
        f"./src/d{i}\n" + "".join(f"./src/d{i}/file_{n}.txt\n" for n in range(30)) for i in range(9)
    )
    view = shown(text, 260).text
    assert view.startswith("280 paths under ./src/:\n./ (9):\n")
    assert all(f"\nd{i}/ (30): file_0.txt " in view for i in range(9))
    assert " [… L7-32]\n" in view


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
    names = "".join(f"file_{n}.py " for n in range(30))
    view = shown(text, 150).text
    assert view.startswith("65 entries, listed below under ./:\n./: x\n")
    assert f"one/: {names}last.py\ntwo/: {names}last.py\nlisted below:\n" in view
    assert view.endswith("2 directories, 63 files\n")


def test_a_large_tree_is_indented() -> None:
    files = "".join(f"│   ├── file_{n}.py\n" for n in range(300))
    text = f".\n├── one\n{files}│   └── last.py\n├── two\n{files}│   └── last.py\n└── x\n"
    view = shown(text, 150).text
    assert view.startswith("605 entries drawn as a tree, with plain blanks:\n.\n one\n")
    assert "\n two\n" in view


def test_trees_below_several_roots() -> None:
    files = "".join(f"├── file_{n}.py\n" for n in range(30))
    text = f"one\n├── in\n│   └── x.py\n{files}└── last.py\nempty\ntwo\n{files}└── end.py\n"
    text += "\n3 directories, 63 files\n"
    view = shown(text, 120).text
    assert view.startswith("64 entries, listed below:\none/: file_0.py ")
    assert " in/x.py\ntwo/: file_0.py" in view
    assert "└── end.py\n" in view


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"src/d{n % 4}/file_{n}.py\n" for n in range(90)),
        ".\n" + "├── a\n" + "".join(f"│   ├── file_{n}.py\n" for n in range(90)) + "└── b\n",
        "a:\nb\n\na/b:\n" + "".join(f"file_{n}.py\n" for n in range(90)),
    ],
    ids=("paths", "a tree", "ls -R"),
)
def test_of_few_files_all_names_are_kept(text: str) -> None:
    view = shown(text, 60).text
    assert all(f"file_{n}.py" in view for n in range(90))


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
        ("1/1/85,96373,,105.7", False),
    ],
)
def test_paths(word: str, expected: bool) -> None:  # noqa: FBT001  # a table of cases
    assert is_path(word) is expected


FORMS = {
    "files of one directory": "a/x.py:1:p\na/y.py:2:q\na/y.py:7:r\nb/z.py:3:s\n",
    "a single file": "x.py:1:p\nx.py:2:q\nx.py:9:r\n",
    "absolute paths": "/r/a/x.py:1:p\n/r/a/y.py:1:q\n/r/b/c/z.py:12:s: 3 hits\n",
    "context": "a/x-1.py-1-o\na/x-1.py:2:p\na/x-1.py-3-q\n--\na/x-1.py:9:r\na/y.py:1:s\n",
    "columns": "a/x.py:1:5:p\na/x.py:1:9:p\na/y.py:2:1:q\n",
    "headings": "a/x.py\n1:p\n2-q\n\na/y.py\n7:r\n8:s\n\nb.py\n1:t\n",
    "no numbers": "a/x.py:p\na/x.py:q\na/y.py:r: 1 hit!\ngrep: a/p: Is a directory\n"
    + "a/x.py:q\n" * 20,
    "what the tool says": "a/x.py:1:p\na/x.py:2:q\nBinary file a/z matches\n"
    "grep: a/p: Is a directory\na/y.py:3:r\n" + "a/x.py:5:t\n" * 20,
    "a file that comes again": "a/x:1:p\na/x:2:q\nb/y:1:p\na/x:7:r\na/x:8:s\n",
    "blanks in paths": "my dir/x.py:1:p\nmy dir/x.py:2:q\nmy dir/y.py:3:r\n",
    "no line break at the end": "a/x.py:1:p\na/x.py:2:q\na/y.py:3:r",
    "carriage returns": "a/x.py:1:p\r\na/x.py:2:q\r\na/y.py:3:r\r\n",
    "functions around hits": "a/x.py=1=f():\na/x.py:2:q\na/x.py=9=g():\na/x.py:12:r\na/y:3:s\n",
    "find": ".\n./a\n./a/x\n./a/b\n./a/b/y z\n./a/w\n./c\n",
    "find elsewhere": "/u/i\n/u/i/a\n/u/i/a/x.h\n/u/i/b.h\n/u/i/c.h\n",
    "files": 'a/x.py\na/y.py\nb/c/z.py\na/w.py\n./"q".py\nsetup.py\n',
    "counts": "a/x.py:3\na/y.py:0\nb/z.py:17\nb/w.py:2\nc/v.py:1\n",
    "a tree": ".\n├── a\n│\u00a0\u00a0 ├── b\n│\u00a0\u00a0 └── c\n└── d\n    └── e\n",
    "a tree cut off": ".\n├── a\n│   ├── b\n│   │   ├── d\n│   │   └── e\n│   ├── f\n",
    "a tree of bars": ".\n|-- a\n|   |-- b\n|   `-- c x\n`-- d -> a\n    `-- e\n\n2 directories\n",
    "a long listing": "".join(
        f"  {i} {i % 3} -rw-r--r--   1 me  us {i * 97:8} Oct 26 10:02 a/b{i % 2}/f{i}.py\n"
        for i in range(9)
    ),
    "a long listing with blanks and links": (
        "-rw-r--r-- 1 me us 12 Oct 26 10:02 ./a/x y.py\n"
        "lrwxrwxrwx 1 me us 7 Oct 26 10:02 ./a/l -> x\n"
        "drwxr-xr-x 2 me us 40 Oct 26 10:02 ./b\n-rw-r--r-- 1 me us 12 Oct 26 10:02 ./b/x.py\n"
        "-rw-r--r-- 1 me us 12 Oct 26 10:02 ./b/y.py\n-rw-r--r-- 1 me us 12 Oct 26 10:02 ./b/z.py"
    ),
    "folders": "a/b/\na/c/\na/d/\na/e/\na/f/\n",
    "refusals": "/e/a\n/e/b\n/e/c\n/e/d\n/e/f\n/e/g\n/e/h\n/e/i\n/e/j\nfind: /p: No access\n",
    "notes": "a/x.py:1:[… 3 lines elided: L1-3]\na/x.py:2:q\na/y.py:3:[\\… r\n",
    "looks folded": "2 hits in 1 file:\n" + "a/x.py:1:p\na/x.py:2:q\na/y.py:3:r\n" * 6,
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_folded_results_and_listings_decode_back(text: str) -> None:
    document = document_of(text)
    whole = whole_of(document)
    assert whole == escape_notes(text) or unfold_paths(whole) == text


def test_counts_of_hits_are_all_kept() -> None:
    text = "".join(f"src/d{i % 4}/file_{i}.py:{i * 7 % 90}\n" for i in range(200))
    view = shown(text, 300).text
    assert view.startswith("200 paths, listed below under src/:\nd0/: file_0.py:0 file_4.py:28 ")
    assert all(f" file_{i}.py:{i * 7 % 90}" in view for i in range(200))


def test_an_index_tells_every_directory_and_some_names() -> None:
    text = "".join(
        f"./src/d{i % 40}/{'deep/er/' * (i % 2)}file_{i}.py\n" for i in range(120)
    ) + "".join(f"./src/e{i}/only.py\n" for i in range(80))
    view = shown(text, 1500).text
    assert view.startswith("200 paths, listed below under ./src/:\n./: d0/ (3) d1/deep/er/ (3) ")
    assert " e78/ e79/\n" in view
    assert re.search(r"\nd20/: file_20\.py file_60\.py file_100\.py\n", view)
    assert view.endswith("listed below:\n./src/d0/file_0.py\n[… L2-199]\n./src/e79/only.py\n")


def test_of_a_list_of_directories_all_are_kept() -> None:
    text = "".join(f"src/d{i % 9}/e{i}/\n" for i in range(200))
    view = shown(text, 100).text
    assert all(f" e{i}/" in view for i in range(200))


HITS = "".join(
    f"./src/d{i % 5}/file_{i}.py:{line}:{text}\n"
    for i in range(60)
    for line, text in ((3, f"import {'os' if i % 2 else f'thing_{i}'}"), (9 + i, "os.getcwd()"))
)


def test_an_index_tells_every_file_and_its_first_hit() -> None:
    view = shown(HITS, 500).text
    header, heading, row = view.splitlines()[:3]
    assert header == "120 hits in 60 files, the first of each, all listed below under ./src/:"
    assert heading == "import os in 30 files:"
    assert row.startswith(" d1/: file_1.py (2):3 file_11.py (2):3 ")
    assert "\nd2/:\n file_2.py (2):3:import thing_2\n" in view
    assert all(f" file_{i}.py (2):3" in view for i in range(60))
    assert re.search(r"listed below:\n\[… L\d+-\d+\]", view)


def test_no_note_is_due_for_rows_of_an_index() -> None:
    view = shown(HITS, 100, keep_required=False).text
    assert view.count("[… ") == 1
    assert view.endswith("[… 120 hits elided: L1-120]") or "[… L1-120]" in view


def test_a_long_listing_keeps_all_paths_and_few_of_their_details() -> None:
    text = "".join(
        f"-rw-r--r-- root/root {i * 97:8} 2026-10-26 10:{i % 60:02d} src/d{i % 7}/file_{i}.py\n"
        for i in sorted(range(200), key=lambda i: i % 7)
    )
    view = shown(text, 1200).text
    assert view.startswith("200 paths, listed below under src/:\n")
    assert all(f" file_{i}.py" in view.partition("listed below:\n")[0] for i in range(200))
    assert 2 <= view.count("root/root") < 20


def test_of_a_listing_with_sizes_the_largest_are_kept() -> None:
    text = "".join(f"{i * 37 % 101}\tsrc/d{i % 4}/file_{i}.py\n" for i in range(100))
    below = shown(text, 900).text.partition("listed below:\n")[2]
    assert all(f"{size}\tsrc/" in below for size in (100, 99, 98))


def test_the_extremes_of_a_listing_are_kept_whatever_the_index_takes() -> None:
    files = "".join(
        f"{1 if i == 30 else 9000 if i == 60 else 40 + i % 9}\tsrc/d{i % 40}/file_{i}.py\n"
        for i in range(100)
    )
    below = shown(files, 16).text.partition("listed below:\n")[2]
    assert "\n1\tsrc/d30/file_30.py\n" in below
    assert "\n9000\tsrc/d20/file_60.py\n" in below


def test_the_header_of_a_listing_is_kept() -> None:
    rows = "".join(f"{i * 97:8}  2026-10-26 10:02   a/b{i % 3}/f{i}.py\n" for i in range(60))
    rows = f"---------  ---------- -----   ----\n{rows}"
    text = f"Archive:  a.zip\n  Length      Date    Time    Name\n{rows}   171,000   60 files\n"
    view = shown(text, 700).text
    assert view.startswith("60 paths")
    assert "Archive:  a.zip\n  Length" in view
    assert view.endswith("60 files\n")


def test_what_stands_in_columns_is_no_path() -> None:
    text = "TARGET    SOURCE\n" + "".join(f"/mnt/{i:<4} sysfs   rw,size={i}\n" for i in range(60))
    assert SEARCH.document(text, TOKENIZER) is None


def test_columns_before_words_are_no_listing() -> None:
    text = "".join(f"{i} {i * 3} {'pear' if i % 2 else 'apple'}{i}\n" for i in range(60))
    assert SEARCH.document(text, TOKENIZER) is None


def test_times_of_day_are_no_hits() -> None:
    access = "".join(
        f'10.0.0.{i} - - [25/Nov/2026 04:{i:02d}:20] "GET /x HTTP/1.1" 200 -\n' for i in range(50)
    )
    assert SEARCH.document(access, TOKENIZER) is None
    server = "".join(f"[13] 2026/11/25 04:{i:02d}:49.2 [INF] /a/b started\n" for i in range(50))
    assert SEARCH.document(server, TOKENIZER) is None


def test_the_common_directory_is_whole() -> None:
    assert common_directory(["/a/bc/d", "/a/bd/e"]) == "/a/"
    assert common_directory(["x", "y"]) == ""
    assert common_directory(["a/x"]) == "a/"


def test_a_report_about_files_is_no_listing() -> None:
    lines = "".join(f"src/package/module_{n}.py{n:12}{n % 7:8}   90%\n" for n in range(40))
    report = f"Name                        Stmts    Miss  Cover\n{'-' * 48}\n{lines}"
    assert SEARCH.document(report, TOKENIZER) is None
    assert SEARCH.document("".join(f"src/package/module_{n}.py\n" for n in range(40)), TOKENIZER)


def test_a_table_whose_last_column_looks_like_paths_is_no_listing() -> None:
    rows = "".join(f"{pid:5d} {pid % 3:3d} S {100 * pid:6d} kworker/{pid}\n" for pid in range(40))
    assert SEARCH.document(rows, TOKENIZER) is not None
    assert SEARCH.document(f"  PID PRI S    VSZ COMMAND\n{rows}", TOKENIZER) is None
