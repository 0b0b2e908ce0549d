"""The text models on files that are written here: what they look like, not how good they are."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from sharedctx_workers.prose.backend import LEVELS
from sharedctx_workers.prose.errors import DamagedModel, ModelNotFound
from sharedctx_workers.prose.loading import TextSettings, load_backend
from sharedctx_workers.prose.model_backend import Chunk, TokenScores
from sharedctx_workers.prose.student import SHIPPED, load_student
from tests.text_models import write_onnx, write_student

SENTENCE = "The server restarts after every deploy, and no timeout is set."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_student(tmp_path)
    return tmp_path


def test_every_word_gets_a_score(folder: Path) -> None:
    backend = load_student(folder)
    assert (backend.name, backend.least) == ("student-0", round(0.7 * LEVELS))
    words = SENTENCE.split()
    first, second, empty = backend.score([words, words[::-1], []])
    assert len(first.keep) == len(second.keep) == len(words)
    assert empty.keep == []
    assert all(0 <= score <= LEVELS for score in first.keep)
    assert len(set(first.keep)) > 3
    assert backend.score([words, words[::-1], []]) == [first, second, empty]


@pytest.mark.parametrize("words", [["x" * 500], ["word"] * 500, ["a b"], ["\x00"], ["ж"], [""]])
def test_any_words_get_scores(folder: Path, words: list[str]) -> None:
    (scores,) = load_student(folder).score([words])
    assert len(scores.keep) == len(words)


def test_no_input_is_longer_than_the_model_takes(folder: Path) -> None:
    backend = load_student(folder)
    scorer = backend.scorer
    seen: list[int] = []

    class Watching:
        def score(self, chunks: Sequence[Chunk]) -> list[TokenScores]:
            seen.extend(map(len, chunks))
            return scorer.score(chunks)

    backend = replace(backend, scorer=Watching())
    sentences = [f"{SENTENCE} {'and so on ' * (i % 40)}".split() for i in range(100)]
    assert backend.score(sentences) == load_student(folder).score(sentences)
    assert max(seen) <= backend.chunk_tokens
    assert sum(size > backend.chunk_tokens // 2 for size in seen) > len(seen) // 2


def test_a_word_is_worth_its_most_needed_piece(folder: Path) -> None:
    backend = load_student(folder)
    (whole,) = backend.score([["server", "zq", "timeout"]])
    (mean,) = replace(backend, pooling="mean").score([["server", "zq", "timeout"]])
    assert whole.keep[0] == mean.keep[0]
    assert whole.keep[1] > mean.keep[1]


def test_a_missing_model_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="no text model"):
        load_student(tmp_path / "nowhere")


def test_damaged_files_are_found(folder: Path) -> None:
    model = folder / "model.onnx"
    data = bytearray(model.read_bytes())
    data[len(data) // 2] ^= 1
    model.write_bytes(data)
    with pytest.raises(DamagedModel, match="model.onnx"):
        load_student(folder)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"sha256": {}}'])
def test_damaged_settings_are_found(folder: Path, content: str) -> None:
    (folder / "config.json").write_text(content)
    with pytest.raises(DamagedModel):
        load_student(folder)


def _settings(folder: Path, **changed: object) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))


def test_what_is_no_model_is_found(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(b"no model")
    _settings(folder, sha256={})
    with pytest.raises(DamagedModel, match="does not load"):
        load_student(folder)
    write_onnx(folder / "model.onnx", ("keep",))
    with pytest.raises(DamagedModel, match="no output 'sentence'"):
        load_student(folder)


def test_a_model_that_does_not_compute_is_found(folder: Path) -> None:
    _settings(folder, sha256={})
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    tokenizer["model"]["vocab"] |= {"quick": 9_999, "fox": 9_998}
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    with pytest.raises(DamagedModel, match="does not compute"):
        load_student(folder)


def test_the_backends_that_cannot_fail() -> None:
    assert load_backend(TextSettings("none")) == (None, ())
    backend, skipped = load_backend(TextSettings("lexical"))
    assert backend is not None
    assert (backend.name, skipped) == ("lexical-1", ())


def test_the_shipped_model_loads_in_a_second() -> None:
    load_student(SHIPPED)  # imports
    started = time.perf_counter()
    backend = load_student(SHIPPED)
    assert time.perf_counter() - started < 1
    (scores,) = backend.score([SENTENCE.split()])
    assert len(set(scores.keep)) > 3
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) < 22_000_000


def test_without_its_model_the_student_is_replaced_by_the_table_of_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load_student, "__defaults__", (tmp_path,))
    backend, skipped = load_backend(TextSettings("student"))
    assert backend is not None
    assert backend.name == "lexical-1"
    assert "no text model" in skipped[0]
