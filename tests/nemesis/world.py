"""The processes of a run: nats-servers, workers and clients, and the links between them."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

import nats

from sharedctx import SharedContext, StoreError
from sharedctx.embedded import NatsCluster, NatsServer
from sharedctx.embedded.cluster import free_ports
from sharedctx.embedded.leash import leashed
from tests.faults.clusters import Network, partitionable_cluster
from tests.faults.hosted import HostedCluster, HostedServer, HostNetwork, node_names
from tests.faults.hosts import Host, Hosts, open_hosts
from tests.faults.proxy import Proxy
from tests.nemesis.client import CLEARED, MAIN

__all__ = ("AUDIT", "FAR", "LINKED", "REPLICAS", "NetworkKind", "Program", "World", "open_world")

NetworkKind: TypeAlias = Literal["namespaces", "proxies"]
"""Namespaces of the kernel, each a host with a network of its own, or proxies on one network."""
AUDIT = "AUDIT"
"""The stream that captures what the server announces of every put."""
REPLICAS = {"r1": 1, "r3": 3}
ROOT = Path(__file__).parents[2]
_CLIENTS = 4
_WORKERS = 2
FAR = "far"
"""The host of the clients and workers that are not `LINKED`, when there are hosts."""
_NEAR = "near"
"""The host of this process and all others."""
LINKED = ("client-0", "client-1", "worker-0")
"""The half of the clients and workers that reach the servers through links that can fail."""
_CONFIG = 'lame_duck_duration: "30s"\nlame_duck_grace_period: "1s"\n'
# The clients of odd numbers give up early, so that there are calls whose outcome is not known.
_RETRY_BUDGETS = (20.0, 1.5)
_NAMESPACE: dict[str, Any] = {"ttl": None, "max_entries": None, "ack_wait": 3.0}


@dataclass(slots=True)
class Program:
    """A Python process of this repository that can be killed and started again."""

    log: Path
    arguments: Sequence[str]
    host: Host | None = None
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it. It dies with this process."""
        path = [str(ROOT), str(ROOT / "workers"), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path)}
        place = nullcontext() if self.host is None else self.host.entered()
        with self.log.open("ab") as log, place:
            self.process = subprocess.Popen(
                leashed([sys.executable, *self.arguments]),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                cwd=ROOT,
            )

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(number)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@dataclass(slots=True)
class World:
    """What a run consists of.

    Attributes:
        folder: Where histories and logs go.
        nodes: The nats-servers, one or three; each namespace has a copy on each.
        seed: Of the run.
        cluster: The three of them.
        network: What is between the nodes.
        hosts: With namespaces, where everything runs: each node on one that is named like it, and
            the clients and workers without links on `FAR`.
        links: The proxies through which the process of that name reaches the servers. Those that
            are not in here reach them directly.
        workers: The worker processes.
        clients: The client processes, by number.
        lives: How often each client was started.
    """

    folder: Path
    nodes: list[NatsServer]
    seed: str
    cluster: NatsCluster | None = None
    network: Network | None = None
    hosts: Hosts | None = None
    links: dict[str, list[Proxy]] = field(default_factory=dict)
    workers: list[Program] = field(default_factory=list)
    clients: list[Program] = field(default_factory=list)
    lives: list[int] = field(default_factory=lambda: [0] * _CLIENTS)

    @property
    def urls(self) -> list[str]:
        return [node.url for node in self.nodes]

    def servers_of(self, name: str) -> str:
        """Where the process of that name connects."""
        links = self.links.get(name)
        return ",".join([link.url for link in links] if links else self.urls)

    def host_of(self, name: str) -> Host | None:
        """Where the process of that name runs; None is where this one does."""
        return None if self.hosts is None or name in self.links else self.hosts[FAR]

    def start_client(self, number: int) -> None:
        """Start the client of that number, under a new name if it was there before."""
        name = f"c{number}r{self.lives[number]}"
        self.lives[number] += 1
        program = Program(
            self.folder / f"client-{number}.log",
            [
                *("-m", "tests.nemesis.client", "--name", name),
                *("--servers", self.servers_of(f"client-{number}")),
                *("--history", str(self.folder / f"history-{name}.jsonl")),
                *("--seed", f"{self.seed}/{name}"),
                *("--retry-budget", str(_RETRY_BUDGETS[number % 2])),
            ],
            self.host_of(f"client-{number}"),
        )
        self.clients[number : number + 1] = [program]
        program.start()

    def start_workers(self) -> None:
        """Start all workers."""
        for number in range(_WORKERS):
            worker = Program(
                self.folder / f"worker-{number}.log",
                [
                    *("-m", "sharedctx_workers", "--slots", "1", "--log-level", "warning"),
                    *("--servers", self.servers_of(f"worker-{number}")),
                ],
                self.host_of(f"worker-{number}"),
            )
            worker.start()
            self.workers.append(worker)

    async def heal(self) -> None:
        """Undo every fault: links work, and every process runs."""
        for links in self.links.values():
            for link in links:
                link.heal()
                link.delay, link.rate = 0.0, None
        if self.network is not None:
            self.network.heal()
        for program in [*self.workers, *self.clients]:
            if program.is_running:
                program.signal(signal.SIGCONT)
        for node in self.nodes:
            if node.is_running:
                os.kill(node.pid, signal.SIGCONT)
            node.start()

    def kill(self) -> None:
        """End every process."""
        for program in [*self.clients, *self.workers]:
            program.kill()
        for node in self.nodes:
            node.kill()


