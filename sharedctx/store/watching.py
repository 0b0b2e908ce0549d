"""Watching puts: events as they come, and a look at what is stored where some may be missing."""

from __future__ import annotations

from collections import deque
from typing import Final

from sharedctx.errors import PermissionDenied
from sharedctx.records import StoredEntry
from sharedctx.store.refusals import Signal

__all__ = ("News",)

_MOST_EVENTS: Final = 1_000


class News:
    """Puts that were announced and not taken yet. Beyond a limit, only that there were some.

    The entries stream keeps the newest put of each key, so looking there again never misses it.
    """

    def __init__(self) -> None:
        self._entries: deque[StoredEntry] = deque()
        self._missed = True  # what was stored before the first event
        self._came = Signal()
        self._came.set()

    def add(self, entries: list[StoredEntry]) -> None:
        """Take what an event announces."""
        if not self._missed:
            self._entries.extend(entries)
            if len(self._entries) > _MOST_EVENTS:
                self.miss()
        self._came.set()

    def miss(self) -> None:
        """Note that events may be missing."""
        self._entries.clear()
        self._missed = True
        self._came.set()

    def refuse(self, error: PermissionDenied) -> None:
        """End the waiting with `error`: there will be no news."""
        self._came.refuse(error)

    async def take(self) -> list[StoredEntry] | None:
        """Wait for news and return it; None: look at what is stored.

        Raises:
            PermissionDenied: the server does not allow to hear of them.
        """
        await self._came.wait()
        self._came.clear()
        missed, self._missed = self._missed, False
        taken = list(self._entries)
        self._entries.clear()
        return None if missed else taken
