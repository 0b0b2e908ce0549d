"""The network is slow, silent or cut: calls settle in bounded time, and work goes on by itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from sharedctx import SharedContext, StoreError, StoreUnavailable, UnknownOutcome
from sharedctx.embedded import NatsServer
from sharedctx.store.nats import NatsStore
from sharedctx.store.retry import TransientError
from tests.faults.proxy import Proxy


@pytest.fixture
async def network(nats_server: NatsServer) -> AsyncIterator[Proxy]:
    async with Proxy(int(nats_server.url.rpartition(":")[2])) as proxy:
        yield proxy


async def test_a_dead_link_is_noticed_within_five_seconds(network: Proxy, namespace: str) -> None:
    async with SharedContext(network.url, namespace=namespace) as ctx:
        await ctx.put("k", "x")
        store = ctx._store
        assert isinstance(store, NatsStore)
        network.black_hole()
        started = time.monotonic()
        with pytest.raises(TransientError, match="lost"):
            # A single attempt that would wait for an hour.
            await store._connection.request("$JS.API.INFO", timeout=3600)
        assert time.monotonic() - started < 5
        getting = asyncio.create_task(ctx.get("k"))
        await asyncio.sleep(1)
        network.heal()
        assert await getting == "x"


async def test_calls_in_flight_settle_within_a_second_of_a_reset(
    network: Proxy, namespace: str
) -> None:
    async with SharedContext(network.url, namespace=namespace) as ctx:
        for number in range(100):
            await ctx.put(f"k{number}", f"old {number}")
        network.delay = 0.1  # so that a reset meets all of them under way
        puts = [ctx.put(f"new{number}", "x") for number in range(100)]
        gets = [ctx.get(f"k{number}") for number in range(100)]
        calls = [asyncio.ensure_future(call) for call in (*puts, *gets)]
        await asyncio.sleep(0.15)
        assert not any(call.done() for call in calls)
        network.delay = 0.0
        network.reset()
        started = time.monotonic()
        results = await asyncio.gather(*calls)
        assert time.monotonic() - started < 1.0
        assert results[100:] == [f"old {number}" for number in range(100)]
        assert len({entry.revision for entry in results[:100]}) == 100  # type: ignore[union-attr]
        assert len(await ctx.keys()) == 200


async def test_without_patience_every_call_says_within_a_second_how_it_ended(
    network: Proxy, namespace: str
) -> None:
    async with SharedContext(network.url, namespace=namespace, retry_budget=0.1) as ctx:
        network.delay = 0.2
        calls = [asyncio.ensure_future(ctx.put(f"k{number}", "x")) for number in range(200)]
        await asyncio.sleep(0.1)
        network.refuse()
        started = time.monotonic()
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert time.monotonic() - started < 1.0
        assert all(isinstance(result, StoreError) for result in results)
        # What was sent is never reported as if it had not been.
        sent = sum(isinstance(result, UnknownOutcome) for result in results)
        assert sent >= 160
        assert all(isinstance(result, UnknownOutcome | StoreUnavailable) for result in results)


async def test_a_slow_link_costs_one_round_trip_per_call(network: Proxy, namespace: str) -> None:
    async with SharedContext(network.url, namespace=namespace) as ctx:
        await ctx.put("warm", "up")
        network.delay = 0.1
        for call in (ctx.put("k", "x"), ctx.get("k")):
            started = time.monotonic()
            await call
            assert 0.2 <= time.monotonic() - started < 0.4


async def test_a_half_closed_link_is_built_anew(network: Proxy, namespace: str) -> None:
    async with SharedContext(network.url, namespace=namespace) as ctx:
        await ctx.put("k", "x")
        network.half_close()
        async with asyncio.timeout(5):
            assert await ctx.get("k") == "x"
