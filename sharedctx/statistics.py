"""The live entries of a namespace, without their content: as a list and in total."""

from __future__ import annotations

from contextlib import aclosing
from typing import NamedTuple

from sharedctx.entry import SharedContextStats
from sharedctx.reading import entry_state
from sharedctx.records import Profile, RenditionRecord, State, StoredEntry
from sharedctx.store.base import Store

__all__ = ("ListedEntry", "collect_stats", "list_entries")


class ListedEntry(NamedTuple):
    """An entry and its rendition, without their content."""

    entry: StoredEntry
    rendition: RenditionRecord | None

    @property
    def state(self) -> State:
        """Where the entry stands."""
        return entry_state(self.entry.record, self.rendition)


async def list_entries(store: Store, prefix: str = "") -> list[ListedEntry]:
    """Return the live entries whose keys start with `prefix`, sorted by key.

    It reads records only, in two passes, whatever the sizes of the contents.
    """
    async with aclosing(store.entries(prefix)) as entries:
        live = {entry.key: entry async for entry in entries}
    made = await _renditions(store)
    return [
        ListedEntry(entry, made.get((entry.record.hash, entry.record.profile)))
        for _, entry in sorted(live.items())
    ]


async def _renditions(store: Store) -> dict[tuple[str, Profile], RenditionRecord]:
    async with aclosing(store.renditions()) as renditions:
        return {(record.hash, record.profile): record async for record in renditions}


async def collect_stats(store: Store) -> SharedContextStats:
    """Return the totals of `store`. It reads every record, but no content."""
    states = dict.fromkeys(State, 0)
    original = compressed = 0
    for listed in await list_entries(store):
        states[listed.state] += 1
        if listed.rendition is not None:
            original += listed.rendition.original_tokens
            compressed += listed.rendition.compressed_tokens
    return SharedContextStats(
        entries=sum(states.values()),
        total_original_tokens=original,
        total_compressed_tokens=compressed,
        pending=states[State.PENDING],
        ready=states[State.READY],
        passthrough=states[State.PASSTHROUGH],
        failed=states[State.FAILED],
    )
