"""Who hands what to whom: the sequence of handoffs, the same for the same documents and seed."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tests.benchmarks.compression.documents import KINDS, CorpusDocument

__all__ = ("AGENTS", "NOTE", "RESEARCHERS", "Content", "Handoff", "plan")

NOTE: Final = "note"
"""The kind of what agents write themselves: briefs, plans, verdicts. Short, so never compressed."""
RESEARCHERS: Final[Mapping[str, tuple[str, ...]]] = {
    "researcher-docs": ("text", "mixed"),
    "researcher-data": ("json", "table"),
    "researcher-code": ("code", "search"),
}
AGENTS: Final = ("planner", *RESEARCHERS, "coder", "reviewer")
_FINDINGS: Final = 2
_READERS_OF_FINDINGS: Final = (("coder",), ("planner",), ("planner", "coder"))
_NOTE_CHARS: Final = 700


@dataclass(frozen=True, slots=True)
class Content:
    """Something that is put once and handed over one or more times.

    Attributes:
        key: Where it is put.
        kind: One of `KINDS`, or `NOTE`.
        document: What it is.
    """

    key: str
    kind: str
    document: CorpusDocument

    @property
    def text(self) -> str:
        """What is put."""
        return self.document.text


@dataclass(frozen=True, slots=True)
class Handoff:
    """One agent gives another something to work with.

    Attributes:
        number: Its place in the sequence, from 0.
        sender: Who put it.
        receiver: Whose context it goes into.
        content: What it is.
        again: Whether the receiver had it before, in a context that it has lost since.
    """

    number: int
    sender: str
    receiver: str
    content: Content
    again: bool


def plan(documents: Sequence[CorpusDocument], count: int, seed: int) -> list[Handoff]:
    """Return `count` handoffs of `documents`, ticket after ticket."""
    deck = _Deck(documents, random.Random(f"deck {seed}"))
    numbers = random.Random(f"swarm {seed}")
    tickets = (_ticket(f"ticket-{ticket}", deck, numbers) for ticket in itertools.count(1))
    steps = itertools.islice(itertools.chain.from_iterable(tickets), count)
    return [Handoff(number, *step) for number, step in enumerate(steps)]


_Step = tuple[str, str, Content, bool]


def _ticket(name: str, deck: _Deck, numbers: random.Random) -> Iterator[_Step]:
    """Yield the handoffs of one ticket, from the brief to the verdict."""
    brief = deck.note(f"{name}/brief")
    for researcher in RESEARCHERS:
        yield "planner", researcher, brief, False
    taken: dict[str, list[tuple[str, Content]]] = {"coder": [], "planner": []}
    for researcher, kinds in RESEARCHERS.items():
        for number in range(_FINDINGS):
            finding = deck.draw(f"{name}/{researcher}/{number}", numbers.choice(kinds))
            for receiver in numbers.choice(_READERS_OF_FINDINGS):
                taken[receiver].append((researcher, finding))
                yield researcher, receiver, finding, False
    yield "planner", "coder", deck.note(f"{name}/plan"), False
    for receiver, had in taken.items():
        if had:  # its context was full and is empty again, and it takes up what it works on
            sender, content = numbers.choice(had)
            yield sender, receiver, content, True
    for kind in ("diff", "code", "log"):
        yield "coder", "reviewer", deck.draw(f"{name}/coder/{kind}", kind), False
    yield "reviewer", "coder", deck.draw(f"{name}/reviewer/tests", "log"), False
    verdict = deck.note(f"{name}/verdict")
    yield "reviewer", "coder", verdict, False
    yield "reviewer", "planner", verdict, False


class _Deck:
    """The documents of each kind in a random order; each is dealt once before any comes again."""

    def __init__(self, documents: Sequence[CorpusDocument], numbers: random.Random) -> None:
        self._documents: dict[str, Iterator[CorpusDocument]] = {}
        for kind in KINDS:
            own = [document for document in documents if document.kind == kind]
            numbers.shuffle(own)
            self._documents[kind] = itertools.cycle(own)
        self._texts = itertools.cycle([each for each in documents if each.kind == "text"])

    def draw(self, key: str, kind: str) -> Content:
        """Return the next document of `kind`."""
        return Content(key, kind, next(self._documents[kind]))

    def note(self, key: str) -> Content:
        """Return a short text: the beginning of a document, up to the end of a line."""
        document = next(self._texts)
        text = document.text[:_NOTE_CHARS].rpartition("\n")[0] or document.text[:_NOTE_CHARS]
        return Content(key, NOTE, CorpusDocument("text", f"{document.name} (note)", text))
