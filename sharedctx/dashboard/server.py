"""Running the dashboard on a socket."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Collection

import uvicorn

from sharedctx.dashboard.app import build_app
from sharedctx.monitor import Monitor
from sharedctx.store.options import ConnectOptions

__all__ = ("is_loopback", "serve")

_OUR_NAMES = ("localhost", "127.0.0.1", "::1")


def is_loopback(host: str) -> bool:
    """Whether only this machine can connect to a server that listens on `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def serve(
    options: ConnectOptions,
    namespace: str,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    allowed_hosts: Collection[str] = (),
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the dashboard of a namespace until SIGINT or SIGTERM.

    Args:
        options: How to reach NATS.
        namespace: Name of the namespace.
        host: Address to listen on.
        port: TCP port; 0 takes a free one.
        allowed_hosts: More names under which it may be asked for, such as that of a proxy.
        on_ready: Called with the URL once it listens.

    Raises:
        NamespaceNotFound: the namespace does not exist.
        StoreUnavailable: NATS is not reachable.
        OSError: the address cannot be listened on.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    async with Monitor.open(options, namespace) as monitor:
        with socket.create_server((host, port), family=family) as listener:
            # It needs to know the server, and the server needs it.
            app = build_app(
                monitor, {*_OUR_NAMES, host, *allowed_hosts}, lambda: server.should_exit
            )
            config = uvicorn.Config(
                app,
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=3,
            )
            server = uvicorn.Server(config)
            if on_ready is not None:
                name = f"[{host}]" if ":" in host else host
                on_ready(f"http://{name}:{listener.getsockname()[1]}/")
            await server.serve([listener])
