"""What nats-py leaves open about a single link: its server's version, and how to let go of it."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

import anyio
from nats.aio.client import Client

from sharedctx.errors import StoreUnavailable

__all__ = ("MINIMUM_SERVER", "abort_transport", "check_version", "close_client", "is_clustered")

MINIMUM_SERVER: Final = (2, 11)
"""The oldest nats-server that has all the store uses."""
_CLOSE_LIMIT_S = 2.0


def check_version(client: Client) -> None:
    """Raise `StoreUnavailable` when the server is too old for what the store uses."""
    version = client.connected_server_version
    if (version.major, version.minor) < MINIMUM_SERVER:
        raise StoreUnavailable(
            f"The NATS server has version {version.major}.{version.minor}.{version.patch}; "
            f"sharedctx needs {MINIMUM_SERVER[0]}.{MINIMUM_SERVER[1]} or newer."
        )


def is_clustered(client: Client) -> bool:
    """Return whether the server of `client` tells that it belongs to a cluster."""
    # Private, and only in nats-py 2.x; where it is missing, no cluster is seen.
    return bool(getattr(client, "_server_info", {}).get("cluster"))


async def close_client(client: Client) -> None:
    """Close, in bounded time: a peer that hangs with unsent bytes is not waited for."""
    with anyio.CancelScope(shield=True):
        with anyio.move_on_after(_CLOSE_LIMIT_S), suppress(Exception):
            await client.close()
        abort_transport(client)


def abort_transport(client: Client) -> None:
    """Cut the link of `client` at once."""
    # Private, and only in nats-py 2.x; where it is missing, the operating system's timeout remains.
    writer = getattr(getattr(client, "_transport", None), "_io_writer", None)
    if writer is not None:
        writer.transport.abort()
