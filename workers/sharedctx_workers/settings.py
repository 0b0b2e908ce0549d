"""How a worker is set up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from sharedctx.encryption import Encryption
from sharedctx.store.credentials import Credentials
from sharedctx_workers.prose.loading import TextSettings

__all__ = ("LogFormat", "LogLevel", "WorkerSettings")

LogFormat = Literal["auto", "json", "console"]
LogLevel = Literal["debug", "info", "warning", "error"]

_DEFAULT_TEXT = TextSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """Settings of one worker process.

    Attributes:
        servers: URLs of the NATS servers.
        credentials: What to log in with.
        domain: JetStream domain of the namespaces, when it is not that of the server.
        encryption: The keys of namespaces whose contents are encrypted.
        namespaces: The namespaces to serve; empty for every namespace there is.
        slots: Jobs compressed at the same time, each in its own child process.
        time_limit: Seconds that one job may run in its child.
        memory_limit: MiB of address space that a child may use; 0 does not limit.
        text: How prose is abridged.
        text_download: Whether the model of the hub may be downloaded when the worker starts.
        grace: Seconds after SIGTERM or SIGINT to finish the jobs in hand.
        health_host: Address that the health endpoints listen on.
        health_port: TCP port of the health endpoints; 0 for none.
    """

    servers: tuple[str, ...]
    credentials: Credentials = field(default_factory=Credentials)
    domain: str | None = None
    encryption: Encryption | None = None
    namespaces: frozenset[str] = frozenset()
    slots: int = 1
    time_limit: float = 30.0
    memory_limit: int = 2048
    text: TextSettings = _DEFAULT_TEXT
    text_download: bool = False
    grace: float = 25.0
    health_host: str = "127.0.0.1"
    health_port: int = 0
