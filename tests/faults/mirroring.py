"""A namespace with a mirror: how tests make it, look into it, and read from it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import nats
from nats.js import JetStreamContext

from sharedctx import CorruptEntry, SharedContext
from sharedctx.embedded import NatsServer
from sharedctx.records import RenditionBody
from sharedctx.store.base import Mirror
from sharedctx.store.mirrors import MirrorState, mirror_states
from sharedctx.store.options import ConnectOptions
from tests.faults.roles import BIG, TEXT, rendition
from tests.worker.harness import until

__all__ = (
    "COPIES",
    "EU",
    "ORIGINS",
    "Region",
    "at",
    "copied",
    "drop",
    "fill",
    "jetstream",
    "purge",
    "serves_both",
)

EU = Mirror("eu", domain="eu")
ORIGINS = ("KV_ctx_team_renditions", "KV_ctx_team_blobs")
COPIES = tuple(f"MIRROR_eu_{origin}" for origin in ORIGINS)


class Region(SharedContext):
    """A reader that keeps nothing, so that each of its reads is a read of the store."""

    def __init__(self, server: NatsServer, **settings: Any) -> None:
        super().__init__(server.url, namespace="team", create=False, cache_bytes=0, **settings)


def at(server: NatsServer) -> ConnectOptions:
    return ConnectOptions((server.url,))


@asynccontextmanager
async def jetstream(
    server: NatsServer, domain: str | None = None
) -> AsyncIterator[JetStreamContext]:
    connection = await nats.connect(server.url)
    try:
        yield connection.jetstream(domain=domain)
    finally:
        await connection.close()


async def purge(server: NatsServer, streams: Sequence[str], domain: str | None = None) -> None:
    async with jetstream(server, domain) as js:
        for stream in streams:
            assert await js.purge_stream(stream)


async def drop(server: NatsServer, streams: Sequence[str], domain: str | None = None) -> None:
    async with jetstream(server, domain) as js:
        for stream in streams:
            assert await js.delete_stream(stream)


async def fill(server: NatsServer, **settings: Any) -> None:
    """Make the namespace, with a rendition, as a worker would write it, and a body in chunks."""
    body, size = RenditionBody("short", b"").pack()
    async with SharedContext(server.url, namespace="team", **settings) as ctx:
        await ctx.put("made", TEXT)
        await ctx.put("big", BIG)
        made = await ctx._store.get("made")
        assert made is not None
        await ctx._store.put_rendition(rendition(made.record, made.record.profile, size), body)


async def copied(server: NatsServer) -> None:
    """Wait until the only mirror of the namespace has copied what its origin at `server` has."""

    async def look() -> bool:
        (state,) = await mirror_states(at(server), "team")
        async with jetstream(server) as js:
            held = [(await js.stream_info(origin)).state.messages for origin in ORIGINS]
        return state == MirrorState(state.mirror, sum(held), state.size)

    await until(look, "a mirror that has copied all")


async def serves_both(reader: SharedContext) -> bool:
    """Whether `reader` gets the rendition and the large body."""
    short = await reader.get("made", timeout=0)
    try:
        return short == "short" and await reader.get("big", full=True) == BIG
    except CorruptEntry:
        return False
