"""Faults around keys and values: the rows K of `tests.faults.matrix` that no other test has."""

from __future__ import annotations

import asyncio
import hashlib
import os
import signal
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from sharedctx import SharedContext
from sharedctx.embedded import NatsServer
from sharedctx.store.nats import NatsStore
from sharedctx.store.retry import TransientError
from sharedctx.store.streams import CHUNK_BYTES, INLINE_BYTES
from tests.faults.pausing import pause


@pytest.fixture
async def ctx(own_server: NatsServer) -> AsyncIterator[SharedContext]:
    async with SharedContext(own_server.url, history=10, max_entries=None) as context:
        yield context


def noise(size: int) -> str:
    """A text of `size` bytes that packing makes smaller by half at most."""
    blocks = (hashlib.sha512(str(number).encode()).hexdigest() for number in range(size // 128 + 1))
    return "".join(blocks)[:size]


def losing_replies(ctx: SharedContext, subject_part: str) -> list[str]:
    """Let the first request whose subject has `subject_part` be carried out and not answered.

    Returns the subjects of such requests, as they are made.
    """
    store = ctx._store
    assert isinstance(store, NatsStore)
    connection: Any = store._connection
    genuine = connection.request
    seen: list[str] = []

    async def request(subject: str, *arguments: Any, **options: Any) -> Any:
        reply = await genuine(subject, *arguments, **options)
        if subject_part in subject:
            seen.append(subject)
            if len(seen) == 1:
                raise TransientError("the reply was lost", sent=True)
        return reply

    connection.request = request
    return seen


@pytest.mark.parametrize("limit", [INLINE_BYTES, 2 * INLINE_BYTES, 2 * CHUNK_BYTES])
async def test_k1_bodies_around_every_limit_of_the_wire(ctx: SharedContext, limit: int) -> None:
    for size in (limit - 1, limit, limit + 1):
        content = noise(size)
        await ctx.put(f"k{size}", content)
        assert await ctx.get(f"k{size}", full=True) == content
    assert (await ctx.put("still", "alive")).revision > 0


async def test_k2_a_writer_that_dies_between_chunks_and_record_leaves_the_old_value(
    own_server: NatsServer, ctx: SharedContext
) -> None:
    await ctx.put("k", "old")
    async with SharedContext(own_server.url) as writer:
        store: Any = writer._store
        wrote = asyncio.Event()
        write = store._blobs.write

        async def write_and_stop(packed: bytes) -> Any:
            await write(packed)
            wrote.set()
            await asyncio.Event().wait()

        store._blobs.write = write_and_stop
        putting = asyncio.create_task(writer.put("k", noise(1 << 20)))
        await wrote.wait()
        putting.cancel()
        await asyncio.gather(putting, return_exceptions=True)
    assert await ctx.get("k", full=True) == "old"
    assert isinstance(ctx._store, NatsStore)
    assert await ctx._store.reap_blobs(min_age=0) == 1


@pytest.mark.long
async def test_k3_ten_thousand_keys(ctx: SharedContext) -> None:
    numbers = iter(range(10_000))

    async def lane() -> None:
        for number in numbers:
            await ctx.put(f"k/{number}", f"content {number}")

    await asyncio.gather(*(lane() for _ in range(64)))
    started = time.monotonic()
    assert len(await ctx.keys("k/")) == 10_000
    assert time.monotonic() - started < 5
    assert await ctx.clear() == 10_000
    assert await ctx.keys() == []


async def test_k6_a_retried_put_is_stored_once(ctx: SharedContext) -> None:
    sent = losing_replies(ctx, "$KV.ctx_default.k")
    entry = await ctx.put("k", "one")
    assert len(sent) == 2, "it was not tried again"
    assert entry.revision == 1
    assert len(await ctx.history("k")) == 1


async def test_k6_contents_that_come_back_are_stored_again(ctx: SharedContext) -> None:
    for content in ("a", "b", "a"):
        await ctx.put("k", content)
    assert await ctx.get("k") == "a"
    assert [entry.original for entry in await ctx.history("k")] == ["a", "b", "a"]
    await ctx.put("other", "a")
    assert await ctx.keys() == ["k", "other"]


async def test_k7_a_clear_takes_all_that_was_put_before_and_nothing_that_comes_after(
    ctx: SharedContext,
) -> None:
    stop = asyncio.Event()
    put: list[tuple[float, float, str]] = []

    async def write(name: str) -> None:
        while not stop.is_set():
            key, started = f"{name}/{len(put)}", time.monotonic()
            await ctx.put(key, "x")
            put.append((started, time.monotonic(), key))

    writers = [asyncio.create_task(write(name)) for name in "abcd"]
    await asyncio.sleep(0.3)
    began = time.monotonic()
    await ctx.clear()
    ended = time.monotonic()
    await asyncio.sleep(0.3)
    stop.set()
    await asyncio.gather(*writers)
    left = set(await ctx.keys())
    before = {key for _, done, key in put if done < began}
    after = {key for started, _, key in put if started > ended}
    assert len(before) > 20
    assert len(after) > 20
    assert not before & left
    assert after <= left


async def test_k7_a_retried_clear_spares_later_puts(
    own_server: NatsServer, ctx: SharedContext
) -> None:
    await ctx.put("before", "x")
    async with SharedContext(own_server.url) as other:
        store: Any = ctx._store
        request = store._connection.request
        purges = losing_replies(ctx, ".STREAM.PURGE.KV_ctx_default")
        lossy = store._connection.request

        async def put_meanwhile(subject: str, *arguments: Any, **options: Any) -> Any:
            try:
                return await lossy(subject, *arguments, **options)
            except TransientError:
                await other.put("after", "y")
                raise

        store._connection.request = put_meanwhile
        await ctx.clear()
        store._connection.request = request
        assert purges.count(purges[0]) == 2, "it was not tried again"
        assert await other.keys() == ["after"]
        assert [entry.original for entry in await other.history("after")] == ["y"]


@pytest.mark.parametrize("shift", [-3600.0, 3600.0], ids=["behind", "ahead"])
async def test_k8_a_clock_that_is_wrong_does_not_decide_what_expires(
    own_server: NatsServer, monkeypatch: pytest.MonkeyPatch, shift: float
) -> None:
    now = time.time
    monkeypatch.setattr(time, "time", lambda: now() + shift)
    async with SharedContext(own_server.url, namespace="clock", ttl=60) as ctx:
        await ctx.put("stays", "x")
        await ctx.put("goes", "x", ttl=1)
        assert await ctx.get("goes") == "x"
        async with asyncio.timeout(5):
            while await ctx.get("goes") is not None:
                await asyncio.sleep(0.1)
        assert await ctx.keys() == ["stays"]
        assert (await ctx.put("goes", "y", expect=0)).revision == 3


async def test_k9_an_event_loop_that_stands_still_loses_nothing(
    own_server: NatsServer, ctx: SharedContext
) -> None:
    puts = [asyncio.create_task(ctx.put(f"k{number}", "x")) for number in range(50)]
    await asyncio.sleep(0)
    time.sleep(3.5)
    entries = await asyncio.gather(*puts)
    assert len({entry.revision for entry in entries}) == 50
    assert len(await ctx.keys()) == 50
    pause(own_server.pid)
    os.kill(own_server.pid, signal.SIGCONT)
    assert await ctx.get("k0") == "x"
