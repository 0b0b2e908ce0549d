"""``python -m tests.benchmarks.scaling``: more workers, more keys, more namespaces.

Everything runs on this machine: one nats-server with file storage, real worker processes, and the
client that measures. Other programs slow the clock more than CPU time, so both are told.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from sharedctx import tokens
from sharedctx.embedded import NatsServer
from tests.benchmarks.scaling.dispatch import Rate, measure_real, measure_sleeping
from tests.benchmarks.scaling.size import measure_keys, measure_namespaces, ratios

_SLEEPING = ((1, 1), (4, 8), (32, 1))


async def _sleeping(server: NatsServer, *, quick: bool) -> None:
    print("\nA compressor that sleeps: wanted from 1 to 32 at once: 28 times the jobs")
    first: Rate | None = None
    async for rate in measure_sleeping(server, _SLEEPING, 2 if quick else 8):
        first = first or rate
        _print_rate(rate, rate.jobs_per_s / first.jobs_per_s)


async def _real(server: NatsServer, *, quick: bool) -> None:
    print("\nReal compressors, 60 KB of prose for each job: wanted from 1 to 2: 1.7 times the jobs")
    one, two = await measure_real(server, 3 if quick else 8, 10 if quick else 40)
    _print_rate(one, 1.0)
    _print_rate(two, two.jobs_per_s / one.jobs_per_s)
    print(
        f"with a core for each, by CPU time for each job: {2 * one.cpu_ms / two.cpu_ms:.2f} times"
    )


def _print_rate(rate: Rate, times: float) -> None:
    print(
        f"{rate.what:32} {rate.jobs_per_s:8.1f} jobs/s  CPU ms each: workers {rate.cpu_ms:7.2f}, "
        f"server {rate.server_ms:5.2f}  {times:6.2f} x",
        flush=True,
    )


async def _keys(server: NatsServer, *, quick: bool) -> None:
    keys = await measure_keys(server, 10_000 if quick else 100_000, 100, 5 if quick else 30)
    print(
        f"\n{keys.count:,} keys: keys() takes {keys.listing_s:.3f} s (wanted: below 1), "
        f"{keys.listing_cpu_s:.3f} s of CPU time, the server's among it"
    )
    for name, result in ratios(keys):
        interval = f"[{result.low:.2f}, {result.high:.2f}]"
        print(
            f"{name}: {result.ratio:.2f} {interval} times that among 100 keys (wanted: 1.3), "
            f"{result.ours_ms:.3f} ms"
        )


async def _namespaces(server: NatsServer, *, quick: bool) -> None:
    found = await measure_namespaces(server, 10 if quick else 100)
    print(
        f"\n{found.count} namespaces, one worker: all ready after {found.all_ready_s:.2f} s; put "
        f"to rendition {found.alone_ms:.1f} ms alone, {found.among_ms:.1f} ms among them; idle "
        f"{100 * found.idle_cpu:.1f} % of a CPU"
    )


_PARTS: dict[str, Callable[..., Awaitable[None]]] = {
    "sleeping": _sleeping,
    "real": _real,
    "keys": _keys,
    "namespaces": _namespaces,
}


async def _measure(parts: list[str], *, quick: bool) -> None:
    for part in parts:
        with tempfile.TemporaryDirectory() as folder, NatsServer(Path(folder)) as server:
            await _PARTS[part](server, quick=quick)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.scaling")
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(_PARTS)}; default: all")
    parser.add_argument("--quick", action="store_true", help="smaller numbers")
    options = parser.parse_args()
    tokens.load()
    cpus = len(os.sched_getaffinity(0))
    print(f"{cpus} CPUs, load average {os.getloadavg()[0]:.1f} at the start")
    asyncio.run(_measure(options.parts or list(_PARTS), quick=options.quick))


if __name__ == "__main__":
    main()
