"""``python -m training.choose``: settings of the model, chosen on held-back passages.

Prints how many of the answers drawn from them survive for each weight of surprisal and each way to
bring scores of tokens to words. Nothing here looks at the questions or messages that the model is
judged by.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import torch

from sharedctx import tokens
from training import methods
from training.evaluate import free_words, measure
from training.methods import Method, Text
from training.model import CHUNK_TOKENS, Student, load_tokenizer
from training.questions import Document, cloze, sentences
from training.train import read_labels
from training.words import mean_by_span, split_words, values_by_word

__all__ = ("main",)

_RATES: Final = (0.70, 0.60, 0.50)
_LOW: Final = 0.35


def _token_scores(
    student: Student, tokenizer: Any, documents: Sequence[Document]
) -> Iterator[tuple[list[tuple[int, int]], list[list[float]]]]:
    """Yield places of tokens and their three scores, document by document."""
    with torch.inference_mode():
        for document in documents:
            encoded = tokenizer.encode(document.text)
            ids = torch.tensor([encoded.ids])
            scores = torch.sigmoid(student.logits(ids, torch.ones_like(ids)))[0]
            yield encoded.offsets, scores.T.tolist()


def _texts(
    documents: Sequence[Document],
    scored: Sequence[tuple[list[tuple[int, int]], list[list[float]]]],
    share: float,
    pooling: str,
) -> list[Text]:
    count = tokens.load("o200k_base").count
    found = []
    for document, (places, (rule, surprisal, sentence)) in zip(documents, scored, strict=True):
        words = split_words(document.text)
        mixed = [(1 - share) * a + share * b for a, b in zip(rule, surprisal, strict=True)]
        pooled = [
            (max(values) if pooling == "max" else sum(values) / len(values)) if values else 0.0
            for values in values_by_word(words, places, mixed)
        ]
        spans = sentences(document.text)
        free = free_words(document.text, words, spans)
        costs = [count(" " + word.text) for word in words]
        found.append(Text(words, costs, spans, free, pooled, mean_by_span(spans, places, sentence)))
    return found


def _kept(documents: Sequence[Document], texts: Sequence[Text], way: Method, rate: float) -> str:
    answers = measure(documents, texts, way, rate).answers
    return f"{sum(answers) / len(answers):.3f}"


def _threshold(texts: Sequence[Text]) -> float:
    """Return the score that words have or exceed which make up `_LOW` of all tokens."""
    pairs = [pair for text in texts for pair in zip(text.keep, text.costs, strict=True)]
    room = _LOW * sum(cost for _, cost in pairs)
    for score, cost in sorted(pairs, reverse=True):
        room -= cost
        if room < 0:
            return score
    return 0.0


def main() -> None:
    """Compare settings."""
    parser = argparse.ArgumentParser(prog="python -m training.choose", description=__doc__)
    parser.add_argument("--weights", type=Path, default=Path("build/training/run/student.pt"))
    parser.add_argument("--labels", type=Path, default=Path("build/training/labels.jsonl"))
    parser.add_argument(
        "--shares", type=float, nargs="+", default=[0.0, 0.15, 0.3, 0.45], help="of surprisal"
    )
    options = parser.parse_args()
    tokenizer = load_tokenizer()
    documents = [
        each
        for each in cloze(read_labels(options.labels))
        if len(tokenizer.encode(each.text).ids) <= CHUNK_TOKENS
    ]
    student = Student()
    student.load_state_dict(torch.load(options.weights, weights_only=True), strict=True)
    student.eval()
    scored = list(_token_scores(student, tokenizer, documents))
    for pooling in ("max", "mean"):
        for share in options.shares:
            texts = _texts(documents, scored, share, pooling)
            way = partial(methods.kept_words, must_keep=False)
            cells = [_kept(documents, texts, way, rate) for rate in _RATES]
            two = _kept(documents, texts, methods.two_stage, _LOW)
            print(
                f"{pooling} surprisal {share:.2f}: {' '.join(cells)} | two-stage at {_LOW}: {two} "
                f"| threshold {_threshold(texts):.2f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
