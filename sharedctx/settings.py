"""The settings of a client: where NATS is, and what was asked for of the namespace."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, Final

from sharedctx.store.options import ConnectOptions, split_servers

__all__ = ("DEFAULT_SERVERS", "NOT_GIVEN", "NotGiven", "connect_options", "given")

DEFAULT_SERVERS: Final = "nats://127.0.0.1:4222"


class NotGiven:
    """Tells an argument that was left out from None."""


NOT_GIVEN: Final = NotGiven()


def given(**settings: Any) -> dict[str, Any]:
    """Return the settings that were not left out."""
    return {name: value for name, value in settings.items() if not isinstance(value, NotGiven)}


def connect_options(
    servers: str | Sequence[str] | None,
    *,
    agent: str | None,
    credentials: str | None,
    domain: str | None,
    retry_budget: float,
) -> ConnectOptions:
    """Return how to reach NATS; what is None comes from the environment, or is the default."""
    return ConnectOptions(
        split_servers(servers or os.environ.get("NATS_URL") or DEFAULT_SERVERS),
        name=f"sharedctx-{agent or 'client'}",
        credentials=credentials or os.environ.get("NATS_CREDS"),
        domain=domain or os.environ.get("NATS_DOMAIN") or None,
        retry_budget=retry_budget,
    )
