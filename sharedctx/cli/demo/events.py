"""What the agents of the demo report while they work: one JSON line each on standard output."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from typing import Any, Final

__all__ = ("STEPS", "Check", "Event", "Excerpt", "Handoff", "Step", "emit", "parse")

STEPS: Final = {"researcher": 6, "coder": 8, "reviewer": 13}
"""The agents, and how many steps each reports."""


@dataclass(frozen=True, slots=True)
class Step:
    """What an agent does now."""

    agent: str
    doing: str


@dataclass(frozen=True, slots=True)
class Handoff:
    """Something that one agent put for another.

    Attributes:
        agent: Who put it.
        to: For whom.
        key: Its key.
        title: What it is.
        kind: What sort of content it is.
        size_bytes: UTF-8 bytes of the original.
        original_tokens: Tokens of the original.
        handed_tokens: Tokens of what its reader gets.
        savings_percent: Tokens saved in percent.
        put_ms: Milliseconds until `put` returned: it is durable on the server.
        ready_ms: Milliseconds until the rendition was in the putter's hand; None if there is none.
        state: State of the entry.
        guarantee: What the rendition promises.
        transforms: What compression did.
        reason: Why there is no rendition.
        encoding: The tokenizer of all counts.
    """

    agent: str
    to: str
    key: str
    title: str
    kind: str
    size_bytes: int
    original_tokens: int
    handed_tokens: int
    savings_percent: float
    put_ms: float
    ready_ms: float | None
    state: str
    guarantee: str
    transforms: list[str]
    reason: str | None
    encoding: str


@dataclass(frozen=True, slots=True)
class Check:
    """Something that had to be so, and whether it was."""

    agent: str
    claim: str
    held: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A piece of text that a reader got, to look at."""

    agent: str
    title: str
    text: str
    tokens: int
    original_tokens: int


Event = Step | Handoff | Check | Excerpt
_KINDS: dict[str, type[Event]] = {kind.__name__: kind for kind in (Step, Handoff, Check, Excerpt)}


def emit(event: Event) -> None:
    """Write `event` to standard output, at once."""
    sys.stdout.write(json.dumps([type(event).__name__, asdict(event)]) + "\n")
    sys.stdout.flush()


def parse(line: bytes) -> Event:
    """Invert `emit`."""
    name, fields = json.loads(line)
    arguments: dict[str, Any] = fields
    return _KINDS[name](**arguments)
