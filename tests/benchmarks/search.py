"""``python -m tests.benchmarks.search``: what search over a namespace of real files costs.

One client, one nats-server with file storage, loopback. The contents are source and text files of
the running Python and its packages. The yardstick is a round trip to the server, timed in the same
run, because machines are noisy.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from sharedctx import SharedContext, tokens
from sharedctx.embedded import NatsServer
from sharedctx.search import Searcher
from tests.benchmarks.measure import percentile, timed

QUERIES = (
    "why did the build fail",
    "how is the certificate verified?",
    "parse command line arguments",
    "UnicodeDecodeError",
    "timeout while waiting for a connection",
)
_SUFFIXES = {".py", ".pyi", ".md", ".rst", ".txt", ".json", ".toml"}


def contents(count: int) -> Iterator[tuple[str, str]]:
    """Yield ``(key, content)`` of `count` different files."""
    seen: set[str] = set()
    for place in ("stdlib", "purelib"):
        root = Path(sysconfig.get_path(place))
        for path in sorted(root.rglob("*")):
            if path.suffix not in _SUFFIXES or not 500 < path.stat().st_size < 200_000:
                continue
            text = path.read_text("utf-8", "ignore")
            if len(seen) < count and text not in seen:
                seen.add(text)
                yield str(path.relative_to(root.parent)), text


async def measure(count: int) -> dict[str, float]:
    """Return the figures, times in milliseconds."""
    entries = list(contents(count))
    with tempfile.TemporaryDirectory() as folder, NatsServer(Path(folder)) as server:
        async with (
            SharedContext(server.url, namespace="bench") as writer,
            SharedContext(server.url, namespace="bench") as reader,
        ):
            await asyncio.gather(*(writer.put(key, text) for key, text in entries))
            searcher = Searcher(reader._store, reader._reader, "o200k_base", index_bytes=1 << 30)

            async def trip(_: int) -> None:
                await reader.get("missing")

            async def search(number: int) -> None:
                assert await searcher.search(QUERIES[number % len(QUERIES)])

            async def budgeted(number: int) -> None:
                assert await searcher.search(QUERIES[number % len(QUERIES)], max_tokens=1500)

            async def update(number: int) -> None:
                await searcher.search(QUERIES[number % len(QUERIES)])

            started = time.perf_counter()
            await search(0)
            first = (time.perf_counter() - started) * 1000
            trips = await timed(trip, range(100))
            later = await timed(search, range(50))
            with_budget = await timed(budgeted, range(50))
            after_put, after_delete = [], []
            for number in range(25):
                await writer.put("news", f"news {number}\n" + entries[number][1])
                after_put += await timed(update, range(number, number + 1))
                await writer.delete(entries[number][0])
                after_delete += await timed(update, range(number, number + 1))
            size = sum(len(text) for _, text in entries)
            return {
                "entries": len(entries),
                "text_mb": size / 1e6,
                "index_per_text_byte": searcher._used_bytes / size,
                "round_trip": statistics.median(trips),
                "first_search": first,
                "search": statistics.median(later),
                "search_p95": percentile(later, 0.95),
                "search_1500_tokens": statistics.median(with_budget),
                "search_after_one_put": statistics.median(after_put),
                "search_after_one_delete": statistics.median(after_delete),
            }


def main() -> None:
    """Measure and print figures; the argument is how many entries, ``--json`` prints JSON."""
    numbers = [int(each) for each in sys.argv[1:] if each.isdigit()]
    tokens.load()
    figures = asyncio.run(measure(numbers[0] if numbers else 1_200))
    if "--json" in sys.argv:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name.replace('_', ' '):28} {value:12,.2f}")


if __name__ == "__main__":
    main()
