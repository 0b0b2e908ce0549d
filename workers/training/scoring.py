"""Scores of words and sentences from the exported model, as in the worker."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from tokenizers import Tokenizer

from sharedctx_workers.prose.onnx_scorer import session
from training.words import Span, Word, mean_by_span, values_by_word

__all__ = ("GOLDEN_SCORES", "MODELS", "Scorer")

MODELS: Final = Path(__file__).parent.parent / "sharedctx_workers" / "models"
GOLDEN_SCORES: Final = Path(__file__).parent / "golden_scores.json"


class Scorer:
    """The exported model.

    Args:
        folder: With config.json, model.onnx and tokenizer.json.
        weights: Another model file, such as the one before quantization.
        pooling: ``max`` or ``mean`` over the tokens of a word; else as in config.json.
    """

    def __init__(
        self, folder: Path, weights: Path | None = None, pooling: str | None = None
    ) -> None:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        self._pooling = pooling or config["pooling"]
        self._chunk = config["chunk_tokens"]
        self._session = session(weights or folder / "model.onnx")
        self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))

    def scores(
        self, words: Sequence[Word], sentences: Sequence[Span]
    ) -> tuple[list[float], list[float]]:
        """Return the scores of `words` and of `sentences` of a text."""
        spans: list[Span] = []
        keep: list[float] = []
        sentence: list[float] = []
        for ids, places in self._chunks(words):
            row = np.array([ids], dtype=np.int64)
            outputs = self._session.run(
                ["keep", "sentence"], {"input_ids": row, "attention_mask": np.ones_like(row)}
            )
            spans += places
            keep += outputs[0][0][1:-1].tolist()
            sentence += outputs[1][0][1:-1].tolist()
        pool = max if self._pooling == "max" else _mean
        by_word = [pool(values) if values else 0.0 for values in values_by_word(words, spans, keep)]
        return by_word, mean_by_span(sentences, spans, sentence)

    def _chunks(self, words: Sequence[Word]) -> Iterator[tuple[list[int], list[Span]]]:
        """Yield token ids with the marks around them, and places of tokens, in whole words."""
        first, last, marks = 101, 102, 2
        ids: list[int] = []
        places: list[Span] = []
        for word in words:
            encoded = self._tokenizer.encode(word.text, add_special_tokens=False)
            if ids and len(ids) + len(encoded.ids) > self._chunk - marks:
                yield [first, *ids, last], places
                ids, places = [], []
            ids += encoded.ids[: self._chunk - marks]
            places += [
                (word.start + start, word.start + end)
                for start, end in encoded.offsets[: self._chunk - marks]
            ]
        if ids:
            yield [first, *ids, last], places


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
