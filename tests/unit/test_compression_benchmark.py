from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from sharedctx import tokens
from tests.benchmarks.compression import report
from tests.benchmarks.compression.documents import KINDS, CorpusDocument, in_test_split
from tests.benchmarks.compression.fresh import varied
from tests.benchmarks.compression.needle_questions import make_needle
from tests.benchmarks.compression.probes import make_probes
from tests.benchmarks.compression.scores import (
    Score,
    mean,
    mean_of_kinds,
    score,
    share,
    worst,
)
from tests.benchmarks.compression.sources import files
from tests.benchmarks.compression.systems import OURS, Rendition, head, ours, truncated
from tests.benchmarks.compression.workshop import Package, Workshop

ROWS = [{"id": f"order-{i}", "city": f"town {i * 7}", "total": i * 31} for i in range(60)]
TEXT = json.dumps(ROWS)
SCORE = Score(
    "json",
    "a",
    test=False,
    system=OURS,
    label="json",
    original_tokens=100,
    tokens=20,
    must=1.0,
    information=0.5,
    seconds=2.0,
)


def test_a_third_is_held_back_by_name() -> None:
    held_back = sum(in_test_split(f"package/file{i}.py") for i in range(3000))
    assert 900 < held_back < 1100


def test_means_count_documents_and_kinds_the_same() -> None:
    scores = [
        SCORE,
        replace(SCORE, tokens=60, must=None),
        replace(SCORE, kind="log", tokens=100, must=0.5, information=None),
    ]
    assert SCORE.saved == pytest.approx(0.8)
    of_documents = mean(scores[:2])
    assert of_documents.saved == pytest.approx(0.6)
    assert of_documents.must == 1.0
    assert of_documents.seconds == 4.0
    of_kinds = mean_of_kinds(scores)
    assert of_kinds.documents == 3
    assert of_kinds.saved == pytest.approx(0.3)
    assert of_kinds.must == pytest.approx(0.75)
    assert of_kinds.information == pytest.approx(0.5)
    assert mean([]).saved is None
    assert share([]) is None


def test_worst_are_those_that_lose_most() -> None:
    scores = [replace(SCORE, name=n, must=m) for n, m in [("a", 0.9), ("b", None), ("c", 0.2)]]
    assert [each.name for each in worst(scores, 2)] == ["c", "a"]


def test_the_report_keeps_documents_of_the_test_split_unseen(tmp_path: Path) -> None:
    scores = [replace(SCORE, name="seen"), replace(SCORE, name="unseen", test=True, must=0.1)]
    report.write_json(scores, tmp_path / "scores.json")
    shown = (tmp_path / "scores.json").read_text()
    shown += "\n".join((*report.worst_documents(scores, 5), *report.table(scores)))
    assert "seen" in shown.replace("unseen", "")
    assert "unseen" not in shown
    assert "0.100" in shown


def test_truncation_uses_the_budget_and_no_more() -> None:
    tokenizer = tokens.load()
    for budget in (0, 1, 57, 10**6):
        shown = head(TEXT, budget, tokenizer)
        assert TEXT.startswith(shown)
        assert tokenizer.count(shown) <= budget
    assert truncated(TEXT, 57).tokens >= 55
    assert head(TEXT, 10**6, tokenizer) == TEXT


def test_renditions_are_asked_what_the_original_tells() -> None:
    document = CorpusDocument("json", "orders.json", TEXT)
    total = tokens.load().count(TEXT)
    probes = make_probes(document)
    whole = score(document, total, Rendition(OURS, TEXT, total, 0.1, ""), probes)
    assert (whole.must, whole.saved, whole.missed) == (1.0, 0.0, ())
    nothing = score(document, total, Rendition(OURS, "", 0, 0.1, ""), probes)
    assert (nothing.must, nothing.saved) == (0.0, 1.0)
    served = ours(TEXT)
    assert served.tokens == tokens.load().count(served.text) < total


def test_small_documents_are_served_as_they_are() -> None:
    assert ours("Hello.").text == "Hello."


def test_a_needle_stands_in_one_row() -> None:
    needle = make_needle(CorpusDocument("json", "orders.json", TEXT), 1)
    assert needle is not None
    assert needle.answered(TEXT)
    row = next(row for row in ROWS if needle.answer in map(str, row.values()))
    assert str(row["id"]) in needle.question
    assert not needle.answered(TEXT.replace(needle.answer, "elsewhere"))


def test_varied_bytes_are_of_the_same_kind() -> None:
    changed = varied(TEXT, 1)
    assert changed != TEXT
    assert changed != varied(TEXT, 2)
    assert changed == varied(TEXT, 1)
    assert len(json.loads(changed)) == len(ROWS)


def test_files_are_taken_by_hash_and_size(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path)
    root = tmp_path / "packages" / "npm" / "@scope_lib@1.0.0"
    (root / "src").mkdir(parents=True)
    for i in range(9):
        (root / "src" / f"{i}.js").write_text("x" * (100 if i else 9))
    source = files("code", Package("npm", "@scope/lib@1.0.0"), "src/*.js", count=4, low=50)
    made = list(source.make(workshop))
    assert len(made) == 4
    assert all(each.name.startswith("@scope/lib/src/") and each.kind in KINDS for each in made)
    assert "@scope/lib/src/0.js" not in [each.name for each in made]
    assert made == list(source.make(workshop))