@asynccontextmanager
async def open_world(
    config: str, folder: Path, seed: str, network_kind: NetworkKind = "proxies"
) -> AsyncIterator[World]:
    """Start servers, namespaces, workers and clients of a configuration, ``r1`` or ``r3``.

    With namespaces of the kernel this thread is on a host until the end, and so are the threads
    that its event loop starts; it must not have started any before.
    """
    async with AsyncExitStack() as stack:
        if network_kind == "namespaces":
            world = stack.enter_context(_hosted(REPLICAS[config], folder, seed))
        elif REPLICAS[config] == 1:
            (port,) = free_ports(1)
            world = World(folder, [NatsServer(folder / "node-1", port=port, config=_CONFIG)], seed)
            world.nodes[0].start()
        else:
            cluster, network = await stack.enter_async_context(
                partitionable_cluster(folder, REPLICAS[config], config=_CONFIG)
            )
            world = World(folder, cluster.nodes, seed, cluster, network)
        stack.callback(world.kill)
        for name in LINKED:
            world.links[name] = [
                await stack.enter_async_context(Proxy(url.port or 0, url.hostname or ""))
                for url in map(urlsplit, world.urls)
            ]
        await _create_streams(world)
        world.start_workers()
        for number in range(_CLIENTS):
            world.start_client(number)
        yield world


@contextmanager
def _hosted(nodes: int, folder: Path, seed: str) -> Iterator[World]:
    """Make hosts, be on one of them, and run each server on its own."""
    names = node_names(nodes)
    with open_hosts([*names, _NEAR, FAR]) as hosts, hosts[_NEAR].entered():
        network = HostNetwork(hosts, names)
        if nodes == 1:
            server = HostedServer(folder / names[0], hosts[names[0]], config=_CONFIG)
            world = World(folder, [server], seed, None, network, hosts)
            server.start()
        else:
            cluster = HostedCluster(folder, hosts, nodes, config=_CONFIG)
            world = World(folder, cluster.nodes, seed, cluster, network, hosts)
            cluster.start()
        yield world


async def _create_streams(world: World) -> None:
    """Create the namespaces, and a stream that captures what the server announces of each put."""
    async with asyncio.timeout(60):
        for namespace in (MAIN, CLEARED):
            await _create_namespace(world, namespace)
        connection = await nats.connect(world.urls)
        subjects = [f"ctxev.{namespace}.put.*" for namespace in (MAIN, CLEARED)]
        jetstream = connection.jetstream(timeout=20)
        await jetstream.add_stream(name=AUDIT, subjects=subjects, num_replicas=len(world.nodes))
        await connection.close()


async def _create_namespace(world: World, namespace: str) -> None:
    while True:  # a cluster needs a moment to elect its leaders
        context = SharedContext(
            world.urls, namespace=namespace, replicas=len(world.nodes), **_NAMESPACE
        )
        try:
            await context.open()
        except StoreError:
            await asyncio.sleep(0.5)
        else:
            return
        finally:
            await context.aclose()
