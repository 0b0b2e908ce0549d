"""How to reach NATS."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self
from urllib.parse import unquote, urlsplit

from sharedctx.errors import InvalidRequest
from sharedctx.store.credentials import Credentials

__all__ = ("DEFAULT_SERVERS", "ConnectOptions", "api_of", "checked_domain", "split_servers")

DEFAULT_SERVERS: Final = "nats://127.0.0.1:4222"

_SECURE_SCHEMES = frozenset({"tls", "wss"})


@dataclass(frozen=True, slots=True)
class ConnectOptions:
    """How to reach NATS.

    Attributes:
        servers: URLs, tried in random order. User and password in one of them go to `credentials`.
        name: Name of the connection in the server's monitoring.
        credentials: What the client logs in with.
        connect_timeout: Seconds that the first connection may take.
        request_timeout: Seconds that one request may take before it is tried again.
        retry_budget: Seconds over which a request is tried again before it fails.
        ping_interval: Seconds between pings; a dead link is found after about three of them.
        domain: JetStream domain that holds the namespaces, when it is not that of the server
            itself: clients of a leaf node work in the domain of their hub so.
    """

    servers: tuple[str, ...]
    name: str = "sharedctx"
    credentials: Credentials = field(default_factory=Credentials)
    connect_timeout: float = 5.0
    request_timeout: float = 5.0
    retry_budget: float = 20.0
    ping_interval: float = 1.0
    domain: str | None = None

    @classmethod
    def from_environment(
        cls,
        servers: str | Sequence[str] | None,
        credentials: Credentials | str | os.PathLike[str] | None,
        domain: str | None,
        **more: Any,
    ) -> Self:
        """Return these options; what is None is as the environment says, or the default.

        Args:
            servers: URLs; else ``$NATS_URL``, else `DEFAULT_SERVERS`.
            credentials: As `Credentials.of` takes them.
            domain: JetStream domain; else ``$NATS_DOMAIN``.
            **more: Other attributes.
        """
        return cls(
            split_servers(servers or os.environ.get("NATS_URL") or DEFAULT_SERVERS),
            credentials=Credentials.of(credentials),
            domain=domain or os.environ.get("NATS_DOMAIN"),
            **more,
        )

    def __post_init__(self) -> None:
        checked_domain(self.domain)
        stripped = [_without_login(url) for url in self.servers]
        logins = {login for _, login in stripped if login is not None}
        if len(logins) > 1:
            raise InvalidRequest("The server URLs name different users. Give one for all of them.")
        object.__setattr__(self, "servers", tuple(url for url, _ in stripped))
        if logins:
            object.__setattr__(self, "credentials", _logged_in(self.credentials, *logins.pop()))

    @property
    def api(self) -> str:
        """First tokens of the subjects of the JetStream API."""
        return api_of(self.domain)

    def stored(self, subject: str) -> str:
        """Where to publish what a stream is to store under `subject`."""
        # The API of a domain takes it and hands it on, over there, without these first tokens.
        return subject if self.domain is None else f"{self.api}.{subject}"

    @property
    def needs_tls(self) -> bool:
        """Whether a link without TLS is not to be used, whatever the server offers."""
        return self.credentials.names_tls or any(
            url.partition("://")[0] in _SECURE_SCHEMES for url in self.servers
        )

    def describe(self) -> str:
        """Return the servers, for messages."""
        return ", ".join(self.servers)


def api_of(domain: str | None) -> str:
    """Return the first tokens of the subjects of the JetStream API in a domain."""
    return "$JS.API" if domain is None else f"$JS.{domain}.API"


def checked_domain(domain: str | None) -> str | None:
    """Return `domain` unchanged, or raise `InvalidRequest`."""
    if domain is not None and not re.fullmatch(r"[A-Za-z0-9_-]+", domain):
        raise InvalidRequest(f"{domain!r} is not the name of a JetStream domain.")
    return domain


def _without_login(url: str) -> tuple[str, tuple[str, str | None] | None]:
    """Return `url` without what stands before its ``@``, and that: a user or token, a password."""
    whole = url if "://" in url else f"nats://{url}"
    try:
        parts = urlsplit(whole)
        parts.port  # noqa: B018  # reading it checks it
    except ValueError:
        # Nothing of the URL may be told: what is wrong with it may be a part of the password.
        raise InvalidRequest(
            "A server URL cannot be read. Write it like nats://host:4222; in user and password "
            "write special characters as %XX, or give them apart from the URL."
        ) from None
    if parts.username is None and parts.password is None:
        return whole, None
    password = None if parts.password is None else unquote(parts.password)
    host = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return host, (unquote(parts.username or ""), password)


def _logged_in(given: Credentials, name: str, password: str | None) -> Credentials:
    if password is None:
        return replace(given, file=None, nkey=None, user=None, password=None, token=name)
    return replace(given, file=None, nkey=None, user=name, password=password, token=None)


def split_servers(servers: str | Sequence[str]) -> tuple[str, ...]:
    """Return server URLs from one string, comma-separated, or a sequence of strings."""
    parts = servers.split(",") if isinstance(servers, str) else servers
    return tuple(part.strip() for part in parts if part.strip())
