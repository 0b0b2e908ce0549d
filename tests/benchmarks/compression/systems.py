"""The systems that are compared: what a reader gets of a document, in how many tokens, how fast."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache
from typing import Final

from sharedctx import tokens
from sharedctx.records import Profile, State
from sharedctx.tokens import Tokenizer
from sharedctx_workers.pipeline import compress
from sharedctx_workers.prose import Backend
from sharedctx_workers.prose.loading import TextBackend, TextSettings, load_backend

__all__ = (
    "OURS",
    "PEER",
    "PROFILE",
    "TRUNCATION",
    "VERBATIM",
    "Rendition",
    "head",
    "ours",
    "truncated",
)

OURS: Final = "sharedctx"
VERBATIM: Final = "verbatim"
"""Ours without dropping words."""
TRUNCATION: Final = "truncation"
PEER: Final = "peer"
PROFILE: Final = Profile(tokens.DEFAULT_ENCODING, 20)


@dataclass(frozen=True, slots=True)
class Rendition:
    """What a system makes of a document.

    Attributes:
        system: `OURS`, `TRUNCATION` or `PEER`.
        text: What ``get(key)`` returns; the original when it is passed through.
        tokens: Of `text`, counted exactly.
        seconds: CPU time that it took to make it, in the process that made it.
        label: What the system says it did.
    """

    system: str
    text: str
    tokens: int
    seconds: float
    label: str


@cache
def load_text_backend(name: TextBackend) -> Backend | None:
    """Return what knows the words of prose; another one than the one that is named will not do."""
    backend, skipped = load_backend(TextSettings(name))
    if skipped:
        raise SystemExit(" ".join(skipped))
    return backend


def ours(text: str, text_backend: TextBackend = "student", system: str = OURS) -> Rendition:
    """Compress `text` as a worker does, and return what ``get`` serves."""
    load_text_backend(text_backend)
    started = time.process_time()
    record, body = compress(text, PROFILE, load_text_backend(text_backend))
    seconds = time.process_time() - started
    served = body.text if record.state is State.READY else text
    label = record.reason or f"{record.transforms[0]} {record.guarantee.value}"
    return Rendition(system, served, record.compressed_tokens, seconds, label)


def truncated(text: str, budget: int) -> Rendition:
    """Return the beginning of `text` in at most `budget` tokens, as the cheapest rendition."""
    tokenizer = tokens.load(PROFILE.encoding)
    started = time.process_time()
    shown = head(text, budget, tokenizer)
    seconds = time.process_time() - started
    return Rendition(TRUNCATION, shown, tokenizer.count(shown), seconds, "head")


def head(text: str, budget: int, tokenizer: Tokenizer) -> str:
    """Return the longest beginning of `text` that has at most `budget` tokens."""
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if tokenizer.count(text[:middle]) <= budget:
            low = middle
        else:
            high = middle - 1
    return text[:low]
