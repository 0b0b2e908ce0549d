"""What many keys in a namespace cost, and many namespaces on a worker."""

from __future__ import annotations

import asyncio
import os
import secrets
import statistics
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass

from sharedctx import SharedContext
from sharedctx.embedded import NatsServer
from tests.benchmarks.measure import Comparison, compare, timed
from tests.benchmarks.scaling.processes import cpu_seconds, running

__all__ = ("Keys", "Namespaces", "measure_keys", "measure_namespaces")

_FILLING_AT_ONCE = 128
_IDLE_S = 10.0
_LISTINGS = 5


@dataclass(frozen=True, slots=True)
class Keys:
    """What a namespace of many keys costs beside one of few.

    Attributes:
        count: How many keys.
        listing_s: Median seconds of `keys()`.
        listing_cpu_s: CPU time of client and server for one.
        put: A put, as a multiple of one among few keys.
        get: The same of a get.
    """

    count: int
    listing_s: float
    listing_cpu_s: float
    put: Comparison
    get: Comparison


async def measure_keys(server: NatsServer, count: int, few: int, blocks: int) -> Keys:
    """Fill a namespace with `count` keys, and compare it with one of `few`."""
    url, pids = server.url, (server.pid, os.getpid())
    suffix = secrets.token_hex(2)
    async with (
        SharedContext(url, namespace=f"many-{suffix}", max_entries=None) as many,
        SharedContext(url, namespace=f"few-{suffix}", max_entries=None) as small,
    ):
        for ctx, keys in ((many, count), (small, few)):
            await _fill(ctx, keys)
        before = cpu_seconds(pids)
        listing = await timed(lambda _: many.keys(), range(_LISTINGS))
        listing_cpu = (cpu_seconds(pids) - before) / _LISTINGS
        assert len(await many.keys()) == count

        # Steps that are coprime to the counts, so that neighbors in time are none in the stream.
        async def put_many(number: int) -> None:
            await many.put(f"key/{number * 7919 % count}", f"value {number}")

        async def put_few(number: int) -> None:
            await small.put(f"key/{number * 7919 % few}", f"value {number}")

        async def get_many(number: int) -> None:
            assert await many.get(f"key/{number * 7919 % count}") is not None

        async def get_few(number: int) -> None:
            assert await small.get(f"key/{number * 7919 % few}") is not None

        for operation in (put_many, put_few, get_many, get_few):
            await timed(operation, range(50))
        put = await compare(put_few, put_many, blocks=blocks, per_block=100)
        get = await compare(get_few, get_many, blocks=blocks, per_block=100)
        await many.clear()
    return Keys(count, statistics.median(listing) / 1000, listing_cpu, put, get)


async def _fill(ctx: SharedContext, count: int) -> None:
    async def put_share(share: int) -> None:
        for number in range(share, count, _FILLING_AT_ONCE):
            await ctx.put(f"key/{number}", f"value {number}")

    async with asyncio.TaskGroup() as filling:
        for share in range(_FILLING_AT_ONCE):
            filling.create_task(put_share(share))


@dataclass(frozen=True, slots=True)
class Namespaces:
    """What it takes one worker to serve many namespaces.

    Attributes:
        count: How many.
        all_ready_s: Seconds until an original in each of them had its rendition.
        alone_ms: Median milliseconds from a put to its rendition while there is one namespace.
        among_ms: The same in one of many that are idle.
        idle_cpu: Share of a CPU that the worker uses while all of them are idle.
    """

    count: int
    all_ready_s: float
    alone_ms: float
    among_ms: float
    idle_cpu: float


async def measure_namespaces(server: NatsServer, count: int) -> Namespaces:
    """Serve `count` namespaces with one worker of two slots."""
    url = server.url
    suffix = secrets.token_hex(2)
    command = ["-m", "sharedctx_workers", "--servers", url, "--slots", "2"]
    async with (
        AsyncExitStack() as stack,
        running(url, [[*command, "--log-level", "warning"]]) as pids,
    ):

        async def opened(number: int) -> SharedContext:
            ctx = SharedContext(url, namespace=f"ns-{suffix}-{number}")
            return await stack.enter_async_context(ctx)

        contexts = [await opened(0)]
        await _ready(contexts[0], 0)
        alone = await timed(lambda number: _ready(contexts[0], number), range(30))
        contexts += [await opened(number) for number in range(1, count)]
        started = time.perf_counter()
        await asyncio.gather(*(_ready(ctx, 1_000) for ctx in contexts))
        all_ready = time.perf_counter() - started
        among = await timed(lambda number: _ready(contexts[7], number), range(30))
        before = cpu_seconds(pids)
        await asyncio.sleep(_IDLE_S)
        idle = (cpu_seconds(pids) - before) / _IDLE_S
    return Namespaces(count, all_ready, statistics.median(alone), statistics.median(among), idle)


async def _ready(ctx: SharedContext, number: int) -> None:
    words = f"{number} {secrets.token_hex(8)} " + "a word and another one. " * 80
    await ctx.put("k", words, wait=True)


def ratios(keys: Keys) -> Sequence[tuple[str, Comparison]]:
    """Return the comparisons of a measurement with their names."""
    return [("put", keys.put), ("get", keys.get)]
