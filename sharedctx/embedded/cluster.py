"""Several nats-servers on this machine that form one JetStream cluster."""

from __future__ import annotations

import http.client
import json
import random
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit

from sharedctx.embedded.server import NatsServer
from sharedctx.errors import InvalidRequest, StoreUnavailable

__all__ = ("NatsCluster", "free_ports")

_READY_SECONDS: Final = 45.0
"""Recovering data takes a while; empty servers have a leader after two to six seconds."""
_LOOK_AGAIN_SECONDS: Final = 0.05
_FIRST_PORT: Final = 16_384
_LAST_PORT: Final = 32_768

Routes = Callable[[int, int], str]
"""Tells the URL at which node `from` reaches node `to`."""


def free_ports(count: int) -> list[int]:
    """Return TCP ports of the loopback interface that nobody listens on right now."""
    found: list[int] = []
    with ExitStack() as opened:
        while len(found) < count:
            # Not one that the system gives to outgoing connections: nodes look for each other, and
            # their own attempts can take the port that another one is about to listen on.
            port = random.randrange(_FIRST_PORT, _LAST_PORT)  # noqa: S311
            with suppress(OSError):
                opened.enter_context(socket.create_server(("127.0.0.1", port)))
                found.append(port)
    return found


class NatsCluster:
    """Nats-servers on 127.0.0.1 that keep streams in several copies and elect new leaders.

    ```python
    with NatsCluster(tmp_path) as cluster:
        nc = await nats.connect(cluster.urls)
    ```

    Node `n` is named ``node-n``, counted from 1, and keeps its data in a folder of that name.

    Args:
        data_dir: Where the folders of the nodes live.
        nodes: How many servers, 2 or more; three survive the loss of one.
        port: TCP port of the first node, the others follow; None takes free ones.
        config: More lines for the configuration file of every node.
        sync_interval: As for `NatsServer`.
        routes: How nodes reach each other; directly by default.
        route_ports: The ports at which they listen for each other; free ones by default.
    """

    def __init__(
        self,
        data_dir: Path,
        nodes: int = 3,
        *,
        port: int | None = None,
        config: str = "",
        sync_interval: str | None = None,
        routes: Routes | None = None,
        route_ports: Sequence[int] | None = None,
    ) -> None:
        if nodes < 2:
            raise InvalidRequest("A cluster has at least 2 nodes; 3 survive the loss of one.")
        ports = list(route_ports or free_ports(nodes))
        reach = routes or (lambda _from, to: f"nats://127.0.0.1:{ports[to]}")

        def node(number: int) -> NatsServer:
            urls = [reach(number, other) for other in range(nodes) if other != number]
            # Where servers are reached over other addresses than they listen on, they must not
            # tell each other the latter; nothing listens on port 1.
            advertise = '  advertise: "127.0.0.1:1"\n' if routes else ""
            lines = (
                f"server_name: node-{number + 1}\n"
                # For the health check: the only way to know that a leader was elected.
                'http: "127.0.0.1:-1"\n'
                f"cluster {{\n  name: sharedctx\n  listen: 127.0.0.1:{ports[number]}\n"
                f"{advertise}  routes: {json.dumps(urls)}\n}}\n{config}"
            )
            return NatsServer(
                data_dir / f"node-{number + 1}",
                port=None if port is None else port + number,
                config=lines,
                sync_interval=sync_interval,
            )

        self.nodes = [node(number) for number in range(nodes)]

    @property
    def urls(self) -> list[str]:
        """Where clients connect; they outlive `NatsServer.kill` and `NatsServer.stop`."""
        return [node.url for node in self.nodes]

    def node(self, name: str) -> NatsServer:
        """Return the node of that name, such as ``node-1``."""
        return self.nodes[int(name.removeprefix("node-")) - 1]

    def start(self) -> Self:
        """Start all nodes that do not run, and return once the cluster has elected a leader.

        Raises:
            MissingExtra: there is no nats-server program.
            StoreUnavailable: it did not come up within 45 s.
        """
        try:
            for node in self.nodes:
                node.start()
            self.await_ready()
        except BaseException:
            self.kill()
            raise
        return self

    def await_ready(self) -> None:
        """Return once every node that runs is in contact with a leader and has recovered its data.

        Raises:
            StoreUnavailable: that takes longer than 45 s.
        """
        deadline = time.monotonic() + _READY_SECONDS
        for node in self.nodes:
            while node.is_running and (problem := _problem(node)) is not None:
                if time.monotonic() > deadline:
                    raise StoreUnavailable(
                        f"The NATS cluster did not come up in time: {problem}. See {node.log}."
                    )
                time.sleep(_LOOK_AGAIN_SECONDS)

    def stop(self) -> None:
        """End all nodes in good order."""
        for node in self.nodes:
            node.stop()

    def kill(self) -> None:
        """End all nodes at once with SIGKILL."""
        for node in self.nodes:
            node.kill()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def _problem(node: NatsServer) -> str | None:
    """Return what the health check of `node` complains about, or None."""
    address = urlsplit(str(node.monitoring_url)).netloc
    connection = http.client.HTTPConnection(address, timeout=5)
    try:
        connection.request("GET", "/healthz")
        answer: dict[str, Any] = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        return str(error)
    finally:
        connection.close()
    return None if answer.get("status") == "ok" else str(answer.get("error") or answer)
