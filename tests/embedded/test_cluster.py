from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import psutil
import pytest

from sharedctx import SharedContext
from sharedctx.embedded import NatsCluster, Stack
from sharedctx.errors import InvalidRequest, StoreUnavailable


async def test_a_cluster_survives_each_of_its_nodes(tmp_path: Path) -> None:
    cluster = NatsCluster(tmp_path)
    await asyncio.to_thread(cluster.start)
    try:
        async with SharedContext(cluster.urls) as ctx:
            assert (await ctx.info()).config.replicas == 3
            for number, node in enumerate(cluster.nodes):
                await asyncio.to_thread(node.kill)
                await ctx.put(f"k{number}", "x")
                await asyncio.to_thread(node.start)
                await asyncio.to_thread(cluster.await_ready)
            assert await ctx.keys() == ["k0", "k1", "k2"]
    finally:
        cluster.kill()


def test_a_stopped_cluster_comes_back_with_its_data(tmp_path: Path) -> None:
    async def use(content: str | None) -> str | None:
        async with SharedContext(cluster.urls) as ctx:
            if content is not None:
                await ctx.put("k", content)
            return await ctx.get("k")

    with NatsCluster(tmp_path) as cluster:
        asyncio.run(use("kept"))
        urls = cluster.urls
    with NatsCluster(tmp_path) as cluster:
        assert asyncio.run(use(None)) == "kept"
        assert cluster.urls != urls
        assert {path.name for path in tmp_path.iterdir()} == {"node-1", "node-2", "node-3"}


def test_kept_data_is_of_as_many_nodes_as_before(tmp_path: Path) -> None:
    with Stack(0, tmp_path):
        pass
    with pytest.raises(StoreUnavailable, match="data of 1 nodes, not of 3"):
        Stack(0, tmp_path, nodes=3).start()
    with Stack(0, tmp_path / "cluster", nodes=3):
        pass
    with pytest.raises(StoreUnavailable, match="data of 3 nodes, not of 1"):
        Stack(0, tmp_path / "cluster").start()


def test_one_node_is_no_cluster(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="at least 2"):
        NatsCluster(tmp_path, 1)
    with pytest.raises(InvalidRequest, match="at least one"):
        Stack(nodes=0)


async def test_a_local_context_on_three_nodes_goes_on_without_one_of_them() -> None:
    async with SharedContext.local(workers=1, nodes=3) as ctx:
        text = "".join(f"Line {number} of a longer text.\n" for number in range(200))
        assert (await ctx.put("k", text, wait=30)).state == "ready"
        servers = [
            process
            for process in psutil.Process().children(recursive=True)
            if "nats-server" in process.name() and "node-" in " ".join(process.cmdline())
        ]
        assert len(servers) == 3
        os.kill(servers[0].pid, signal.SIGKILL)
        assert (await ctx.put("k", text + "and more", wait=True)).state == "ready"
        assert (await ctx.info()).config.replicas == 3
