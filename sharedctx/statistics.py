"""Totals over the live entries of a namespace."""

from __future__ import annotations

from contextlib import aclosing

from sharedctx.entry import SharedContextStats
from sharedctx.reading import entry_state
from sharedctx.records import State
from sharedctx.store.base import Store

__all__ = ("collect_stats",)


async def collect_stats(store: Store) -> SharedContextStats:
    """Return the totals of `store`. It reads every record, but no content."""
    async with aclosing(store.renditions()) as renditions:
        made = {(record.hash, record.profile): record async for record in renditions}
    async with aclosing(store.entries()) as entries:
        live = {entry.key: entry.record async for entry in entries}
    states = dict.fromkeys(State, 0)
    original = compressed = 0
    for entry in live.values():
        record = made.get((entry.hash, entry.profile))
        states[entry_state(entry, record)] += 1
        if record is not None:
            original += record.original_tokens
            compressed += record.compressed_tokens
    return SharedContextStats(
        entries=sum(states.values()),
        total_original_tokens=original,
        total_compressed_tokens=compressed,
        pending=states[State.PENDING],
        ready=states[State.READY],
        passthrough=states[State.PASSTHROUGH],
        failed=states[State.FAILED],
    )
