"""A large output is put, and its rendition and a one-line reference stand in its place."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Iterable
from typing import Any, Final
from weakref import WeakKeyDictionary

import anyio

from sharedctx import tokens
from sharedctx.adapters.clients import AnyContext, call
from sharedctx.adapters.retrieval import RETRIEVAL_TOOLS
from sharedctx.codec import content_bytes, content_hash
from sharedctx.entry import ContextEntry
from sharedctx.errors import ContentTooLarge, StoreError
from sharedctx.records import State
from sharedctx.writing import off_loop

__all__ = ("REFERENCE", "Shortener", "reference_key", "write_reference")

REFERENCE: Final = re.compile(r"\[ctx:(\S+) · \d+→\d+ tokens · original: context_get\(.*\)\]")
"""Matches the reference that is the last line of a shortened output; group 1 is the key."""

_log = logging.getLogger("sharedctx.adapters")
_PAUSE_S: Final = 30.0
"""How long what failed is left alone, so that not every tool call waits for it."""
_GLANCE_S: Final = 0.05
"""Seconds in which a rendition is found that is already there."""
_MAX_TOKEN_BYTES: Final = 128
"""No token of the shipped vocabularies is longer."""


class _Health:
    """What is wrong with the store or the workers of a context, by the monotonic clock.

    All adapters of a context share it, so that an outage is noticed and told once.
    """

    away_until: float | None = None
    """Until when the store is left alone; None when it is there."""
    slow_until = 0.0
    """Until when no output waits for a worker."""


_healths: WeakKeyDictionary[AnyContext, _Health] = WeakKeyDictionary()


class Shortener:
    """Shortens the outputs of tools and agents for one adapter.

    Args:
        context: Where outputs are put.
        min_tokens: Size from which on an output is shortened, in o200k tokens.
        timeout: Seconds to wait for a rendition; the store has as long again to take the output.
    """

    def __init__(
        self, context: AnyContext, *, min_tokens: int = 1000, timeout: float = 5.0
    ) -> None:
        self._context = context
        self._min_tokens = min_tokens
        self._timeout = timeout
        self._health = _healths.setdefault(context, _Health())

    async def shorten(self, text: str, source: str, *, agent: str | None = None) -> str:
        """Return `text`, or what shall stand in its place.

        Args:
            text: What a tool returned, or an agent handed on.
            source: Name of the tool or task; it becomes part of the key.
            agent: Who produced it.

        Returns:
            The rendition and a reference when `text` is large, is not our own output, and has a
            rendition in time that is shorter; else `text` itself.
        """
        if source.endswith(RETRIEVAL_TOOLS) or reference_key(text) is not None:
            return text
        if not await self._is_large(text):
            return text
        # Named by its content: put again it is the same entry, and outputs never replace others.
        name = re.sub(r"[^A-Za-z0-9_-]+", "-", source)[:64]
        digest = await off_loop(len(text), lambda: content_hash(content_bytes(text)))
        entry = await self._put(f"outputs/{name}/{digest[:16]}", text, agent)
        if entry is None or entry.state is not State.READY:
            return text
        short = f"{entry.compressed.rstrip()}\n{write_reference(entry)}"
        return short if len(short) < len(text) else text

    async def shorten_texts(self, parts: Iterable[Any], source: str) -> list[Any]:
        """Return content `parts`, as most model APIs shape them, with their texts shortened.

        Args:
            parts: Strings, or dicts that hold theirs under ``text``; anything else stays.
            source: Name of the tool or task.
        """
        return [
            await self.shorten(part, source)
            if isinstance(part, str)
            else {**part, "text": await self.shorten(part["text"], source)}
            if isinstance(part, dict) and isinstance(part.get("text"), str)
            else part
            for part in parts
        ]

    async def _is_large(self, text: str) -> bool:
        # A token has 1 to 128 bytes and a character 1 to 4, so most texts need no counting.
        if 4 * len(text) < self._min_tokens or len(text) >= _MAX_TOKEN_BYTES * self._min_tokens:
            return 4 * len(text) >= self._min_tokens
        count = await asyncio.to_thread(lambda: tokens.load().count(text))
        return count >= self._min_tokens

    async def _put(self, key: str, text: str, agent: str | None) -> ContextEntry | None:
        """Put `text` and return its entry, once it has a rendition; None when it cannot be put."""
        health, now = self._health, time.monotonic()
        if health.away_until is not None and now < health.away_until:
            return None
        wait = _GLANCE_S if now < health.slow_until else self._timeout
        try:
            with anyio.fail_after(2 * self._timeout):
                entry: ContextEntry = await call(
                    self._context.put, key, text, agent=agent and agent[:256], wait=wait
                )
        except ContentTooLarge as error:
            _log.warning("an output is handed on whole: %s", error)
            return None
        except (StoreError, TimeoutError) as error:
            if health.away_until is None:
                reason = str(error) or "it does not answer"
                _log.warning("outputs are handed on whole until the store is back: %s", reason)
            health.away_until = time.monotonic() + _PAUSE_S
            return None
        if health.away_until is not None:
            health.away_until = None
            _log.info("the store is back: outputs are shortened again")
        if entry.state is State.PENDING and wait == self._timeout:
            health.slow_until = time.monotonic() + _PAUSE_S
            _log.warning(
                "an output is handed on whole: no worker compressed it within %g s. For %g s no "
                "other one waits. Check that workers run: sharedctx doctor",
                wait,
                _PAUSE_S,
            )
        return entry


def reference_key(text: str) -> str | None:
    """Return the key of the original when `text` is a shortened output, else None."""
    found = REFERENCE.fullmatch(text[text.rfind("\n") + 1 :])
    return found and found[1]


def write_reference(entry: ContextEntry) -> str:
    """Return the line that says where the original of a shortened output is."""
    counts = f"{entry.original_tokens}→{entry.compressed_tokens} tokens"
    return f"[ctx:{entry.key} · {counts} · original: context_get(key, full=true)]"
