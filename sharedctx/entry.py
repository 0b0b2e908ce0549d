"""What users hold: an entry, a reference to it, a put that was seen, statistics."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

from sharedctx.errors import InvalidRequest
from sharedctx.records import State
from sharedctx.segments import Guarantee

__all__ = ("ContextEntry", "ContextEvent", "Ref", "SharedContextStats", "aim", "percent_saved")


@dataclass(frozen=True, slots=True)
class Ref:
    """A key at a revision. Whoever is handed one never reads anything older of that key.

    ``str(ref)``, such as ``plan/auth@17``, survives JSON, prompts and logs, and `parse` reads it.

    Example:
        ```python
        ref = (await ctx.put("plan/auth", plan)).ref
        ...  # in the process of another agent
        plan = await ctx.get(Ref.parse("plan/auth@17"))
        ```

    Attributes:
        key: The key.
        revision: The oldest revision of it that will do.
    """

    key: str
    revision: int

    def __str__(self) -> str:
        return f"{self.key}@{self.revision}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the reference that `text` writes down.

        Raises:
            InvalidRequest: it is none.
        """
        key, separator, revision = text.rpartition("@")
        if not separator or not (revision.isascii() and revision.isdecimal()):
            raise InvalidRequest(f"{text[:80]!r} is no reference such as 'plan/auth@17'.")
        return cls(key, int(revision))


def aim(key: str | Ref) -> tuple[str, int]:
    """Return a key, and the oldest revision of it that will do: 0 when any will."""
    return (key.key, key.revision) if isinstance(key, Ref) else (key, 0)


def percent_saved(original_tokens: int, compressed_tokens: int) -> float:
    """Tokens saved in percent, one decimal; 0.0 for nothing."""
    if original_tokens <= 0:
        return 0.0
    return round(100.0 * (1 - compressed_tokens / original_tokens), 1)


@dataclass(frozen=True)
class ContextEntry:
    """One entry as it stood when it was put or read.

    Attributes:
        key: Its key.
        agent: Who put it, if they said so.
        timestamp: When it was put, in Unix seconds by the writer's clock.
        revision: Grows with every put in the namespace; pass it as `expect` to put conditionally.
        state: Whether its rendition is ready.
        guarantee: What the rendition promises about the original.
        original: The content as it was put.
        compressed: The rendition, or the original while there is none.
        transforms: What compression did, as labels such as ``router:json:0.20``.
        reason: Why there is no rendition, for the states ``passthrough`` and ``failed``.
        encoding: The tokenizer of all counts.
    """

    key: str
    agent: str | None
    timestamp: float
    revision: int
    state: State
    guarantee: Guarantee
    original: str = field(repr=False)
    compressed: str = field(repr=False)
    transforms: list[str]
    reason: str | None
    encoding: str
    _counts: tuple[int, int] | None = field(repr=False, compare=False)
    _count: Callable[[str], int] = field(repr=False, compare=False)

    @property
    def ref(self) -> Ref:
        """What to hand to another agent, so that it reads this revision or a later one."""
        return Ref(self.key, self.revision)

    @cached_property
    def original_tokens(self) -> int:
        """Tokens of the original. While the entry is pending, reading this counts them."""
        return self._counts[0] if self._counts else self._count(self.original)

    @cached_property
    def compressed_tokens(self) -> int:
        """Tokens of what readers get: the rendition, or the original while there is none."""
        return self._counts[1] if self._counts else self.original_tokens

    @property
    def savings_percent(self) -> float:
        """Tokens saved in percent, one decimal."""
        return percent_saved(self.original_tokens, self.compressed_tokens)


@dataclass(frozen=True, slots=True)
class ContextEvent:
    """A put that was seen by `SharedContext.watch`.

    Attributes:
        key: The key that was put.
        revision: The revision it is at now.
        agent: Who put it, if they said so.
        timestamp: When, in Unix seconds by the writer's clock.
        size: Bytes of the content.
    """

    key: str
    revision: int
    agent: str | None
    timestamp: float
    size: int

    @property
    def ref(self) -> Ref:
        """What to hand to another agent, so that it reads this revision or a later one."""
        return Ref(self.key, self.revision)


@dataclass(frozen=True, slots=True)
class SharedContextStats:
    """Totals over the live entries of a namespace.

    Attributes:
        entries: Live entries.
        total_original_tokens: Tokens of all originals.
        total_compressed_tokens: Tokens of what readers get instead.
        pending: Entries without a rendition yet; not counted, so not in the totals.
        ready: Entries whose rendition is ready.
        passthrough: Entries whose original is their best rendition; in the totals once a worker
            has counted them.
        failed: Entries whose compression was given up.
    """

    entries: int
    total_original_tokens: int
    total_compressed_tokens: int
    pending: int = 0
    ready: int = 0
    passthrough: int = 0
    failed: int = 0

    @property
    def total_tokens_saved(self) -> int:
        """Tokens that one read of every entry saves."""
        return self.total_original_tokens - self.total_compressed_tokens

    @property
    def savings_percent(self) -> float:
        """Tokens saved in percent, one decimal."""
        return percent_saved(self.total_original_tokens, self.total_compressed_tokens)
