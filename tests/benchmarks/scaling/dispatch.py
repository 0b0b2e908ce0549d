"""How the jobs per second grow with the workers: with a compressor that sleeps, and a real one."""

from __future__ import annotations

import asyncio
import secrets
import statistics
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sharedctx import SharedContext
from sharedctx.embedded import NatsServer
from tests.benchmarks.scaling.processes import cpu_seconds, drained, paused, running
from tests.benchmarks.scaling.sleeping_child import SLEEP_S
from tests.benchmarks.store import document

__all__ = ("Rate", "measure_real", "measure_sleeping")

_SLEEPING_WORKER = str(Path(__file__).with_name("sleeping_worker.py"))
_PUTS_AT_ONCE = 64
_REAL_BYTES = 60_000


@dataclass(frozen=True, slots=True)
class Rate:
    """A measured rate.

    Attributes:
        what: Which workers.
        jobs_per_s: Jobs in a second of the clock.
        cpu_ms: CPU time of workers and children for one job, in milliseconds.
        server_ms: CPU time of nats-server for one job, in milliseconds.
    """

    what: str
    jobs_per_s: float
    cpu_ms: float
    server_ms: float


async def _put_all(ctx: SharedContext, count: int, content: Callable[[int], str]) -> None:
    async def put_share(share: int) -> None:
        for number in range(share, count, _PUTS_AT_ONCE):
            await ctx.put(f"job/{number}", content(number))

    async with asyncio.TaskGroup() as putting:
        for share in range(_PUTS_AT_ONCE):
            putting.create_task(put_share(share))


async def _measured(
    what: str, ctx: SharedContext, workers: Sequence[int], server: NatsServer, least: int
) -> Rate:
    """Return the rate at which a full queue empties, until at most `least` jobs are left."""
    pids = (server.pid,)
    before = cpu_seconds(workers), cpu_seconds(pids)
    done, taken = await drained(ctx, least)
    used, served = cpu_seconds(workers) - before[0], cpu_seconds(pids) - before[1]
    return Rate(what, done / taken, 1000 * used / done, 1000 * served / done)


async def measure_sleeping(
    server: NatsServer, settings: Sequence[tuple[int, int]], seconds: float
) -> AsyncIterator[Rate]:
    """Yield the rate for each ``(worker processes, slots in each)``.

    The queue is full when the time begins, and it ends while there is work for everyone.
    """
    url = server.url
    for processes, slots in settings:
        namespace = f"sleep-{processes}-{slots}-{secrets.token_hex(2)}"
        jobs = int(seconds * processes * slots / SLEEP_S)
        commands = [[_SLEEPING_WORKER, url, str(slots)]] * processes
        async with SharedContext(url, namespace=namespace, max_entries=None) as ctx:
            async with running(url, commands) as pids:
                # A namespace is served as soon as it is announced; this makes sure that it is.
                await ctx.put("first", content_of(0), wait=True)
                async with paused(url, namespace):
                    await _put_all(ctx, jobs, content_of)
                what = (
                    f"{processes} x {slots} slot{'s' * (slots > 1)}, {SLEEP_S * 1000:g} ms asleep"
                )
                rate = await _measured(what, ctx, pids, server, 2 * processes * slots)
            await ctx.clear()
        yield rate


def content_of(number: int) -> str:
    """Return a content that no other job has, above what counts as too small to compress."""
    return f"{number} {secrets.token_hex(8)} " + "word " * 300


async def measure_real(server: NatsServer, rounds: int, jobs: int) -> list[Rate]:
    """Return the rates of one worker and of two, in rounds that take turns.

    Both workers run all the time. They serve one namespace together, and the first also one alone.
    """
    url = server.url
    module = ["-m", "sharedctx_workers", "--servers", url, "--slots", "1", "--log-level", "warning"]
    suffix = secrets.token_hex(2)
    alone, shared = f"alone-{suffix}", f"shared-{suffix}"
    commands = [[*module, "-n", alone, "-n", shared], [*module, "-n", shared]]
    rates: dict[str, list[Rate]] = {alone: [], shared: []}
    async with (
        SharedContext(url, namespace=alone) as one,
        SharedContext(url, namespace=shared) as two,
        running(url, commands) as pids,
    ):
        for ctx in (one, two):
            await ctx.put("first", content_of(0), wait=True)
        for number in range(rounds):
            for name, ctx in ((alone, one), (shared, two))[:: 1 if number % 2 else -1]:
                async with paused(url, name):
                    await _put_all(ctx, jobs, partial(_real, number * jobs))
                rates[name].append(await _measured(name, ctx, pids, server, 2))
    return [_median("1 worker, real", rates[alone]), _median("2 workers, real", rates[shared])]


def _real(first: int, number: int) -> str:
    return f"{secrets.token_hex(8)} " + document(_REAL_BYTES, first + number)


def _median(what: str, rates: Sequence[Rate]) -> Rate:
    return Rate(
        what,
        statistics.median(rate.jobs_per_s for rate in rates),
        statistics.median(rate.cpu_ms for rate in rates),
        statistics.median(rate.server_ms for rate in rates),
    )
