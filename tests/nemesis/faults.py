"""What goes wrong.

Each fault happens when its context is entered, and is healed when it is left. The context gives the
name of what it hits: ``node-2``, ``worker-0``, ``client-3``, ``far`` (a host of several clients
and workers), or ``all``.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from sharedctx.embedded import NatsServer
from sharedctx.keys import subjects_of
from tests.faults.clusters import leader_of
from tests.faults.hosts import can_shape
from tests.faults.proxy import Proxy
from tests.nemesis.client import MAIN
from tests.nemesis.world import FAR, REPLICAS, NetworkKind, Program, World

__all__ = (
    "CLUSTER_FAULTS",
    "FAULTS",
    "HOST_FAULTS",
    "KILLS",
    "SPLITS",
    "Plan",
    "kinds_for",
    "plan",
)

Fault: TypeAlias = Callable[[World, random.Random], AbstractAsyncContextManager[str]]
"""Happens when the context that it gives is entered."""

_EXIT_LIMIT_S: Final = 90.0


@dataclass(frozen=True, slots=True)
class Plan:
    """A fault that is to happen.

    Attributes:
        kind: Which one, a key of `FAULTS`.
        pause: Seconds of peace before it.
        hold: Seconds until it is healed.
        chance: Decides whom it hits.
    """

    kind: str
    pause: float
    hold: float
    chance: random.Random


def plan(seed: str, kinds: Sequence[str], *, longest: float) -> Iterator[Plan]:
    """Draw faults of these kinds from a seed, without end; each is held `longest` s at most."""
    chance = random.Random(f"nemesis/{seed}")
    while True:
        # Every kind once in each round, so that none is left to chance.
        for kind in chance.sample(list(kinds), len(kinds)):
            pause, hold = chance.uniform(0.5, 2.0), chance.uniform(0.2, 1.0) * longest
            yield Plan(kind, pause, hold, random.Random(chance.random()))


def kinds_for(config: str, network: NetworkKind) -> list[str]:
    """Return the faults that a configuration can have; kills and partitions more often."""
    absent: set[str] = set()
    if REPLICAS[config] == 1:
        absent |= CLUSTER_FAULTS
    if network == "proxies":
        absent |= HOST_FAULTS
    else:
        absent |= {kind for kind, qdisc in _QDISCS.items() if not can_shape(qdisc.format(0.1))}
    kinds = [kind for kind in FAULTS if kind not in absent]
    return kinds + [kind for kind in kinds if kind in KILLS]


# Servers


@asynccontextmanager
async def _server_kill(world: World, chance: random.Random) -> AsyncIterator[str]:
    node = chance.choice(world.nodes)
    node.kill()
    yield node.data_dir.name
    node.start()


@asynccontextmanager
async def _leader_kill(world: World, _chance: random.Random) -> AsyncIterator[str]:
    node = await _leader(world)
    node.kill()
    yield node.data_dir.name
    node.start()


@asynccontextmanager
async def _server_pause(world: World, chance: random.Random) -> AsyncIterator[str]:
    node = chance.choice(world.nodes)
    os.kill(node.pid, signal.SIGSTOP)
    yield node.data_dir.name
    os.kill(node.pid, signal.SIGCONT)


@asynccontextmanager
async def _server_restart(world: World, chance: random.Random) -> AsyncIterator[str]:
    node = chance.choice(world.nodes)
    await _end(node, signal.SIGTERM)
    yield node.data_dir.name
    node.start()


@asynccontextmanager
async def _rolling_restart(world: World, chance: random.Random) -> AsyncIterator[str]:
    """Every server in turn lets its clients go, ends, and is started again."""
    for node in chance.sample(world.nodes, len(world.nodes)):
        await _end(node, signal.SIGUSR2)
        node.start()
        await asyncio.sleep(1.0)
    yield "all"


@asynccontextmanager
async def _config_reload(world: World, chance: random.Random) -> AsyncIterator[str]:
    node = chance.choice(world.nodes)
    settings = node.data_dir / "nats-server.conf"
    before = settings.read_text()
    settings.write_text(f"{before}\nmax_connections: {chance.randrange(500, 900)}\n")
    os.kill(node.pid, signal.SIGHUP)
    yield node.data_dir.name
    settings.write_text(before)
    os.kill(node.pid, signal.SIGHUP)


async def _leader(world: World) -> NatsServer:
    assert world.cluster is not None
    return await leader_of(world.cluster, subjects_of(MAIN).entries)


async def _end(node: NatsServer, number: signal.Signals) -> None:
    """Ask a server to end and wait until it has, without holding up the links."""
    os.kill(node.pid, number)
    async with asyncio.timeout(_EXIT_LIMIT_S):
        while node.is_running:
            await asyncio.sleep(0.05)


# The network between the servers


@asynccontextmanager
async def _split_leader(world: World, _chance: random.Random) -> AsyncIterator[str]:
    async with _isolated(world, await _leader(world)) as name:
        yield name


@asynccontextmanager
async def _split_node(world: World, chance: random.Random) -> AsyncIterator[str]:
    async with _isolated(world, chance.choice(world.nodes)) as name:
        yield name


@asynccontextmanager
async def _isolated(world: World, node: NatsServer) -> AsyncIterator[str]:
    assert world.network is not None
    world.network.isolate(world.nodes.index(node))
    yield node.data_dir.name
    world.network.heal()


@asynccontextmanager
async def _split_pair(world: World, chance: random.Random) -> AsyncIterator[str]:
    """Two servers do not reach each other; the third reaches both."""
    assert world.network is not None
    one, other = chance.sample(range(len(world.nodes)), 2)
    world.network.part(one, other)
    yield world.nodes[one].data_dir.name
    world.network.heal()


@asynccontextmanager
async def _split_one_way(world: World, chance: random.Random) -> AsyncIterator[str]:
    """The others do not hear a server, or it does not hear them."""
    assert world.network is not None
    node, *others = chance.sample(range(len(world.nodes)), len(world.nodes))
    ways = [(node, other) for other in others]
    world.network.cut(ways if chance.random() < 0.5 else [(b, a) for a, b in ways])
    yield world.nodes[node].data_dir.name
    world.network.heal()


# Hosts


@asynccontextmanager
async def _server_silent(world: World, chance: random.Random) -> AsyncIterator[str]:
    """A server is gone for all, without a word."""
    assert world.hosts is not None
    name = chance.choice(world.nodes).data_dir.name
    world.hosts.silence(name)
    yield name
    world.hosts.heal()


@asynccontextmanager
async def _far_silent(world: World, chance: random.Random) -> AsyncIterator[str]:
    """One server, or every server, is out of reach for the clients and workers of a host."""
    assert world.hosts is not None
    names = [node.data_dir.name for node in world.nodes]
    world.hosts.silence(FAR, *(names if chance.random() < 0.5 else [chance.choice(names)]))
    yield FAR
    world.hosts.heal()


@asynccontextmanager
async def _far_one_way(world: World, chance: random.Random) -> AsyncIterator[str]:
    """What clients and workers of a host send is lost, or what they are sent."""
    assert world.hosts is not None
    ways = [(FAR, node.data_dir.name) for node in world.nodes]
    world.hosts.drop(ways if chance.random() < 0.5 else [(b, a) for a, b in ways])
    yield FAR
    world.hosts.heal()


def _shaped_host(qdisc: str, least: float, most: float) -> Fault:
    """What clients and workers of a host send and are sent passes a qdisc, with a value drawn."""

    @asynccontextmanager
    async def fault(world: World, chance: random.Random) -> AsyncIterator[str]:
        assert world.hosts is not None
        world.hosts.shape(FAR, qdisc.format(chance.uniform(least, most)))
        yield FAR
        world.hosts.heal()

    return fault


# Links between the servers and the others


def _damaged_link(damage: Callable[[Proxy], None], *, heals: bool = False) -> Fault:
    """A link that something is done to; it is healed again where it would not mend by itself."""

    @asynccontextmanager
    async def fault(world: World, chance: random.Random) -> AsyncIterator[str]:
        name, links = _link(world, chance)
        for link in links:
            damage(link)
        yield name
        for link in links if heals else ():
            link.heal()

    return fault


def _shaped_link(
    quality: Literal["delay", "rate"], least: float, most: float, usual: float | None
) -> Fault:
    """A link of which something is as bad for a while as is drawn, and then `usual` again."""

    @asynccontextmanager
    async def fault(world: World, chance: random.Random) -> AsyncIterator[str]:
        name, links = _link(world, chance)
        amount = chance.uniform(least, most)
        for link in links:
            setattr(link, quality, amount)
        yield name
        for link in links:
            setattr(link, quality, usual)

    return fault


def _link(world: World, chance: random.Random) -> tuple[str, list[Proxy]]:
    return chance.choice(sorted(world.links.items()))


# Workers and clients


@asynccontextmanager
async def _worker_kill(world: World, chance: random.Random) -> AsyncIterator[str]:
    worker = chance.choice(world.workers)
    worker.kill()
    yield worker.log.stem
    worker.start()


@asynccontextmanager
async def _client_kill(world: World, chance: random.Random) -> AsyncIterator[str]:
    number = chance.randrange(len(world.clients))
    world.clients[number].kill()
    yield world.clients[number].log.stem
    world.start_client(number)


@asynccontextmanager
async def _worker_pause(world: World, chance: random.Random) -> AsyncIterator[str]:
    async with _paused(chance.choice(world.workers)) as name:
        yield name


@asynccontextmanager
async def _client_pause(world: World, chance: random.Random) -> AsyncIterator[str]:
    async with _paused(chance.choice(world.clients)) as name:
        yield name


@asynccontextmanager
async def _paused(program: Program) -> AsyncIterator[str]:
    program.signal(signal.SIGSTOP)
    yield program.log.stem
    program.signal(signal.SIGCONT)


_LOSSY: Final = "netem delay 20ms 10ms loss {:.1f}%"
_SLOW: Final = "tbf rate {:.0f}kbit burst 4kb latency 200ms"

FAULTS: Final[dict[str, Fault]] = {
    "server-kill": _server_kill,
    "leader-kill": _leader_kill,
    "split-leader": _split_leader,
    "split-node": _split_node,
    "split-pair": _split_pair,
    "split-one-way": _split_one_way,
    "server-silent": _server_silent,
    "far-silent": _far_silent,
    "far-one-way": _far_one_way,
    "worker-kill": _worker_kill,
    "client-kill": _client_kill,
    "link-silent": _damaged_link(Proxy.black_hole, heals=True),
    "link-refused": _damaged_link(Proxy.refuse, heals=True),
    "server-pause": _server_pause,
    "server-restart": _server_restart,
    "rolling-restart": _rolling_restart,
    "config-reload": _config_reload,
    "worker-pause": _worker_pause,
    "client-pause": _client_pause,
    "far-lossy": _shaped_host(_LOSSY, 1, 20),
    "far-slow": _shaped_host(_SLOW, 200, 2000),
    "link-reset": _damaged_link(Proxy.reset),
    "link-half-closed": _damaged_link(Proxy.half_close),
    "link-delayed": _shaped_link("delay", 0.01, 0.2, usual=0.0),
    "link-slow": _shaped_link("rate", 20_000, 200_000, usual=None),
}
CLUSTER_FAULTS: Final = frozenset(
    {"leader-kill", "split-leader", "split-node", "split-pair", "split-one-way"}
)
"""Those that need several servers."""
HOST_FAULTS: Final = frozenset(
    {"split-one-way", "server-silent"} | {kind for kind in FAULTS if kind.startswith("far-")}
)
"""Those that need hosts of their own."""
_QDISCS: Final = {"far-lossy": _LOSSY, "far-slow": _SLOW}
"""Those that need a queueing discipline in the kernel."""
KILLS: Final = frozenset(list(FAULTS)[:13])
"""Kills and partitions."""
SPLITS: Final = frozenset(
    {"split-leader", "split-node", "split-pair", "split-one-way", "server-silent", "server-pause"}
)
"""Those during which a reader of a cluster may be cut off together with an old leader."""
