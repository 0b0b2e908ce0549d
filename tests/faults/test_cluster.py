"""A namespace with three replicas on three servers: current reads, and a node that dies."""

from __future__ import annotations

import asyncio

from sharedctx import SharedContext
from sharedctx.embedded import NatsCluster


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
