"""Nats-servers together: a cluster whose network can be taken apart, leaf nodes, superclusters."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path

import nats
from nats.errors import Error as NatsError

from sharedctx.embedded import NatsCluster, NatsServer
from sharedctx.embedded.cluster import free_ports
from tests.faults.proxy import Proxy

__all__ = ("Network", "hub_and_leaf", "leader_of", "partitionable_cluster", "supercluster")


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


@contextmanager
def hub_and_leaf(
    folder: Path, domain: str | None, *, config: str = "", remote: str = ""
) -> Iterator[tuple[NatsServer, NatsServer]]:
    """Run a hub, whose JetStream domain is `hub`, and a leaf node of it.

    The leaf node has a JetStream of its own in `domain`, or none; `config` is more of its lines,
    `remote` more about its link to the hub.
    """
    (port,) = free_ports(1)
    folders = {name: json.dumps(str(folder / name)) for name in ("hub", "leaf")}
    own = "false" if domain is None else f"{{ store_dir: {folders['leaf']}, domain: {domain} }}"
    hub = NatsServer(
        folder / "hub",
        config=f"server_name: hub\njetstream {{ store_dir: {folders['hub']}, domain: hub }}\n"
        f"leafnodes {{ listen: 127.0.0.1:{port} }}",
    )
    leaf = NatsServer(
        folder / "leaf",
        config=f"server_name: leaf\njetstream: {own}\n"
        f'leafnodes {{ remotes: [ {{ urls: ["nats-leaf://127.0.0.1:{port}"], {remote} }} ] }}\n'
        f"{config}",
    )
    with hub, leaf:
        yield hub, leaf


@contextmanager
def supercluster(folder: Path, *names: str) -> Iterator[dict[str, NatsServer]]:
    """Run clusters of one server each, joined by gateways; they elect a leader in ten seconds."""
    gateways, routes = (dict(zip(names, free_ports(len(names)), strict=True)) for _ in range(2))
    remotes = ", ".join(
        f'{{ name: {name}, urls: ["nats://127.0.0.1:{port}"] }}' for name, port in gateways.items()
    )

    def server(name: str) -> NatsServer:
        here = f"127.0.0.1:{routes[name]}"
        return NatsServer(
            folder / name,
            # A cluster wants routes; one to itself will do.
            config=f"server_name: {name}\n"
            f'cluster {{ name: {name}, listen: {here}, routes: ["nats://{here}"] }}\n'
            f"gateway {{ name: {name}, listen: 127.0.0.1:{gateways[name]}, "
            f"gateways: [ {remotes} ] }}",
        )

    servers = {name: server(name) for name in names}
    try:
        for each in servers.values():
            each.start()
        yield servers
    finally:
        for each in servers.values():
            each.stop()
