"""A namespace with three replicas on three servers: current reads, and a node that dies."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from sharedctx import InvalidRequest, SharedContext, StoreError
from sharedctx.embedded import NatsCluster


async def test_an_open_client_follows_changed_settings(cluster: NatsCluster) -> None:
    async with SharedContext(cluster.urls, namespace="grows", replicas=1, ttl=60) as old:
        await old.put("k", "one")
        with pytest.raises(InvalidRequest, match="at most that of the namespace"):
            await old.put("k", "x", ttl=100)
        settings = {"replicas": 3, "history": 3, "ttl": 600.0}
        updated = SharedContext(cluster.urls, namespace="grows", update=True, **settings)  # type: ignore[arg-type]
        async with updated as new:
            await new.put("k", "two")
            async with asyncio.timeout(10):
                while (await old.info()).config.replicas != 3:
                    await asyncio.sleep(0.05)
            await old.put("k", "three", ttl=100)
            assert [entry.original for entry in await old.history("k")] == ["three", "two"]
            for number in range(60):
                await new.put("k", f"v{number}")
                assert await old.get("k") == f"v{number}"


async def test_listings_are_complete_at_every_node(cluster: NatsCluster) -> None:
    readers = [SharedContext(url, namespace="lists", replicas=3) for url in cluster.urls]
    for reader in readers:
        await reader.open()
    for number in range(40):
        await readers[number % 3].put(f"k{number}", f"content {number}")
        for reader in readers:
            assert (await reader.stats()).entries == number + 1
            assert f"k{number}" in await reader.keys()
    assert await readers[0].search("content")
    await readers[1].put("last", "needle in here")
    assert (await readers[0].search("needle"))[0].key == "last"
    for reader in readers:
        await reader.aclose()


async def test_placement_that_no_server_offers_is_named(cluster: NatsCluster) -> None:
    with pytest.raises(StoreError, match=r"not enough servers for 3 copies.*`placement`"):
        await SharedContext(cluster.urls, placement=["region:nowhere"]).open()


async def test_copies_are_where_the_tags_are(tmp_path: Path) -> None:
    tags = '["region:eu"]'
    servers = NatsCluster(tmp_path / "tagged", config=f"server_tags: {tags}\n")
    await asyncio.to_thread(servers.start)
    try:
        async with SharedContext(servers.urls, placement=["region:eu"]) as ctx:
            await ctx.put("k", "x")
            info = await ctx.info()
            assert (info.config.replicas, info.config.placement) == (3, ("region:eu",))
        async with SharedContext(servers.urls) as ctx:
            assert (await ctx.info()).config.placement == ("region:eu",)
    finally:
        servers.kill()


async def test_reads_are_current_and_a_dead_node_costs_only_time(
    cluster: NatsCluster,
) -> None:
    writer = SharedContext(cluster.urls, namespace="r3", replicas=3)
    readers = [SharedContext(url, namespace="r3") for url in cluster.urls]
    try:
        await writer.open()
        for reader in readers:
            await reader.open()
        for number in range(60):
            await writer.put("k", f"v{number}")
            assert {await reader.get("k") for reader in readers} == {f"v{number}"}
        await asyncio.to_thread(cluster.nodes[0].kill)
        for number in range(20):
            await writer.put(f"after/{number}", "x")
        assert len(await writer.keys("after/")) == 20
        assert await readers[1].get("k") == "v59"
    finally:
        for ctx in (writer, *readers):
            await ctx.aclose()
