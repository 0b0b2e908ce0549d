"""``python -m training.judge``: can a small language model still answer from a shortened text?

One question is put to SmolLM2-135M behind each shortened paragraph, and measured is how likely its
answer is then. The paragraph as it is counts as 1, no paragraph at all as 0. Slow (a hundred tokens
a second on one core), so it takes a sample of the questions.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from sharedctx import tokens
from training.bootstrap import paired_interval
from training.evaluate import baselines, prepare, rarity_of, students
from training.methods import Method, Text
from training.metrics import benefits
from training.questions import Document, squad
from training.scoring import MODELS, Scorer
from training.surprisal import LanguageModel

__all__ = ("main",)

_RATES: Final = (0.70, 0.50)
_METHODS: Final = (
    "truncation",
    "BM25 sentences",
    "stop-words, then frequency",
    "student",
    "student, must-keep rules",
    "two-stage",
)
_BASELINE: Final = "stop-words, then frequency"


def _shortened(text: Text, way: Method, rate: float) -> str:
    kept = way(text, round(rate * sum(text.costs)))
    return " ".join(text.words[at].text for at in sorted(kept))


def _losses(
    judge: LanguageModel, documents: Sequence[Document], contexts: Sequence[str]
) -> list[float]:
    """Return the nats per token of the answer to the first question about each document."""
    found = []
    for document, context in zip(documents, contexts, strict=True):
        question = document.questions[0]
        prompt = f"{context}\n\nQuestion: {question.text}\nAnswer:"
        answer = document.text[slice(*question.answer)]
        found.append(judge.answer_loss(prompt.lstrip(), f" {answer}"))
    return found


def _report(kept: Mapping[str, Mapping[float, list[float]]], groups: Sequence[str]) -> list[str]:
    lines = [
        "| method | " + " | ".join(f"{rate:.2f} | minus *{_BASELINE}*" for rate in _RATES) + " |",
        "|---" * (2 * len(_RATES) + 1) + "|",
    ]
    for name, by_rate in kept.items():
        cells = []
        for rate, values in by_rate.items():
            mean, low, high = paired_interval(groups, values, kept[_BASELINE][rate])
            difference = "" if name == _BASELINE else f"{mean:+.2f} [{low:+.2f}, {high:+.2f}]"
            cells.append(f"{sum(values) / len(values):.2f} | {difference}")
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def main() -> None:
    """Judge."""
    parser = argparse.ArgumentParser(
        prog="python -m training.judge",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--model", type=Path, default=MODELS / "student_1")
    parser.add_argument("--questions", type=Path, required=True, help="in the format of SQuAD")
    parser.add_argument("--labels", type=Path, default=Path("build/training/labels.jsonl"))
    parser.add_argument("--paragraphs", type=int, default=120)
    options = parser.parse_args()
    with options.labels.open(encoding="utf-8") as file:
        rarity = rarity_of([json.loads(line) for line in file])
    ways = {**baselines(rarity), **students()}
    asked = [each for each in squad(options.questions) if each.questions]
    step = max(1, len(asked) // options.paragraphs)
    documents = asked[::step][: options.paragraphs]
    texts = prepare(documents, Scorer(options.model), tokens.load("o200k_base").count)
    judge = LanguageModel()
    none = _losses(judge, documents, [""] * len(documents))
    whole = _losses(judge, documents, [each.text for each in documents])
    kept: dict[str, dict[float, list[float]]] = {}
    for name in _METHODS:
        for rate in _RATES:
            contexts = [_shortened(text, ways[name], rate) for text in texts]
            losses = _losses(judge, documents, contexts)
            kept.setdefault(name, {})[rate] = benefits(none, whole, losses)
            print(f"{name} at {rate:.2f} is done", flush=True)
    print(f"{len(documents)} questions; share of the benefit of the whole paragraph:\n")
    print("\n".join(_report(kept, [each.group for each in documents])))


if __name__ == "__main__":
    main()
