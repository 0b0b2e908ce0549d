"""A namespace with three replicas on three servers: current reads, and a node that dies."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from sharedctx import SharedContext, StoreError
from sharedctx.embedded import NatsServer


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[list[NatsServer]]:
    ports = _free_ports(3)
    routes = ", ".join(f"nats://127.0.0.1:{port}" for port in ports)
    servers = [
        NatsServer(
            tmp_path / f"n{number}",
            config=f"server_name: n{number}\n"
            f"cluster {{ name: c, listen: 127.0.0.1:{port}, routes: [{routes}] }}\n",
        )
        for number, port in enumerate(ports)
    ]
    for server in servers:
        server.start()
    yield servers
    for server in servers:
        server.stop()


async def _open(urls: list[str]) -> SharedContext:
    """Open the namespace as soon as the cluster has elected its leaders."""
    async with asyncio.timeout(60):
        while True:
            ctx = SharedContext(urls, namespace="r3", replicas=3)
            try:
                await ctx.open()
            except StoreError:
                await ctx.aclose()
                await asyncio.sleep(0.5)
            else:
                return ctx


async def test_reads_are_current_and_a_dead_node_costs_only_time(
    cluster: list[NatsServer],
) -> None:
    writer = await _open([server.url for server in cluster])
    readers = [SharedContext(server.url, namespace="r3") for server in cluster]
    try:
        for reader in readers:
            await reader.open()
        for number in range(60):
            await writer.put("k", f"v{number}")
            assert {await reader.get("k") for reader in readers} == {f"v{number}"}
        await asyncio.to_thread(cluster[0].kill)
        for number in range(20):
            await writer.put(f"after/{number}", "x")
        assert len(await writer.keys("after/")) == 20
        assert await readers[1].get("k") == "v59"
    finally:
        for ctx in (writer, *readers):
            await ctx.aclose()
