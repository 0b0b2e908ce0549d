"""``python -m training.evaluate``: what survives in shortened texts, method by method.

Asks held-out questions by people (``--questions``, a file in the format of SQuAD), for the facts of
hand-written messages (gold.jsonl), and on request for answers drawn from held-back passages of the
training corpus, on which settings are chosen. Rates are shares of target tokens (o200k_base).
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from sharedctx import tokens
from sharedctx_workers.prose.words import is_sentence, words_of
from training import methods, report
from training.methods import Method, Text
from training.metrics import CLASSES, answered, class_counts, facts_kept, supported
from training.questions import Document, bare, cloze, gold, sentences, squad
from training.scoring import MODELS, Scorer
from training.words import Span, Word, split_words

__all__ = ("RATES", "Result", "free_words", "main", "measure", "prepare")

RATES: Final = (0.85, 0.70, 0.60, 0.50, 0.35)


@dataclass(slots=True)
class Result:
    """What one method keeps of one set of documents at one rate; one value per question or fact.

    Attributes:
        groups: The document of each.
        answers: 1 where the answer survives.
        supports: 1 where its context does too.
        fact_groups: The message of each fact.
        facts: 1 where it survives.
        classes: Words of each class kept, and their number.
        words: Share of words kept.
    """

    groups: list[str] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    supports: list[float] = field(default_factory=list)
    fact_groups: list[str] = field(default_factory=list)
    facts: list[float] = field(default_factory=list)
    classes: dict[str, tuple[int, int]] = field(
        default_factory=lambda: dict.fromkeys(CLASSES, (0, 0))
    )
    words: float = 0.0


def prepare(
    documents: Sequence[Document], scorer: Scorer | None, count: Callable[[str], int]
) -> list[Text]:
    """Return the documents as methods see them, with scores if there is a model."""
    found = []
    for document in documents:
        words = split_words(document.text)
        places = sentences(document.text)
        keep, sentence = scorer.scores(words, places) if scorer else ([], [])
        costs = [count(" " + word.text) for word in words]
        free = free_words(document.text, words, places)
        found.append(Text(words, costs, places, free, keep, sentence))
    return found


def free_words(text: str, words: Sequence[Word], places: Sequence[Span]) -> list[bool]:
    """Return, for each of `words`, whether a worker may drop it."""
    free: set[int] = set()
    for start, end in places:
        found = words_of(text[start:end])
        if is_sentence(found):
            free.update(start + word.start for word in found if word.is_free)
    return [word.start in free for word in words]


def measure(
    documents: Sequence[Document], texts: Sequence[Text], method: Method, rate: float
) -> Result:
    """Shorten every text to `rate` and ask what survives."""
    result = Result()
    shares = []
    for document, text in zip(documents, texts, strict=True):
        kept = method(text, round(rate * sum(text.costs)))
        shares.append(len(kept) / len(text.words))
        for question in document.questions:
            result.groups.append(document.group)
            result.answers.append(answered(text.words, kept, question.answer))
            result.supports.append(
                supported(text.words, kept, question.answer, question.text, text.sentences)
            )
        for fact in facts_kept(document, text.words, kept):
            result.fact_groups.append(document.group)
            result.facts.append(fact)
        for name, (there, total) in class_counts(text.words, kept).items():
            before = result.classes[name]
            result.classes[name] = (before[0] + there, before[1] + total)
    result.words = sum(shares) / len(shares)
    return result


def baselines(rarity: Mapping[str, float]) -> dict[str, Method]:
    """Return the methods without a model."""
    return {
        "random": methods.random_words,
        "truncation": methods.truncation,
        "TextRank sentences": methods.sentence_method(methods.textrank),
        "BM25 sentences": methods.sentence_method(methods.bm25),
        "stop-words, then random": methods.stop_words(None),
        "stop-words, then frequency": methods.stop_words(rarity),
    }


def students() -> dict[str, Method]:
    """Return the methods with the model."""
    return {
        "student": partial(methods.kept_words, must_keep=False),
        "student, must-keep rules": partial(methods.kept_words, must_keep=True),
        "two-stage": methods.two_stage,
    }


def rarity_of(records: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Return how rare each word is in the training passages: 1 for once, 0 for the commonest."""
    texts = [each["text"] for each in records if not each["dev"]]
    counts = Counter(bare(word) for text in texts for word in text.split())
    highest = max(counts.values())
    return {word: 1 - count / highest for word, count in counts.items()}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m training.evaluate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--model", type=Path, default=MODELS / "student_1")
    parser.add_argument("--questions", type=Path, help="held-out questions, format of SQuAD")
    parser.add_argument("--labels", type=Path, default=Path("build/training/labels.jsonl"))
    parser.add_argument("--held-back", action="store_true", help="ask for the drawn answers too")
    parser.add_argument("--fp32", type=Path, help="the model before quantization, to compare")
    parser.add_argument("--self-information", action="store_true", help="with SmolLM2; slow")
    parser.add_argument("--markdown", type=Path, help="write the tables there")
    parser.add_argument("--plot", type=Path, help="draw answers kept by rate there (extra: bench)")
    return parser.parse_args()


def _self_information(documents: Sequence[Document], texts: Sequence[Text]) -> Method:
    """Return the method that keeps what surprises a language model (Li et al., 2023)."""
    from training.surprisal import LanguageModel  # noqa: PLC0415 - needs torch

    model = LanguageModel()
    nats = {
        id(text): model.surprisal([document.text])[0]
        for document, text in zip(documents, texts, strict=True)
    }

    def method(text: Text, budget: int) -> set[int]:
        return methods.best_words(text, nats[id(text)], budget)

    return method


def main() -> None:
    """Evaluate."""
    options = _arguments()
    count = tokens.load("o200k_base").count
    with options.labels.open(encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    sets = {"hand-written messages": gold()}
    if options.held_back:
        sets["held-back passages"] = cloze(records)
    if options.questions:
        sets["held-out questions"] = squad(options.questions)
    ways = {**baselines(rarity_of(records)), **students()}
    lines: list[str] = []
    for title, documents in sets.items():
        texts = prepare(documents, Scorer(options.model), count)
        results = {
            name: {rate: measure(documents, texts, way, rate) for rate in RATES}
            for name, way in ways.items()
        }
        if options.self_information and title == "held-out questions":
            way = _self_information(documents, texts)
            results["self-information"] = {
                rate: measure(documents, texts, way, rate) for rate in RATES
            }
        if options.fp32:
            exact = prepare(documents, Scorer(options.model, options.fp32), count)
            way = ways["student"]
            results["student, 32-bit floats"] = {
                rate: measure(documents, exact, way, rate) for rate in RATES
            }
        lines += report.tables(title, results)
        if options.plot and title == "held-out questions":
            report.plot(results, options.plot)
    print("\n".join(lines))
    if options.markdown:
        options.markdown.write_text("\n".join(lines) + "\n", "utf-8")


if __name__ == "__main__":
    main()
