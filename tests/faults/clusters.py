"""Nats-servers together: a cluster whose network can be taken apart, leaf nodes, superclusters."""

from __future__ import annotations

import asyncio
import itertools
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Collection, Iterable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path

import nats
from nats.errors import Error as NatsError

from sharedctx.embedded import NatsCluster, NatsServer
from sharedctx.embedded.cluster import free_ports
from tests.faults.proxy import Proxy

__all__ = (
    "Network",
    "ProxyNetwork",
    "hub_and_leaf",
    "leader_of",
    "partitionable_cluster",
    "supercluster",
)

_ANSWER_SECONDS = 5.0


class Network(ABC):
    """What is between the nodes of a cluster, which have numbers from 0."""

    def __init__(self, nodes: int) -> None:
        self._nodes = range(nodes)

    @abstractmethod
    def cut(self, ways: Collection[tuple[int, int]]) -> None:
        """Drop what goes these ways, from one node to another, and nothing else."""

    def split(self, *sides: Iterable[int]) -> None:
        """Drop everything between nodes on different sides; a node on no side is on its own."""
        side_of = {node: number for number, side in enumerate(sides) for node in side}
        pairs = itertools.permutations(self._nodes, 2)
        self.cut([(a, b) for a, b in pairs if side_of.get(a, -1 - a) != side_of.get(b, -1 - b)])

    def isolate(self, node: int) -> None:
        """Cut `node` off from all others."""
        self.split([node], set(self._nodes) - {node})

    def part(self, one: int, other: int) -> None:
        """Cut two nodes off from each other; all others reach both."""
        self.cut([(one, other), (other, one)])

    def heal(self) -> None:
        """Let everything through again."""
        self.cut(())


class ProxyNetwork(Network):
    """A proxy for each direction of each pair. It drops both ways what goes through it.

    Attributes:
        links: The proxy through which one node, the first number, reaches another.
    """

    def __init__(self, nodes: int, links: dict[tuple[int, int], Proxy]) -> None:
        super().__init__(nodes)
        self.links = links

    def cut(self, ways: Collection[tuple[int, int]]) -> None:
        for way, proxy in self.links.items():
            if way in ways:
                proxy.black_hole()
            else:
                proxy.heal()


@asynccontextmanager
async def partitionable_cluster(
    folder: Path, nodes: int = 3, *, config: str = ""
) -> AsyncIterator[tuple[NatsCluster, ProxyNetwork]]:
    """Run a cluster whose nodes reach each other only through proxies.

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
            yield cluster, ProxyNetwork(nodes, links)
        finally:
            await asyncio.to_thread(cluster.kill)


async def leader_of(cluster: NatsCluster, stream: str) -> NatsServer:
    """Return the node that leads `stream`, such as ``KV_ctx_default``; wait for an election."""
    async with asyncio.timeout(30):
        while True:
            for node in cluster.nodes:
                if not node.is_running:
                    continue
                # To connect to a silent node is tried for two minutes, if it is let.
                with suppress(NatsError, OSError, TimeoutError):
                    async with asyncio.timeout(_ANSWER_SECONDS):
                        leader = await _leader_by(node, stream)
                    if leader:
                        return cluster.node(leader)
            await asyncio.sleep(0.2)


async def _leader_by(node: NatsServer, stream: str) -> str | None:
    """Return the name of the node that leads a stream, by the word of a node."""
    connection = await nats.connect(node.url, allow_reconnect=False)
    try:
        info = await connection.jetstream().stream_info(stream)
    finally:
        await connection.close()
    return info.cluster.leader if info.cluster is not None else None


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
