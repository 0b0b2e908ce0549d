"""How to reach NATS."""

from __future__ import annotations

import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field

from sharedctx.errors import InvalidRequest

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
        domain: JetStream domain that holds the namespaces, when it is not that of the server
            itself: clients of a leaf node work in the domain of their hub so.
    """

    servers: tuple[str, ...]
    name: str = "sharedctx"
    credentials: str | None = field(default=None, repr=False)
    tls: ssl.SSLContext | None = None
    connect_timeout: float = 5.0
    request_timeout: float = 5.0
    retry_budget: float = 20.0
    ping_interval: float = 1.0
    domain: str | None = None

    def __post_init__(self) -> None:
        if self.domain is not None and not re.fullmatch(r"[A-Za-z0-9_-]+", self.domain):
            raise InvalidRequest(f"{self.domain!r} is not the name of a JetStream domain.")

    @property
    def api(self) -> str:
        """First tokens of the subjects of the JetStream API."""
        return "$JS.API" if self.domain is None else f"$JS.{self.domain}.API"

    def stored(self, subject: str) -> str:
        """Where to publish what a stream is to store under `subject`."""
        # The API of a domain takes it and hands it on, over there, without these first tokens.
        return subject if self.domain is None else f"{self.api}.{subject}"

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
