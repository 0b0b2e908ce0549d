"""The server dies, pauses or goes away; what was acknowledged stays, and work goes on by itself."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import psutil
import pytest

from sharedctx import SharedContext, StoreError, StoreUnavailable, UnknownOutcome
from sharedctx.embedded import NatsServer
from sharedctx.store.connection import Connection
from sharedctx.store.nats import NatsStore
from tests.faults.pausing import pause


@pytest.fixture
async def ctx(own_server: NatsServer) -> AsyncIterator[SharedContext]:
    # Without a limit, because writers can put more than 10,000 entries here.
    async with SharedContext(own_server.url, namespace="faults", max_entries=None) as context:
        # Soon it hears of changed settings, its only lasting subscription.
        while not any(each.handle for each in connection_of(context)._subscriptions.values()):
            await asyncio.sleep(0.01)
        yield context


def connection_of(ctx: SharedContext) -> Connection:
    store = ctx._store
    assert isinstance(store, NatsStore)
    return store._connection


@contextmanager
def paused(server: NatsServer) -> Iterator[None]:
    pause(server.pid)
    try:
        yield
    finally:
        os.kill(server.pid, signal.SIGCONT)


async def test_nothing_acknowledged_is_lost_when_the_server_is_killed_under_load(
    own_server: NatsServer, ctx: SharedContext
) -> None:
    acknowledged: dict[str, str] = {}
    stop = asyncio.Event()

    async def writer(name: str) -> None:
        number = 0
        while not stop.is_set():
            number += 1
            key, content = f"{name}/{number}", f"content {name} {number} " * 50
            await ctx.put(key, content)
            acknowledged[key] = content

    writers = [asyncio.create_task(writer(name)) for name in "abcd"]
    for _ in range(3):
        await asyncio.sleep(0.4)
        await asyncio.to_thread(own_server.kill)
        before = len(acknowledged)
        await asyncio.sleep(0.3)
        await asyncio.to_thread(own_server.start)
        async with asyncio.timeout(15):
            while len(acknowledged) < before + 20:
                await asyncio.sleep(0.05)
    stop.set()
    await asyncio.gather(*writers)
    assert len(acknowledged) > 60
    async with SharedContext(own_server.url, namespace="faults") as other:
        for key, content in acknowledged.items():
            assert await other.get(key, full=True) == content


async def test_a_call_during_an_outage_waits_for_the_server(
    own_server: NatsServer, ctx: SharedContext
) -> None:
    await ctx.put("k", "before")
    await asyncio.to_thread(own_server.kill)
    calls = asyncio.gather(ctx.get("k"), ctx.put("new", "during"), ctx.keys())
    await asyncio.sleep(1)
    await asyncio.to_thread(own_server.start)
    content, entry, _ = await calls
    assert content == "before"
    assert entry.revision > 0
    assert await ctx.get("new") == "during"


async def test_without_a_server_a_put_fails_and_certainly_wrote_nothing(
    own_server: NatsServer,
) -> None:
    async with SharedContext(own_server.url, namespace="faults", retry_budget=1) as ctx:
        await ctx.put("k", "one")
        await asyncio.to_thread(own_server.kill)
        await asyncio.sleep(0.2)
        with pytest.raises(StoreUnavailable, match="Nothing was written"):
            await ctx.put("k", "two")
        await asyncio.to_thread(own_server.start)
        async with SharedContext(own_server.url, namespace="faults") as other:
            await asyncio.sleep(1)
            assert await other.get("k") == "one"


async def test_an_unanswered_put_is_neither_success_nor_failure(own_server: NatsServer) -> None:
    async with SharedContext(own_server.url, namespace="faults", retry_budget=1) as ctx:
        await ctx.put("k", "one")
        with paused(own_server), pytest.raises(UnknownOutcome, match="may have happened"):
            await ctx.put("k", "two")
        async with SharedContext(own_server.url, namespace="faults") as other:
            assert await other.get("k") in {"one", "two"}


async def test_a_paused_server_is_found_in_seconds_and_work_goes_on(
    own_server: NatsServer, ctx: SharedContext
) -> None:
    await ctx.put("k", "one")
    with paused(own_server):
        putting = asyncio.create_task(ctx.put("k", "two"))
        await asyncio.sleep(5)
    assert (await putting).revision > 1
    assert await ctx.get("k") == "two"
    assert len(await ctx.history("k")) == 1


async def test_a_retried_put_has_one_effect(own_server: NatsServer) -> None:
    async with SharedContext(own_server.url, namespace="faults", history=10) as ctx:
        first = await ctx.put("k", "one")
        with paused(own_server):
            putting = asyncio.create_task(ctx.put("k", "two", expect=first.revision))
            await asyncio.sleep(5)
        second = await putting
        assert [entry.original for entry in await ctx.history("k")] == ["two", "one"]
        current = await ctx.get_entry("k")
        assert current is not None
        assert current.revision == second.revision


async def test_waiters_and_watchers_survive_a_restart(
    own_server: NatsServer, ctx: SharedContext
) -> None:
    seen: list[str] = []

    async def watch() -> None:
        async for event in ctx.watch():
            seen.append(event.key)

    watcher = asyncio.create_task(watch())
    waiting = asyncio.create_task(ctx.wait_for("late", timeout=30))
    await asyncio.sleep(0.2)
    await asyncio.to_thread(own_server.kill)
    await asyncio.sleep(0.2)
    await asyncio.to_thread(own_server.start)
    await ctx.put("late", "here")
    assert (await waiting).original == "here"
    async with asyncio.timeout(5):
        while seen != ["late"]:
            await asyncio.sleep(0.05)
    watcher.cancel()
    await asyncio.gather(watcher, return_exceptions=True)


async def test_an_over_long_line_kills_the_link_and_the_client_builds_a_new_one(
    ctx: SharedContext,
) -> None:
    await ctx.put("k", "one")
    connection = connection_of(ctx)
    # Past the guards on purpose: a control line over the limit makes the server hang up for good.
    await connection._nats.publish("x" * 6000, b"")
    async with asyncio.timeout(15):
        while True:
            try:
                assert await ctx.get("k") == "one"
                break
            except StoreError:
                await asyncio.sleep(0.1)
    await ctx.put("k", "two")


async def test_a_put_that_is_cancelled_anywhere_is_whole_or_absent(ctx: SharedContext) -> None:
    await ctx.put("k", "old")
    big = "".join(f"{number * 2654435761 % 2**32:08x}" for number in range(60_000))
    for step in range(40):
        task = asyncio.create_task(ctx.put("k", big + str(step)))
        await asyncio.sleep(step * 0.0005)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        content = await ctx.get("k", full=True)
        assert content is not None
        assert content == "old" or content.startswith(big)
    connection = connection_of(ctx)
    assert not connection._pending
    assert len(connection._subscriptions) == 1


async def test_cancelled_gets_leave_no_subscription_behind(ctx: SharedContext) -> None:
    await ctx.put("k", "word " * 500)
    subscriptions = len(connection_of(ctx)._nats._subs)
    gets = [asyncio.create_task(ctx.get("k", timeout=30)) for _ in range(50)]
    for number, task in enumerate(gets):
        await asyncio.sleep(0.001 * (number % 5))
        task.cancel()
    await asyncio.gather(*gets, return_exceptions=True)
    assert len(connection_of(ctx)._nats._subs) == subscriptions
    assert len(connection_of(ctx)._subscriptions) == 1


async def test_a_thousand_waiting_gets_are_all_served_without_polling(
    own_server: NatsServer, ctx: SharedContext
) -> None:
    from tests.client.conftest import working  # noqa: PLC0415

    for number in range(1000):
        await ctx.put(f"k{number}", f"sentence {number} is here. " * 40)
    memory = psutil.Process().memory_info().rss
    gets = [asyncio.create_task(ctx.get(f"k{number}", timeout=60)) for number in range(1000)]
    sent_before = connection_of(ctx)._nats.stats["out_msgs"]
    started = time.monotonic()
    async with working(own_server.url, "faults"):
        contents = await asyncio.gather(*gets)
    assert all(f"sentence {number} is here" in (text or "") for number, text in enumerate(contents))
    waited = time.monotonic() - started
    # A waiter costs a subscription and its tasks, some 20 KB; nothing that grows with time.
    assert psutil.Process().memory_info().rss - memory < 100 << 20
    # Each get looks twice before it waits, once when woken, and every 1.5 s, after which it asks
    # for its rendition now and then; polling would be more.
    sent = connection_of(ctx)._nats.stats["out_msgs"] - sent_before
    assert sent < 1000 * (8 + waited)
