"""What is asked of a shortened text: questions with answers in it, and facts that must survive."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from training.words import Span, Word, split_words

__all__ = (
    "GOLD",
    "STOP_WORDS",
    "Document",
    "Question",
    "bare",
    "cloze",
    "fact_survives",
    "gold",
    "sentences",
    "squad",
    "wanted",
)

GOLD: Final = Path(__file__).parent / "gold.jsonl"
STOP_WORDS: Final = frozenset(
    "a about above after again against all am an and any are aren't as at be because been before "
    "being below between both but by can can't cannot could couldn't did didn't do does doesn't "
    "doing don't down during each few for from further had hadn't has hasn't have haven't having "
    "he her here hers herself him himself his how i if in into is isn't it it's its itself just "
    "me more most my myself no nor not now of off on once only or other our ours ourselves out "
    "over own same shan't she should shouldn't so some such than that that's the their theirs "
    "them themselves then there these they this those through to too under until up very was "
    "wasn't we were weren't what when where which while who whom why will with won't would "
    "wouldn't you your yours yourself yourselves".split()
)
_EDGE: Final = re.compile(r"^[^\w$€£#@/~.-]+|[^\w%)\]°/]+$")
_SENTENCE: Final = re.compile(r"(?<=[.!?])[\"”’)\]]*\s+(?=[\"“‘(\[]?[A-Z0-9`-])|\n+")


@dataclass(frozen=True, slots=True)
class Question:
    """A question about a document.

    Attributes:
        text: Its words; empty for an answer without a question.
        answer: Where in the document the answer is.
    """

    text: str
    answer: Span


@dataclass(frozen=True, slots=True)
class Document:
    """A text and what is asked about it.

    Attributes:
        group: What is drawn together when intervals are estimated.
        text: The text.
        questions: Questions with answers in it.
        facts: The words of each fact that must survive.
    """

    group: str
    text: str
    questions: tuple[Question, ...] = ()
    facts: tuple[tuple[str, ...], ...] = ()


def squad(path: Path) -> list[Document]:
    """Read a file in the format of SQuAD; each article is a group."""
    articles = json.loads(path.read_text("utf-8"))["data"]
    found = []
    for number, article in enumerate(articles):
        for paragraph in article["paragraphs"]:
            questions = tuple(
                Question(each["question"], (start, start + len(each["answers"][0]["text"])))
                for each in paragraph["qas"]
                if (start := each["answers"][0]["answer_start"]) >= 0
            )
            found.append(Document(f"article {number}", paragraph["context"], questions))
    return found


def cloze(records: Iterable[dict[str, Any]]) -> list[Document]:
    """Return the held-back passages of the training corpus with the answers drawn from them."""
    return [
        Document(
            f"passage {number}",
            each["text"],
            tuple(Question("", (start, end)) for start, end in each["answers"]),
        )
        for number, each in enumerate(records)
        if each["dev"]
    ]


def gold(path: Path = GOLD) -> list[Document]:
    """Return the hand-written messages and the facts that must survive in them."""
    found = []
    for number, line in enumerate(path.read_text("utf-8").splitlines()):
        record = json.loads(line)
        facts = tuple(tuple(fact.split()) for fact in record["facts"])
        found.append(Document(f"message {number}", record["text"], (), facts))
    return found


@cache
def bare(word: str) -> str:
    """Return a word in lower case without the punctuation around it."""
    plain = _EDGE.sub("", word).lower().removesuffix("'s").removesuffix("’s")
    return plain if "(" in plain or "[" in plain else plain.rstrip(")].,;:")


def wanted(words: Sequence[Word], answer: Span) -> list[int]:
    """Return the places of the content words of an answer; of all its words if it has none."""
    inside = [
        at for at, word in enumerate(words) if word.start < answer[1] and word.end > answer[0]
    ]
    content = [at for at in inside if bare(words[at].text) not in STOP_WORDS]
    return content or inside


def fact_survives(fact: Sequence[str], kept: Sequence[str]) -> bool:
    """Tell whether every word of a fact is among the words kept."""
    return {bare(word) for word in kept}.issuperset(map(bare, fact))


def sentences(text: str) -> list[Span]:
    """Return the sentences of a text, without the white space between them."""
    spans, start = [], 0
    for found in _SENTENCE.finditer(text):
        closing = len(found[0]) - len(found[0].lstrip('"”’)]'))
        spans.append((start, found.start() + closing))
        start = found.end()
    spans.append((start, len(text)))
    return [span for span in spans if text[slice(*span)].strip()]


def support(words: Sequence[Word], sentence: Span, question: str) -> list[int]:
    """Return the places of the words of a sentence that the question names too."""
    asked = {bare(each.text) for each in split_words(question)} - STOP_WORDS
    return [
        at
        for at, word in enumerate(words)
        if sentence[0] <= word.start < sentence[1] and bare(word.text) in asked
    ]
