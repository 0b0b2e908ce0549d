"""The verbs of clients and workers, each run as a user of one of the roles."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any, NamedTuple

from sharedctx import Credentials, SharedContext, WaitTimeout
from sharedctx.permissions import Permissions, Role
from sharedctx.records import EntryRecord, Profile, RenditionBody, RenditionRecord, State
from sharedctx.segments import Guarantee
from sharedctx.store.connection import Connection
from sharedctx.store.nats import NatsStore
from sharedctx.store.nats_workers import WorkerStore, list_workers
from sharedctx.store.options import ConnectOptions

__all__ = (
    "BIG",
    "CASES",
    "TEXT",
    "User",
    "Verb",
    "clear",
    "compress",
    "never_seen",
    "rendition",
    "user",
    "user_line",
)

BIG = "".join(f"{number * 2654435761 % 2**32:08x}" for number in range(80_000))
TEXT = "".join(f"A sentence worth compressing, number {number}. " for number in range(100))
READERS = frozenset({Role.READER, Role.WRITER, Role.ADMIN})
WRITERS = frozenset({Role.WRITER, Role.ADMIN})
WORKERS = frozenset({Role.WORKER, Role.ADMIN})
EVERYONE = frozenset(Role)
ADMIN = frozenset({Role.ADMIN})


class User(NamedTuple):
    """One of the users of the server."""

    url: str
    credentials: Credentials

    @property
    def options(self) -> ConnectOptions:
        return ConnectOptions((self.url,), credentials=self.credentials)

    def context(self, **settings: Any) -> SharedContext:
        given = {"namespace": "team", "create": False, **settings}
        return SharedContext(self.url, credentials=self.credentials, **given)

    @asynccontextmanager
    async def store(self) -> AsyncIterator[NatsStore]:
        store = await NatsStore.open(self.options, "team", create=False)
        try:
            yield store
        finally:
            await store.aclose()

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[WorkerStore]:
        store = await WorkerStore.connect(self.url, name="test", credentials=self.credentials)
        try:
            yield store
        finally:
            await store.aclose()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        connection = await Connection.open(self.options)
        try:
            yield connection
        finally:
            await connection.aclose()


def user_line(name: str, permissions: Permissions) -> str:
    return f"{{user: {name}, password: p, {permissions.as_config()} }}"


def user(server: str, name: str, namespace: str = "team") -> User:
    prefix = "_INBOX" if name == "root" else f"_INBOX_{namespace}_{name.partition('-')[0]}"
    return User(server, Credentials(user=name, password="p", inbox_prefix=prefix))


# The verbs: each opens what it needs as the user it is given.

Verb = Callable[[User], Awaitable[Any]]


async def get(one: User) -> None:
    async with one.context() as ctx:
        short = await ctx.get("made")
        assert short
        assert short != TEXT
        assert await ctx.get("made", full=True) == TEXT
        assert await ctx.get("made", lines=(1, 1))
        assert await ctx.get("made", max_tokens=100)
        assert await ctx.get("made", query="number 7")
        assert await ctx.get("big", full=True, timeout=0) == BIG
        entry = await ctx.get_entry("made")
        assert entry is not None
        assert entry.state is State.READY


def never_seen() -> str:
    """A content that no worker has compressed before."""
    return f"pending {time.monotonic_ns()} " * 100


async def get_waiting(one: User) -> None:
    async with one.context() as ctx:
        short = await ctx.get("pending", timeout=2)
        assert short
        assert short.startswith("pending")


async def wait_for(one: User) -> None:
    async with one.context() as ctx:
        with suppress(WaitTimeout):
            await ctx.wait_for("never put", timeout=0.3)


async def keys(one: User) -> None:
    async with one.context() as ctx:
        assert "made" in await ctx.keys()


async def watch(one: User) -> None:
    async with one.context() as ctx:
        await first(ctx)


async def first(ctx: SharedContext) -> None:
    """Watch until something is seen; what is not allowed ends it before."""
    async with aclosing(ctx.watch()) as events:
        seen = asyncio.ensure_future(anext(events))
        await asyncio.wait({seen}, timeout=0.3)
        if not seen.done():
            async with user(ctx._options.servers[0], "root").context() as root:
                await root.put("watched", "by somebody")
        await asyncio.wait_for(seen, 5)


async def search(one: User) -> None:
    async with one.context() as ctx:
        assert await ctx.search("sentence")


async def stats(one: User) -> None:
    async with one.context() as ctx:
        assert (await ctx.stats()).entries


async def history(one: User) -> None:
    async with one.context() as ctx:
        assert len(await ctx.history("made")) == 1


async def info(one: User) -> None:
    async with one.context() as ctx:
        assert (await ctx.info()).entries


async def workers(one: User) -> None:
    assert isinstance(await list_workers(one.url, credentials=one.credentials), list)


async def put(one: User) -> None:
    async with one.context() as ctx:
        entry = await ctx.put("mine", "content", ttl=50)
        await ctx.put("mine", "more", expect=entry.revision)
        assert await ctx.get("mine") == "more"


async def put_big(one: User) -> None:
    async with one.context() as ctx:
        await ctx.put("mine-big", BIG)
        assert await ctx.get("mine-big", full=True) == BIG


async def delete(one: User) -> None:
    async with one.context() as ctx:
        assert await ctx.delete("expendable")


async def clear(one: User) -> None:
    async with one.context() as ctx:
        assert await ctx.clear()


async def update(one: User) -> None:
    async with one.context(max_entries=99, update=True):
        pass
    async with one.context(history=1, update=True):
        pass


async def find_namespaces(one: User) -> None:
    async with one.worker() as store, store.created({"team"}) as changed:
        assert (await store.namespaces({"team"})).there == {"team"}
        await asyncio.wait({asyncio.ensure_future(changed.wait())}, timeout=0.2)
        if changed.is_set():
            await changed.wait()


async def take_jobs(one: User) -> None:
    async with one.worker() as workers, workers.open("team") as (_, queue):
        await workers.ping()
        jobs = await queue.fetch(100, 1.0)
        assert jobs
        await jobs[0].extend()
        for job in jobs:
            await job.retry(0.0)
        await asyncio.sleep(0.2)


async def compress(one: User) -> None:
    """Write a rendition, which readers then get: the right of workers."""
    async with one.store() as store:
        entry = await store.get("made")
        assert entry is not None
        profile = Profile("o200k_base", 77)
        body, size = RenditionBody("by a worker", b"").pack()
        await store.put_rendition(rendition(entry.record, profile, size), body)


def rendition(record: EntryRecord, profile: Profile, size: int) -> RenditionRecord:
    return RenditionRecord(
        hash=record.hash,
        profile=profile,
        state=State.READY,
        guarantee=Guarantee.LOSSLESS,
        original_tokens=9,
        compressed_tokens=3,
        size=size,
    )


async def reap(one: User) -> None:
    async with user(one.url, "root").context() as root:
        await root.put("junk", BIG[1:])
        await root.delete("junk")
    async with one.store() as store:
        assert await store.reap_blobs(min_age=0)


async def announce(one: User) -> None:
    async with one.worker() as store:
        await store.announce("worker-1", {"host": "here"})


CASES: list[tuple[Verb, frozenset[Role]]] = [
    (get, EVERYONE),
    (get_waiting, READERS),
    (wait_for, READERS),
    (watch, READERS),
    (keys, EVERYONE),
    (search, EVERYONE),
    (stats, EVERYONE),
    (history, EVERYONE),
    (info, EVERYONE),
    (workers, READERS),
    (put, WRITERS),
    (put_big, WRITERS),
    (delete, WRITERS),
    (clear, ADMIN),
    (update, ADMIN),
    (find_namespaces, WORKERS),
    (take_jobs, WORKERS),
    (compress, WORKERS),
    (reap, WORKERS),
    (announce, WORKERS),
]
