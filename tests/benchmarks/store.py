"""``python -m tests.benchmarks.store``: what the store costs beside raw nats-py, in ratios.

Real text, one client process, one nats-server with file storage, loopback; the anchor is nats-py in
the same process. See `measure` for the method.
"""

from __future__ import annotations

import asyncio
import json
import os
import pydoc_data.topics
import statistics
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import nats
from nats.aio.client import Client

from sharedctx import SharedContext, tokens
from sharedctx.embedded import NatsServer
from sharedctx.records import Profile
from sharedctx_workers.pipeline import compress
from sharedctx_workers.prose.loading import TextSettings, load_backend
from tests.benchmarks.measure import Comparison, compare, percentile, timed

TEXT = "\n".join(pydoc_data.topics.topics[name] for name in sorted(pydoc_data.topics.topics))
SIZES = {"1 KB": 1_000, "10 KB": 10_000, "100 KB": 100_000}
PUT_TARGETS = {"1 KB": 1.25, "10 KB": 1.25, "100 KB": 1.5}


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the report: what, how often the anchor, and the ratio that was promised."""

    what: str
    result: Comparison
    target: float


def document(size: int, number: int) -> str:
    """Return `size` characters of real text that differ from those of other numbers."""
    start = number * 977 % (len(TEXT) - size)
    return f"{number:09}" + TEXT[start : start + size - 9]


@asynccontextmanager
async def raw_stream(nc: Client) -> AsyncIterator[str]:
    """A stream shaped like our entries, filled and read by nats-py alone."""
    js = nc.jetstream()
    await js.add_stream(
        name="KV_raw", subjects=["$KV.raw.*"], max_msgs_per_subject=1, allow_direct=True
    )
    yield "$KV.raw"
    await js.delete_stream("KV_raw")


async def measure_puts(ctx: SharedContext, nc: Client, blocks: int) -> list[Row]:
    """Compare `put` with a raw publish of the same original bytes."""
    js = nc.jetstream()
    rows = []
    for label, size in SIZES.items():

        async def raw_put(number: int, size: int = size) -> None:
            await js.publish(f"$KV.raw.k{number % 500}", document(size, number).encode())

        async def our_put(number: int, size: int = size) -> None:
            await ctx.put(f"k{number % 500}", document(size, number))

        await timed(raw_put, range(30))
        await timed(our_put, range(30))
        result = await compare(raw_put, our_put, blocks=blocks, per_block=40)
        rows.append(Row(f"put {label} / raw publish", result, PUT_TARGETS[label]))
    return rows


async def measure_gets(ctx: SharedContext, nc: Client, blocks: int) -> list[Row]:
    """Compare `get` of a rendition with a raw direct get of the same original bytes."""
    js = nc.jetstream()
    size, count = 10_000, 40
    for number in range(count):
        text = document(size, number)
        await js.publish(f"$KV.raw.g{number}", text.encode())
        await ctx.put(f"g{number}", text, wait=True)

    async def raw_get(number: int) -> None:
        await nc.request(f"$JS.API.DIRECT.GET.KV_raw.$KV.raw.g{number % count}")

    async def our_get(number: int) -> None:
        assert await ctx.get(f"g{number % count}", timeout=0) is not None

    async def forget(_: int) -> None:
        ctx._reader._cache.clear()

    rows = []
    await timed(our_get, range(count))
    result = await compare(raw_get, our_get, blocks=blocks, per_block=count)
    rows.append(Row("get 10 KB, rendition cached / raw direct get", result, 1.3))
    result = await compare(raw_get, our_get, blocks=blocks, per_block=count, before=forget)
    rows.append(Row("get 10 KB, first time / raw direct get", result, 2.2))
    return rows


async def measure_ready(ctx: SharedContext, blocks: int) -> Row:
    """Compare put-to-rendition-in-hand, less 3 ms, with the bare compression of the same text."""
    profile, backend = Profile("o200k_base", 20), load_backend(TextSettings()).backend

    async def bare(number: int) -> None:
        compress(document(20_000, number), profile, backend)

    async def ready(number: int) -> None:
        # A number of its own, so that the same bytes are never compressed twice.
        await ctx.put("ready", document(20_000, 1_000_000 + number), wait=True)

    await timed(bare, range(5))
    await timed(ready, range(5))
    result = await compare(bare, ready, blocks=blocks, per_block=4)
    less = replace(
        result,
        ratio=result.ratio - 3 / result.anchor_ms,
        low=result.low - 3 / result.anchor_ms,
        high=result.high - 3 / result.anchor_ms,
    )
    return Row("(put to rendition - 3 ms) / bare compression, 20 KB", less, 1.5)


async def measure_saturation(ctx: SharedContext, blocks: int) -> Row:
    """Compare the p99 of `put` while every worker is busy with that while they idle."""

    async def put(number: int) -> None:
        await ctx.put(f"s{number % 500}", document(400, number))

    ratios, idle, busy = [], [], []
    for block in range(blocks):
        numbers = range(block * 300, block * 300 + 300)
        idle.append(percentile(await timed(put, numbers), 0.99))
        for number in range(6):
            await ctx.put(f"load{number}", document(200_000, block * 10 + number))
        busy.append(percentile(await timed(put, numbers), 0.99))
        ratios.append(busy[-1] / idle[-1])
        while (await ctx.info()).jobs_waiting + (await ctx.info()).jobs_in_hand:
            await asyncio.sleep(0.05)
    spread = sorted(ratios)
    result = Comparison(
        statistics.median(ratios),
        spread[0],
        spread[-1],
        statistics.median(idle),
        statistics.median(busy),
    )
    return Row("put p99, workers saturated / idle (range)", result, 2.0)


async def measure(blocks: int) -> list[Row]:
    """Run all comparisons on a fresh server with one worker."""
    with tempfile.TemporaryDirectory() as folder:
        server = NatsServer(Path(folder))
        server.start()
        try:
            nc = await nats.connect(server.url)
            async with raw_stream(nc), SharedContext(server.url, namespace="bench") as ctx:
                rows = await measure_puts(ctx, nc, blocks)
                await ctx.clear()  # or its jobs would keep the worker busy during what follows
            command = [sys.executable, "-m", "sharedctx_workers", "--servers", server.url]
            worker = subprocess.Popen([*command, "--slots", "1", "--log-level", "warning"])
            try:
                async with raw_stream(nc), SharedContext(server.url, namespace="bench2") as ctx:
                    rows += await measure_gets(ctx, nc, blocks)
                    rows.append(await measure_ready(ctx, blocks))
                    rows.append(await measure_saturation(ctx, max(5, blocks // 4)))
            finally:
                worker.terminate()
                worker.wait()
            await nc.close()
        finally:
            server.stop()
    return rows


def main() -> None:
    """Measure and print a table, or JSON with ``--json``."""
    blocks = 10 if "--quick" in sys.argv else 40
    tokens.load()
    load = os.getloadavg()[0]
    rows = asyncio.run(measure(blocks))
    if "--json" in sys.argv:
        print(json.dumps([[row.what, row.result.ratio, row.target] for row in rows]))
        return
    print(f"{blocks} interleaved blocks, load average {load:.1f} at the start\n")
    head = f"{'what':52} {'ratio':>6} {'95 % interval':>15} {'target':>7}"
    print(f"{head} {'anchor':>8} {'ours':>8} ms")
    for row in rows:
        interval = f"{row.result.low:.2f}-{row.result.high:.2f}"
        print(
            f"{row.what:52} {row.result.ratio:6.2f} {interval:>15} {row.target:7.2f} "
            f"{row.result.anchor_ms:8.3f} {row.result.ours_ms:8.3f}"
        )


if __name__ == "__main__":
    main()
