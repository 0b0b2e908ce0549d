"""What goes wrong.

Each fault happens when its context is entered, and is healed when it is left. The context gives the
name of what it hits: ``node-2``, ``worker-0``, ``client-3``, or ``all``.
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
from tests.faults.proxy import Proxy
from tests.nemesis.client import MAIN
from tests.nemesis.world import Program, World

__all__ = ("CLUSTER_FAULTS", "FAULTS", "KILLS", "SPLITS", "Plan", "kinds_for", "plan")

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


def kinds_for(replicas: int) -> list[str]:
    """Return the faults that make sense with so many replicas; kills and partitions more often."""
    kinds = [kind for kind in FAULTS if replicas > 1 or kind not in CLUSTER_FAULTS]
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


# The network between the servers and the others


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


FAULTS: Final[dict[str, Fault]] = {
    "server-kill": _server_kill,
    "leader-kill": _leader_kill,
    "split-leader": _split_leader,
    "split-node": _split_node,
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
    "link-reset": _damaged_link(Proxy.reset),
    "link-half-closed": _damaged_link(Proxy.half_close),
    "link-delayed": _shaped_link("delay", 0.01, 0.2, usual=0.0),
    "link-slow": _shaped_link("rate", 20_000, 200_000, usual=None),
}
CLUSTER_FAULTS: Final = frozenset({"leader-kill", "split-leader", "split-node"})
"""Those that need several servers."""
KILLS: Final = frozenset(list(FAULTS)[:8])
"""Kills and partitions."""
SPLITS: Final = frozenset({"split-leader", "split-node", "server-pause"})
"""Those during which a reader of a cluster may be cut off together with an old leader."""
