"""What must hold when things go wrong in the middle: each test is named after what went wrong."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import nats
import pytest

from sharedctx import (
    InvalidRequest,
    SharedContext,
    SharedContextError,
    State,
    StoreError,
    StoreUnavailable,
    UnknownOutcome,
)
from sharedctx.embedded import NatsServer
from sharedctx.records import ENTRY_HEADER
from sharedctx.store import scan
from sharedctx.store.nats import NatsStore
from sharedctx.store.options import ConnectOptions
from tests.faults.pausing import pause

BIG = "".join(f"{number * 2654435761 % 2**32:08x}" for number in range(80_000))


@pytest.fixture
async def ctx(own_server: NatsServer) -> AsyncIterator[SharedContext]:
    async with SharedContext(own_server.url, namespace="promises", history=3) as context:
        yield context


async def test_a_listing_that_loses_its_consumer_is_an_error_not_a_short_list(
    own_server: NatsServer, ctx: SharedContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(40):
        await ctx.put(f"k{number}", "x")
    monkeypatch.setattr(scan, "_BATCH", 10)

    async def list_over_a_restart() -> None:
        async with aclosing(ctx._store.entries()) as entries:
            async for _ in entries:
                await asyncio.to_thread(own_server.kill)
                await asyncio.to_thread(own_server.start)
                await asyncio.sleep(0.5)

    with pytest.raises(StoreUnavailable, match="listing broke off"):
        await list_over_a_restart()


async def test_a_listing_meets_every_key_that_was_there_throughout(
    ctx: SharedContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(60):
        await ctx.put(f"k{number}", "x")
    monkeypatch.setattr(scan, "_BATCH", 5)
    met = set()
    async with aclosing(ctx._store.entries()) as entries:
        async for entry in entries:
            met.add(entry.key)
            if len(met) == 10:
                for number in range(20, 50):
                    await ctx.put(f"k{number}", "again")
    assert len(met) == 60


async def test_blobs_of_records_that_this_version_cannot_read_are_not_reaped(
    own_server: NatsServer, ctx: SharedContext
) -> None:
    await ctx.put("big", BIG)
    connection = await nats.connect(own_server.url)
    stream, subject = "KV_ctx_promises", "$KV.ctx_promises.big"
    stored = await connection.jetstream().get_last_msg(stream, subject)
    header = (stored.headers or {})[ENTRY_HEADER].replace('"v":1', '"v":2')
    await connection.jetstream().publish(subject, b"", headers={ENTRY_HEADER: header})
    await connection.close()
    store = ctx._store
    assert isinstance(store, NatsStore)
    assert await store.reap_blobs(min_age=0) == 0


async def test_only_blobs_that_nothing_refers_to_are_reaped(ctx: SharedContext) -> None:
    await ctx.put("kept", BIG)
    await ctx.put("gone", BIG + "!")
    await ctx.delete("gone")
    store = ctx._store
    assert isinstance(store, NatsStore)
    assert await store.reap_blobs(min_age=600) == 0
    assert await store.reap_blobs(min_age=0) == 1
    assert await ctx.get("kept", full=True) == BIG


async def test_a_put_that_is_stored_succeeds_even_if_waiting_for_the_rendition_fails(
    own_server: NatsServer,
) -> None:
    async with SharedContext(own_server.url, namespace="wait", retry_budget=1) as ctx:
        putting = asyncio.create_task(ctx.put("k", "word " * 500, wait=30))
        await asyncio.sleep(0.5)
        await asyncio.to_thread(own_server.kill)
        entry = await putting
        assert entry.state is State.PENDING
        assert entry.revision == 1


async def test_an_unanswered_delete_has_an_unknown_outcome(own_server: NatsServer) -> None:
    async with SharedContext(own_server.url, namespace="delete", retry_budget=1) as ctx:
        await ctx.put("k", "x")
        store: Any = ctx._store
        request = store._connection.request

        async def lose_purges(subject: str, *arguments: Any, **options: Any) -> Any:
            if ".PURGE." in subject:
                await request(subject, *arguments, **options)
                pause(own_server.pid)
            return await request(subject, *arguments, **options)

        store._connection.request = lose_purges
        try:
            with pytest.raises(UnknownOutcome):
                await ctx.delete("k")
        finally:
            os.kill(own_server.pid, signal.SIGCONT)


async def test_an_evicted_key_has_no_history(own_server: NatsServer) -> None:
    settings = {"namespace": "evicted", "history": 3, "max_entries": 2}
    async with SharedContext(own_server.url, **settings) as ctx:  # type: ignore[arg-type]
        for number in range(10):
            await ctx.put(f"k{number}", "x")
        assert await ctx.history("k0") == []
        assert len(await ctx.history("k9")) == 1


async def test_a_client_from_before_an_update_deletes_the_history_too(
    own_server: NatsServer,
) -> None:
    async with SharedContext(own_server.url, namespace="updated") as old:
        updated = SharedContext(own_server.url, namespace="updated", history=3, update=True)
        async with updated as new:
            await new.put("k", "secret")
            assert await old.delete("k") is True
            await new.put("k", "fresh")
            assert [entry.original for entry in await new.history("k")] == ["fresh"]


async def test_closing_while_the_server_hangs_does_not_hang(own_server: NatsServer) -> None:
    ctx = SharedContext(own_server.url, namespace="hang")
    await ctx.open()
    pause(own_server.pid)
    try:
        puts = [asyncio.create_task(ctx.put(f"k{n}", BIG + str(n))) for n in range(4)]
        await asyncio.sleep(0.3)
        for put in puts:
            put.cancel()
        started = time.monotonic()
        await ctx.aclose()
        assert time.monotonic() - started < 10
        await asyncio.gather(*puts, return_exceptions=True)
    finally:
        os.kill(own_server.pid, signal.SIGCONT)


async def test_closing_ends_watchers_and_waiters(own_server: NatsServer) -> None:
    ctx = SharedContext(own_server.url, namespace="closing")
    await ctx.open()

    async def watch() -> None:
        async for _ in ctx.watch():
            pass

    tasks = [asyncio.create_task(watch()), asyncio.create_task(ctx.wait_for("never"))]
    await asyncio.sleep(0.3)
    await ctx.aclose()
    async with asyncio.timeout(5):
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(error, StoreError) for error in ended)


async def test_another_event_loop_is_refused_at_once(ctx: SharedContext) -> None:
    def use() -> None:
        asyncio.run(ctx.keys())

    with pytest.raises(SharedContextError, match="another event loop"):
        await asyncio.to_thread(use)


async def test_opening_at_once_from_two_tasks_opens_once(own_server: NatsServer) -> None:
    ctx = SharedContext(own_server.url, namespace="twice")
    before = len(asyncio.all_tasks())
    await asyncio.gather(ctx.open(), ctx.open(), ctx.open())
    await ctx.aclose()
    await asyncio.sleep(0.1)
    assert len(asyncio.all_tasks()) == before


@pytest.mark.parametrize("servers", ["nats://x y", "nats://127.0.0.1:notaport", "nats://"])
async def test_unusable_servers_are_one_of_our_errors(servers: str) -> None:
    with pytest.raises(SharedContextError):
        await SharedContext(servers, retry_budget=1).open()


async def test_credentials_that_cannot_be_used_are_one_of_our_errors(
    own_server: NatsServer,
) -> None:
    with pytest.raises(SharedContextError):
        await SharedContext(own_server.url, credentials="/no/such/file.creds").open()


@pytest.mark.parametrize("ttl", [float("inf"), float("nan"), 0, -1])
async def test_a_ttl_that_is_no_time_is_refused(ctx: SharedContext, ttl: float) -> None:
    with pytest.raises(InvalidRequest):
        await ctx.put("k", "x", ttl=ttl)


async def test_a_tokenizer_with_an_unusable_name_is_refused() -> None:
    class Odd:
        name = "gpt2.v1"

        def count(self, text: str) -> int:
            return len(text)

    with pytest.raises(InvalidRequest, match="gpt2"):
        SharedContext(tokenizer=Odd())


async def test_a_store_opened_in_a_namespace_is_closed_when_settings_mismatch(
    own_server: NatsServer, ctx: SharedContext
) -> None:
    assert ctx.namespace == "promises"
    before = len(asyncio.all_tasks())
    with pytest.raises(SharedContextError):
        await NatsStore.open(ConnectOptions((own_server.url,)), "promises", {"history": 9})
    await asyncio.sleep(0.1)
    assert len(asyncio.all_tasks()) == before
