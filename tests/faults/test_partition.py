"""A cluster whose network falls apart: no client sees time run backwards, no put gets lost."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sharedctx import Ref, SharedContext, StoreError
from tests.faults.clusters import leader_of, partitionable_cluster

_STREAM = "KV_ctx_split"


async def _open(first: str, urls: list[str]) -> SharedContext:
    """Open a context at one node that knows the others too."""
    ctx = SharedContext(first, namespace="split", retry_budget=60)
    await ctx.open()
    ctx._store._connection._nats.set_server_pool(urls)  # type: ignore[attr-defined]
    return ctx


@pytest.mark.long
@pytest.mark.timeout(180)
async def test_a_client_at_a_leader_that_is_cut_off_goes_on_elsewhere(tmp_path: Path) -> None:
    async with partitionable_cluster(tmp_path) as (cluster, network):
        async with SharedContext(cluster.urls, namespace="split"):
            leader = await leader_of(cluster, _STREAM)
        others = [url for url in cluster.urls if url != leader.url]
        ctx = await _open(leader.url, cluster.urls)
        async with SharedContext(others, namespace="split", retry_budget=60) as other:
            await ctx.put("k", "before")
            network.isolate(cluster.nodes.index(leader))
            started = time.monotonic()
            ref = (await other.put("k", "after")).ref
            elected = time.monotonic()
            # Handed to a client that is still at the old leader, it is not read as it was.
            assert await ctx.get(Ref.parse(str(ref))) == "after"
            await ctx.put("k2", "more")
            moved = time.monotonic()
            assert await other.get("k2") == "more"
        await ctx.aclose()
        print(f"\nelected {elected - started:.1f} s, moved {moved - elected:.1f} s later")


@dataclass
class _Story:
    """What clients did until a moment, and what was wrong with it."""

    until: float
    acknowledged: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    puts: int = 0
    gets: int = 0
    unknown: int = 0

    async def write(self, ctx: SharedContext, key: str) -> None:
        while time.monotonic() < self.until:
            try:
                entry = await ctx.put(key, f"{self.puts}")
                self.acknowledged[key] = entry.revision
                self.puts += 1
                read = await ctx.get_entry(key)
            except StoreError:
                self.unknown += 1
                continue
            if read is None or read.revision < entry.revision:
                self.problems.append(f"{key}: {entry.revision} was put, and something older read")
            await asyncio.sleep(0.02)

    async def read(self, ctx: SharedContext, key: str) -> None:
        seen = 0
        while time.monotonic() < self.until:
            try:
                entry = await ctx.get_entry(key)
            except StoreError:
                continue
            self.gets += 1
            revision = entry.revision if entry is not None else 0
            if revision < seen:
                self.problems.append(f"{key}: revision {revision} was read after {seen}")
            seen = max(seen, revision)
            await asyncio.sleep(0.01)


@pytest.mark.long
@pytest.mark.timeout(240)
async def test_partitions_never_turn_back_time_and_lose_nothing(tmp_path: Path) -> None:
    async with partitionable_cluster(tmp_path) as (cluster, network):
        contexts = [await _open(url, cluster.urls) for url in cluster.urls]
        story = _Story(time.monotonic() + 36)
        tasks = [story.write(ctx, f"k{number}") for number, ctx in enumerate(contexts)]
        tasks += [story.read(ctx, f"k{number}") for ctx in contexts for number in range(3)]
        working = asyncio.gather(*tasks)
        for _ in range(3):
            await asyncio.sleep(2)
            leader = await leader_of(cluster, _STREAM)
            network.isolate(cluster.nodes.index(leader))
            await asyncio.sleep(8)
            network.heal()
        await working
        for key, revision in story.acknowledged.items():
            entry = await contexts[0].get_entry(key)
            assert entry is not None
            assert entry.revision >= revision
        for ctx in contexts:
            await ctx.aclose()
    assert not story.problems
    assert len(story.acknowledged) == 3
    print(f"\n{story.puts} puts, {story.gets} gets, {story.unknown} unknown outcomes")
