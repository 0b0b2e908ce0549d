"""What is there at the end of a run: every key read back, and every put that was announced."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress

from sharedctx import SharedContext, State
from sharedctx.errors import CorruptEntry, StoreUnavailable
from sharedctx.reading import Rendition, entry_state
from sharedctx.records import ENTRY_HEADER, StoredEntry
from sharedctx.store.connection import Connection
from sharedctx.store.options import ConnectOptions
from sharedctx.store.scan import scan
from sharedctx_workers.pipeline import compress
from tests.nemesis.checker import Final
from tests.nemesis.contents import examine, examine_rendition
from tests.nemesis.world import AUDIT

__all__ = ("await_jobs", "read_back", "read_stored")

_PATIENCE_S = 240.0
# Jobs that readers asked for are not in the queue, so what it says is not all.
_LATE_S = 20.0
_AT_ONCE = 64
_REVISION = "Nats-Sequence"
_LISTINGS = 5
"""How often a listing is tried that breaks off while a cluster settles."""
_MADE_ANEW = 60
"""How many renditions are compared with what the compressor makes of the original now."""


async def await_jobs(urls: Sequence[str], namespaces: Iterable[str]) -> float:
    """Wait until every job has ended, and return how many seconds that took."""
    started = time.monotonic()
    for namespace in namespaces:
        async with SharedContext(urls, namespace=namespace, create=False) as context:
            while True:
                info = await context.info()
                waited = time.monotonic() - started
                if not info.jobs_waiting and not info.jobs_in_hand:
                    break
                if waited > _PATIENCE_S:
                    break  # what is still pending will be found in the entries
                await asyncio.sleep(0.5)
    return time.monotonic() - started


async def read_back(urls: Sequence[str], keys: Iterable[str]) -> dict[str, Final]:
    """Read every key, given with its namespace, as it is now."""
    by_namespace: dict[str, list[str]] = {}
    for key in keys:
        by_namespace.setdefault(key.partition(":")[0], []).append(key)
    found: dict[str, Final] = {}
    for namespace, its_keys in by_namespace.items():
        async with SharedContext(urls, namespace=namespace, create=False) as context:
            reading = _Reading(context)

            async def lane(rest: Iterable[str], reading: _Reading = reading) -> None:
                for key in rest:
                    found[key] = await reading.final(key.partition(":")[2])

            rest = iter(its_keys)
            await asyncio.gather(*(lane(rest) for _ in range(_AT_ONCE)))
    return found


class _Reading:
    """Reads what a namespace holds at the end, and compares renditions with their originals."""

    def __init__(self, context: SharedContext) -> None:
        self._store, self._reader = context._store, context._reader
        self._compared = 0
        self._late = time.monotonic() + _LATE_S

    async def final(self, key: str) -> Final:
        stored = await self._store.get(key)
        if stored is None:
            return Final(None)
        try:
            original = await self._reader.original(stored)
        except CorruptEntry as error:
            return Final(None, stored.revision, problem=f"CorruptEntry: {error}")
        value, problem = examine(original)
        rendition = None
        if not stored.record.passthrough:
            patience = max(0.0, self._late - time.monotonic())
            rendition = await self._reader.rendition(stored, patience)
        state = entry_state(stored.record, rendition.record if rendition else None)
        if rendition is not None and state is State.READY:
            problem = problem or await self._compare(stored, original, value, rendition)
        return Final(value, stored.revision, state.value, problem)

    async def _compare(
        self, stored: StoredEntry, original: str, value: str | None, rendition: Rendition
    ) -> str:
        if examine_rendition(rendition.body.text)[0] != value:
            return "its rendition is of other bytes"
        self._compared += 1
        if self._compared > _MADE_ANEW:
            return ""
        _, body = await asyncio.to_thread(compress, original, stored.record.profile)
        return "" if body == rendition.body else "its rendition is not what its bytes make"


async def read_stored(urls: Sequence[str]) -> list[tuple[str, int]]:
    """Return the names of the puts that the servers announced, with their revisions.

    Announcements may be lost with the server that makes them, so a put may be missing here.
    """
    connection = await Connection.open(ConnectOptions(tuple(urls)))
    try:
        for _ in range(_LISTINGS):
            messages = scan(connection, AUDIT, "ctxev.*.put.*")
            with suppress(StoreUnavailable):
                headers = [message.headers async for message in messages]
                return [(json.loads(h[ENTRY_HEADER])["agent"], int(h[_REVISION])) for h in headers]
        raise StoreUnavailable
    finally:
        await connection.aclose()
