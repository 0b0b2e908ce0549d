"""Worker processes of a benchmark, and the CPU time that they and their children use."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import nats
import psutil

from sharedctx import SharedContext
from sharedctx.keys import subjects_of
from sharedctx.store.nats_workers import list_workers
from sharedctx.store.streams import CONSUMER

__all__ = ("cpu_seconds", "drained", "paused", "remaining", "running")

_START_LIMIT_S = 300.0


@asynccontextmanager
async def paused(url: str, namespace: str) -> AsyncIterator[None]:
    """Let the server hand out no jobs of a namespace, so that a queue can be filled in peace."""
    nc = await nats.connect(url)
    subject = f"$JS.API.CONSUMER.PAUSE.{subjects_of(namespace).entries}.{CONSUMER}"
    try:
        await nc.request(subject, json.dumps({"pause_until": "2100-01-01T00:00:00Z"}).encode())
        yield
        await nc.request(subject, b"{}")
    finally:
        await nc.close()


@asynccontextmanager
async def running(url: str, commands: Sequence[Sequence[str]]) -> AsyncIterator[list[int]]:
    """Start workers, each with arguments of Python, and give their process ids once all work."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    workers = [subprocess.Popen([sys.executable, *each], env=environment) for each in commands]
    try:
        async with asyncio.timeout(_START_LIMIT_S):
            while len(await list_workers(url)) < len(workers):
                assert all(worker.poll() is None for worker in workers), "a worker did not start"
                await asyncio.sleep(0.5)
        yield [worker.pid for worker in workers]
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            await asyncio.to_thread(worker.wait)
        # The presence of workers that are gone must not count for those of the next measurement.
        while await list_workers(url):
            await asyncio.sleep(0.5)


def cpu_seconds(pids: Sequence[int]) -> float:
    """Return the CPU time that these processes and their children have used so far."""
    processes = [psutil.Process(pid) for pid in pids]
    processes += [child for process in processes for child in process.children(recursive=True)]
    return sum(sum(process.cpu_times()[:2]) for process in processes)


async def remaining(ctx: SharedContext) -> int:
    """Return how many jobs of the namespace are not finished."""
    info = await ctx.info()
    return info.jobs_waiting + info.jobs_in_hand


async def drained(ctx: SharedContext, least: int = 0) -> tuple[int, float]:
    """Wait until at most `least` jobs remain; return how many were done in how many seconds."""
    first, started = await remaining(ctx), time.perf_counter()
    while (left := await remaining(ctx)) > least:
        await asyncio.sleep(0.05)
    return first - left, time.perf_counter() - started
