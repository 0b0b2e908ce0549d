"""Nats-servers on hosts of their own, and a cluster of them."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final, Self

from sharedctx.embedded import NatsCluster, NatsServer
from tests.faults.clusters import Network
from tests.faults.hosts import Host, Hosts

__all__ = ("HostNetwork", "HostedCluster", "HostedServer", "node_names")

_PORT: Final = 4222
_ROUTE_PORT: Final = 6222
_MONITORING_PORT: Final = 8222


class HostNetwork(Network):
    """A host for each node, and a router between them, which drops packets."""

    def __init__(self, hosts: Hosts, names: Sequence[str]) -> None:
        super().__init__(len(names))
        self._hosts = hosts
        self._names = names

    def cut(self, ways: Collection[tuple[int, int]]) -> None:
        self._hosts.drop((self._names[one], self._names[other]) for one, other in ways)

    def heal(self) -> None:
        """Let everything through again, also to and from other hosts."""
        self._hosts.heal()


class HostedServer(NatsServer):
    """A nats-server on a host of its own, which it has all ports of.

    Args:
        data_dir: As for every server.
        host: Where it runs.
        config: More lines for its configuration file.
    """

    def __init__(self, data_dir: Path, host: Host, *, config: str = "") -> None:
        # Of two lines for one setting, the last counts.
        listen = f'listen: "0.0.0.0:{_PORT}"\nhttp: "0.0.0.0:{_MONITORING_PORT}"\n'
        super().__init__(data_dir, port=_PORT, config=listen + config)
        self._host = host

    @property
    def url(self) -> str:
        return f"nats://{self._host.address}:{_PORT}"

    @property
    def monitoring_url(self) -> str:
        return f"http://{self._host.address}:{_MONITORING_PORT}"

    def start(self) -> Self:
        with self._host.entered():
            return super().start()


class HostedCluster(NatsCluster):
    """A cluster with each node on a host of its own, which is named like it: ``node-1``, ...

    Clients connect directly, and learn of no server but those that they were told.
    """

    def __init__(self, data_dir: Path, hosts: Hosts, nodes: int = 3, *, config: str = "") -> None:
        names = node_names(nodes)
        routes = {name: f"nats://{hosts[name].address}:{_ROUTE_PORT}" for name in names}

        def node(name: str) -> NatsServer:
            lines = (
                f"server_name: {name}\ncluster {{\n  name: sharedctx\n"
                f'  listen: "0.0.0.0:{_ROUTE_PORT}"\n  no_advertise: true\n'
                f"  routes: {json.dumps([routes[other] for other in names if other != name])}\n"
                f"}}\n{config}"
            )
            return HostedServer(data_dir / name, hosts[name], config=lines)

        self.nodes = [node(name) for name in names]


def node_names(nodes: int) -> list[str]:
    """Return the names of so many nodes, which their hosts have too."""
    return [f"node-{number + 1}" for number in range(nodes)]
