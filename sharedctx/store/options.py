"""How to reach NATS."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field

__all__ = ("ConnectOptions", "split_servers")


@dataclass(frozen=True, slots=True)
class ConnectOptions:
    """How to reach NATS.

    Attributes:
        servers: URLs, tried in random order.
        name: Name of the connection in the server's monitoring.
        credentials: Path of a NATS credentials file.
        tls: TLS settings, when the default ones of a ``tls://`` URL do not do.
        connect_timeout: Seconds that the first connection may take.
        request_timeout: Seconds that one request may take before it is tried again.
        retry_budget: Seconds over which a request is tried again before it fails.
        ping_interval: Seconds between pings; a dead link is found after about three of them.
    """

    servers: tuple[str, ...]
    name: str = "sharedctx"
    credentials: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = None
    connect_timeout: float = 5.0
    request_timeout: float = 5.0
    retry_budget: float = 20.0
    ping_interval: float = 1.0

    def describe(self) -> str:
        """Return the servers without user names and passwords, for messages."""
        return ", ".join(_without_credentials(url) for url in self.servers)


def _without_credentials(url: str) -> str:
    scheme, separator, rest = url.rpartition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"


def split_servers(servers: str | Sequence[str]) -> tuple[str, ...]:
    """Return server URLs from one string, comma-separated, or a sequence of strings."""
    parts = servers.split(",") if isinstance(servers, str) else servers
    return tuple(part.strip() for part in parts if part.strip())
