"""A cluster of nats-servers whose network can be taken apart, and who leads in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import nats
from nats.errors import Error as NatsError

from sharedctx.embedded import NatsCluster, NatsServer
from sharedctx.embedded.cluster import free_ports
from tests.faults.proxy import Proxy

__all__ = ("Network", "leader_of", "partitionable_cluster")


class Network:
    """The links between the nodes of a cluster: one proxy for each direction of each pair.

    Attributes:
        links: The proxy through which one node, the first number, reaches another; from 0.
    """

    def __init__(self, links: dict[tuple[int, int], Proxy]) -> None:
        self.links = links

    def split(self, *sides: Iterable[int]) -> None:
        """Drop everything between nodes on different sides; a node on no side is on its own."""
        side_of = {node: number for number, side in enumerate(sides) for node in side}
        for (one, other), proxy in self.links.items():
            if side_of.get(one, -1 - one) == side_of.get(other, -1 - other):
                proxy.heal()
            else:
                proxy.black_hole()

    def isolate(self, node: int) -> None:
        """Cut `node` off from all others."""
        nodes = {one for one, _ in self.links}
        self.split([node], nodes - {node})

    def heal(self) -> None:
        """Let everything through again."""
        for proxy in self.links.values():
            proxy.heal()


@asynccontextmanager
async def partitionable_cluster(
    folder: Path, nodes: int = 3, *, config: str = ""
) -> AsyncIterator[tuple[NatsCluster, Network]]:
    """Run a cluster whose nodes reach each other only through the proxies of a `Network`.

    Clients connect directly, and learn of no server but those that they were told.
    """
    ports = free_ports(nodes)
    async with AsyncExitStack() as stack:
        links = {
            (one, other): await stack.enter_async_context(Proxy(ports[other]))
            for one in range(nodes)
            for other in range(nodes)
            if one != other
        }
        cluster = NatsCluster(
            folder,
            nodes,
            config=config,
            routes=lambda one, other: links[one, other].url,
            route_ports=ports,
        )
        try:
            await asyncio.to_thread(cluster.start)
            yield cluster, Network(links)
        finally:
            await asyncio.to_thread(cluster.kill)


async def leader_of(cluster: NatsCluster, stream: str) -> NatsServer:
    """Return the node that leads `stream`, such as ``KV_ctx_default``; wait for an election."""
    async with asyncio.timeout(30):
        while True:
            for node in cluster.nodes:
                if not node.is_running:
                    continue
                with suppress(NatsError, OSError, asyncio.TimeoutError):
                    connection = await nats.connect(node.url, allow_reconnect=False)
                    try:
                        info = await connection.jetstream().stream_info(stream)
                    finally:
                        await connection.close()
                    if info.cluster is not None and info.cluster.leader:
                        return cluster.node(info.cluster.leader)
            await asyncio.sleep(0.2)
