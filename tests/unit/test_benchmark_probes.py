"""The probes of the compression benchmark cannot be fooled."""

from __future__ import annotations

import argparse
import csv
import difflib
import io
import json
import random
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from functools import cache
from importlib import metadata
from pathlib import Path

import pytest

from tests.benchmarks.compression.documents import KINDS, CorpusDocument
from tests.benchmarks.compression.probes import Probe, candidates, make_probes
from tests.benchmarks.compression.probes.code_grammar import outline
from tests.benchmarks.compression.probes.search_facts import path_probe
from tests.benchmarks.compression.probes.view import View, plain, view_of

ROOT = Path(__file__).parents[2]
LIBRARY = Path(argparse.__file__).parent


def _packages() -> list[dict[str, object]]:
    return [
        {
            "name": package.metadata["Name"],
            "version": package.version,
            "summary": package.metadata.json.get("summary"),
            "files": len(package.files or ()),
            "python": {"requires": package.metadata.json.get("requires_python")},
            "first": str((package.files or ("",))[0]),
            "typed": any(str(file).endswith("py.typed") for file in package.files or ()),
        }
        for package in sorted(metadata.distributions(), key=lambda found: found.metadata["Name"])
    ]


def _table(delimiter: str) -> str:
    packages = [{key: row[key] for key in ("name", "version", "files")} for row in _packages()]
    out = io.StringIO()
    writer = csv.DictWriter(out, ["name", "version", "files"], delimiter=delimiter)
    writer.writeheader()
    writer.writerows(packages)
    return out.getvalue()


def _fixed_width() -> str:
    rows = [("NAME", "VERSION", "FILES")]
    rows += [(str(row["name"]), str(row["version"]), str(row["files"])) for row in _packages()]
    return "".join(f"{name:40} {version:20} {files:>6}\n" for name, version, files in rows)


