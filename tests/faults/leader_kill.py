"""``python -m tests.faults.leader_kill``: how long puts fail after the leader was killed.

Three nats-servers hold a namespace in three copies. In each round the leader of its entries is
killed with SIGKILL while two clients of one process put, one after the other, into the same
stream: a `SharedContext`, and bare nats-py that publishes again as soon as it may, and after a
second without an answer. The time of each from the kill to the end of its first successful put that
began after it, and their ratio, are printed.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import nats
from nats.errors import Error as NatsError

from sharedctx import SharedContext
from sharedctx.embedded import NatsCluster
from tests.faults.clusters import leader_of

NAMESPACE = "kill"
STREAM = f"KV_ctx_{NAMESPACE}"


class Putter:
    """Puts without pause and notes when its puts begin and succeed."""

    def __init__(self, put: Callable[[], Awaitable[object]], pause: float) -> None:
        self._put = put
        self._pause = pause
        self._succeeded = asyncio.Condition()
        self._last = (0.0, 0.0)
        self.failures = 0
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while True:
            began = time.monotonic()
            try:
                await self._put()
            except (NatsError, TimeoutError):
                self.failures += 1
                await asyncio.sleep(self._pause)
                continue
            async with self._succeeded:
                self._last = (began, time.monotonic())
                self._succeeded.notify_all()

    async def success_after(self, moment: float) -> float:
        """Wait for a put that began after `moment`, and return when it succeeded."""
        async with self._succeeded:
            await self._succeeded.wait_for(lambda: self._last[0] > moment)
            return self._last[1]


async def measure(folder: Path, rounds: int) -> list[tuple[float, float]]:
    """Return, for each round, the seconds of ours and of bare nats-py."""
    cluster = NatsCluster(folder)
    await asyncio.to_thread(cluster.start)
    results = []
    try:
        async with SharedContext(cluster.urls, namespace=NAMESPACE, retry_budget=60) as ctx:
            raw = await nats.connect(cluster.urls, error_cb=_silent, reconnect_time_wait=0.2)
            js = raw.jetstream()
            ours = Putter(lambda: ctx.put("ours", "x"), 0)
            bare = Putter(lambda: js.publish(f"$KV.ctx_{NAMESPACE}.bare", b"x", timeout=1), 0.01)
            for number in range(rounds):
                await asyncio.gather(
                    *(each.success_after(time.monotonic()) for each in (ours, bare))
                )
                leader = await leader_of(cluster, STREAM)
                await asyncio.to_thread(leader.kill)
                killed = time.monotonic()
                ends = await asyncio.gather(ours.success_after(killed), bare.success_after(killed))
                results.append((ends[0] - killed, ends[1] - killed))
                one, other = results[-1]
                print(f"round {number + 1}: {one:.2f} s, bare {other:.2f} s: {one / other:.2f}x")
                await asyncio.to_thread(leader.start)
                await asyncio.to_thread(cluster.await_ready)
                await asyncio.sleep(2)
            for each in (ours, bare):
                each.task.cancel()
                await asyncio.gather(each.task, return_exceptions=True)
            await raw.close()
    finally:
        await asyncio.to_thread(cluster.kill)
    return results


async def _silent(_error: Exception) -> None:
    """Say nothing: links break on purpose."""


def main() -> None:
    """Measure, and fail when ours takes over 1.2 times as long in the median."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = asyncio.run(measure(Path(folder), given.rounds))
    ratios = [ours / bare for ours, bare in results]
    ours, bare = (statistics.median(times) for times in zip(*results, strict=True))
    ratio = statistics.median(ratios)
    print(f"median {ours:.2f} s, bare {bare:.2f} s; ratio {ratio:.2f}, at most {max(ratios):.2f}")
    sys.exit(ratio > 1.2)


if __name__ == "__main__":
    main()
