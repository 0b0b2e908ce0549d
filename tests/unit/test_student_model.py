"""The model that ships gives the scores that it gave where it was exported."""

from __future__ import annotations

import hashlib
import json

import pytest

from training.questions import sentences
from training.scoring import GOLDEN_SCORES, MODELS, Scorer
from training.words import split_words

FOLDER = MODELS / "student_1"


def test_files_are_those_that_were_exported() -> None:
    config = json.loads((FOLDER / "config.json").read_text("utf-8"))
    assert set(config["sha256"]) == {"model.onnx", "tokenizer.json"}
    for name, digest in config["sha256"].items():
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest
    assert (FOLDER / "model.onnx").stat().st_size <= 20_000_000


def test_scores_are_those_of_the_export() -> None:
    scorer = Scorer(FOLDER)
    for golden in json.loads(GOLDEN_SCORES.read_text("utf-8")):
        words = split_words(golden["text"])
        keep, sentence = scorer.scores(words, sentences(golden["text"]))
        assert keep == pytest.approx(golden["keep"], abs=0.002)
        assert sentence == pytest.approx(golden["sentence"], abs=0.002)


def test_grammar_scores_below_what_is_said() -> None:
    words = split_words("The import of the orders failed because the disk of db-3 was full.")
    keep, _ = Scorer(FOLDER).scores(words, [])
    scores = {word.text: score for word, score in zip(words, keep, strict=True)}
    assert max(scores["The"], scores["of"], scores["was"]) < min(
        scores["orders"], scores["failed"], scores["db-3"]
    )


def test_a_long_text_is_scored_in_chunks() -> None:
    source = "The valve was closed at noon. " * 80
    words = split_words(source)
    keep, _ = Scorer(FOLDER).scores(words, [])
    assert len(keep) == len(words)
    assert min(keep) > 0.0