def _search() -> str:
    return "".join(
        f"email/{path.name}:{number}:{line}\n"
        for path in sorted((LIBRARY / "email").glob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if "return" in line
    )


def _listing() -> str:
    folders = [LIBRARY / name for name in ("email", "encodings", "json")]
    parts = []
    for folder in folders:
        names = "\n".join(sorted(path.name for path in folder.iterdir()))
        parts.append(f"./{folder.name}:\n{names}\n")
    return "\n".join(parts)


def _log() -> str:
    loud = subprocess.run(
        [sys.executable, "-v", "-c", "import json, email.message; 1/0"],
        check=False,
        capture_output=True,
        text=True,
    )
    return loud.stderr


def _diff() -> str:
    one, other = (LIBRARY / name for name in ("json/encoder.py", "json/decoder.py"))
    lines = difflib.unified_diff(
        one.read_text().splitlines(keepends=True),
        other.read_text().splitlines(keepends=True),
        "a/json/encoder.py",
        "b/json/decoder.py",
    )
    return "diff --git a/json/encoder.py b/json/decoder.py\n" + "".join(lines)


def _mixed() -> str:
    report = json.dumps(_packages()[:20])
    return f"{(ROOT / 'CONTRIBUTING.md').read_text()}\n\nThe result: {report}\n\n{_search()}"


@cache
def documents() -> list[CorpusDocument]:
    """Real documents of each kind, as they are where the tests run."""
    lines = "".join(json.dumps(row) + "\n" for row in _packages())
    texts = [
        ("json", "packages.json", json.dumps(_packages(), indent=2)),
        ("json", "packages.jsonl", lines),
        ("code", "argparse.py", (LIBRARY / "argparse.py").read_text()),
        ("code", "client.py", (ROOT / "sharedctx/client.py").read_text()),
        ("log", "imports.log", _log()),
        ("search", "returns.txt", _search()),
        ("search", "listing.txt", _listing()),
        ("diff", "json.diff", _diff()),
        ("table", "packages.csv", _table(",")),
        ("table", "packages.tsv", _table("\t")),
        ("table", "packages.txt", _fixed_width()),
        ("text", "CONTRIBUTING.md", (ROOT / "CONTRIBUTING.md").read_text()),
        ("text", "LICENSE", (ROOT / "LICENSE").read_text()),
        ("mixed", "report.md", _mixed()),
    ]
    return [CorpusDocument(kind, name, text, name) for kind, name, text in texts]


def recall(probes: list[Probe], rendition: str) -> float:
    return sum(probe.found(rendition) for probe in probes) / len(probes)


@pytest.fixture(params=range(14))
def document(request: pytest.FixtureRequest) -> CorpusDocument:
    number: int = request.param
    return documents()[number]


def test_every_kind_has_documents() -> None:
    assert {document.kind for document in documents()} == set(KINDS)
    assert len(documents()) == 14


def test_an_original_tells_everything(document: CorpusDocument) -> None:
    missed = [probe.describe() for probe in candidates(document) if not probe.found(document.text)]
    assert missed == []


def test_nothing_tells_nothing(document: CorpusDocument) -> None:
    probes = make_probes(document)
    assert len(probes) >= 10
    assert {probe.must for probe in probes} == {True, False}
    assert recall(probes, "") == 0


def test_a_cut_original_tells_a_part(document: CorpusDocument) -> None:
    probes = make_probes(document)
    fifth = document.text[: len(document.text) // 5]
    assert 0 < recall(probes, fifth) < 0.99
    assert recall(probes, fifth) <= recall(probes, document.text[: len(document.text) // 2])


def test_a_text_of_another_kind_tells_next_to_nothing(document: CorpusDocument) -> None:
    other = (LIBRARY / "heapq.py").read_text()
    assert recall([probe for probe in make_probes(document) if probe.must], other) < 0.3


def test_probes_are_the_same_each_time(document: CorpusDocument) -> None:
    first, second = ([probe.describe() for probe in make_probes(document)] for _ in range(2))
    assert first == second


def test_other_digits_are_not_found() -> None:
    numbers = random.Random(7)
    rows = [{"id": numbers.randrange(10**8, 10**9), "price": n * 1.37} for n in range(100)]
    text = json.dumps(rows)
    probes = [
        probe
        for probe in make_probes(CorpusDocument("json", "rows.json", text))
        if probe.group in ("minimum and maximum", "first and last row", "random cell")
    ]
    assert len(probes) > 10
    assert recall(probes, text) == 1
    shuffled = re.sub(r"\d+", lambda found: found[0][::-1] + "1", text)
    assert recall(probes, shuffled) == 0


@pytest.mark.parametrize(
    ("value", "rendition", "found"),
    [
        ("12", "a,12,b", True),
        ("12", "3120", False),
        ("12", "12.5", False),
        ("12", "0.12", False),
        ("12", "[… 188 rows elided: #12-199, L12-56]", False),
        ("main", "domain", False),
        ("main", "main_loop", False),
        ("main", "x.main(", True),
        ('say "hi"', '{"text":"say \\"hi\\""}', True),
        ('say "hi"', 'a,"say ""hi""",b', True),
        ("C:\\new\\x", '{"path":"C:\\\\new\\\\x"}', True),
        ("two\nlines", '"two\\nlines"', True),
        ("é", '"\\u00e9"', True),
        ("red alert", "\x1b[31mred\x1b[0m   alert", True),
    ],
)
def test_values_are_found_whole_in_any_quoting(value: str, rendition: str, found: bool) -> None:  # noqa: FBT001
    assert View(rendition).has(value) is found


def test_values_in_lossless_tables_are_found() -> None:
    rendition = '[3 rows: id,kind="user",geo.city\n1,Rome\n2,"Bob, jr"\n30,Oslo\n]'
    assert View(rendition).has('"kind":"user"')
    assert View(rendition).near("30", "Oslo", 20)


def test_counts_are_stated_or_add_up() -> None:
    shown = "".join(f"row {number} of the table\n" for number in range(10, 20))
    assert View(shown).states(10)
    assert not View(shown).states(50)
    assert View(f"{shown}[… 40 rows elided: #11-50]").states(50)
    assert View(f"50 rows in all\n{shown}").states(50)


def test_paths_are_found_in_groups_and_trees() -> None:
    tree = "src\n├── core\n│   └── main.py\n└── util\n    └── text.py\n"
    assert path_probe("file", "src/core/main.py").found(tree)
    assert path_probe("file", "src/util/text.py").found("src/:\n  core/main.py\n  util/text.py")
    assert not path_probe("file", "lib/core/main.py").found(tree)
    assert not path_probe("file", "src/core/other.py").found(tree)


def test_what_stands_before_a_path_is_no_part_of_it() -> None:
    names = [f"./d{n % 3}/file{' _'[n % 2]}{n}.py" for n in range(30)]
    text = "".join(f"{n * 37}\t2026-10-0{n % 9 + 1}\t{name}\n" for n, name in enumerate(names))
    probes = make_probes(CorpusDocument("search", "find.txt", text))
    directories = {probe.fact for probe in probes if probe.group == "directory"}
    assert directories == {"./d0", "./d1", "./d2"}
    assert {probe.fact for probe in probes if probe.group == "name"} == set(names)


def test_repeated_errors_need_one_instance() -> None:
    lines = [f"10:00:{n:02} ERROR worker {n} lost connection to db{n}" for n in range(50)]
    lines.insert(20, "10:00:20 ERROR disk full on /dev/sda1")
    document = CorpusDocument("log", "app.log", "\n".join(lines))
    errors = [probe for probe in make_probes(document) if probe.group == "error"]
    assert len(errors) == 2
    assert recall(errors, f"{lines[3]}\n[… 40 similar lines elided]") == 0.5


def test_a_removed_line_is_not_an_added_one() -> None:
    text = "--- a/x.py\n+++ b/x.py\n@@ -1,2 +1,2 @@\n-timeout = 30\n+timeout = 60\n other = 1\n"
    probes = make_probes(CorpusDocument("diff", "x.diff", text))
    swapped = text.replace("-timeout", "~timeout").replace("+timeout", "-timeout")
    missed = {probe.group for probe in probes if not probe.found(swapped)}
    assert missed == {"added line", "removed line"}


def test_a_call_is_not_a_definition() -> None:
    text = "def load(path, mode):\n    return open(path, mode)\n\n\nload('a', 'b')\n"
    probes = [p for p in make_probes(CorpusDocument("code", "x.py", text)) if p.must]
    assert {probe.group for probe in probes} == {"definition", "signature"}
    assert recall(probes, "load('a', 'b')  # [… 3 lines elided; calls load, path, mode]") == 0
    assert recall(probes, "def load(path, mode): ...") == 1


@pytest.mark.parametrize(
    ("language", "source", "names"),
    [
        ("go", "const Max = 3\nfunc (t *T) Do(a, b int) {}", ["Max", "Do a b"]),
        ("rust", "pub struct P;\nfn g(mut x: u8, y: &str) {}", ["P", "g x y"]),
        (
            "java",
            "class A { static final int M = 3; int f; <R> R go(final int q) {} }",
            ["A", "M", "go q"],
        ),
        ("c", "#define M 3\nchar *f(struct n *p, int k) { int local = 1; }", ["M", "f p k"]),
        ("cpp", "class C { void m(const T& x, int y = 3); };", ["C", "m x y"]),
        (
            "csharp",
            "class C { const int M = 3; async Task<int> Do(string s) {} }",
            ["C", "M", "Do s"],
        ),
        ("ruby", "class A\n  M = 1\n  def f(a, key:, &blk)\n  end\nend", ["A", "M", "f a key blk"]),
        (
            "php",
            "<?php class C { const M = 1; function m(array $x, ...$z) {} }",
            ["C", "M", "m x z"],
        ),
        ("bash", "N=x\nfoo() { echo; }", ["N", "foo"]),
        (
            "javascript",
            "const f = (a, ...b) => 1;\nX.prototype.g = function (c) {};",
            ["f a b", "g c"],
        ),
        ("typescript", "interface I { m(p: number): void }\ntype U = 1;", ["I", "m p", "U"]),
    ],
)
def test_definitions_of_all_languages(language: str, source: str, names: list[str]) -> None:
    found = outline(source, language).definitions
    assert [" ".join((one.name, *one.parameters)) for one in found] == names


def test_plain_text_is_the_same_for_parts_and_wholes() -> None:
    text = textwrap.dedent((LIBRARY / "json/encoder.py").read_text())
    whole = plain(text)
    assert all(plain(line) in whole for line in text.splitlines())


def _groups(document: CorpusDocument) -> Iterator[str]:
    for probe in make_probes(document):
        if probe.must:
            yield probe.group


def test_groups_of_mixed_documents_are_those_of_their_parts() -> None:
    (mixed,) = (document for document in documents() if document.kind == "mixed")
    assert {"heading", "entity", "key", "count", "file", "first hit"} <= set(_groups(mixed))


def test_views_are_remembered() -> None:
    assert view_of("a rendition") is view_of("a rendition")
