"""The client that all sessions of an MCP server share."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple, Self

from sharedctx.client import SharedContext
from sharedctx.errors import SharedContextError
from sharedctx.store.base import Store
from sharedctx.store.nats import NatsStore
from sharedctx.store.options import ConnectOptions

__all__ = ("Gateway", "Opened")


class Opened(NamedTuple):
    """A client, and the store that it uses."""

    context: SharedContext
    store: Store


class Gateway:
    """A client that connects when it is first needed, and again after a failure.

    Programs start their MCP servers early, perhaps before NATS is up; then tools say so, and work
    as soon as it is.

    Args:
        options: Where NATS is.
        namespace: Which namespace to serve.
        create: Create the namespace if it does not exist.
        settings: Further arguments of `SharedContext`, such as `agent`.
    """

    def __init__(
        self, options: ConnectOptions, namespace: str, *, create: bool = False, **settings: Any
    ) -> None:
        self.namespace = namespace
        self._options = options
        self._create = create
        self._settings = settings
        self._opening = asyncio.Lock()
        self._opened: Opened | None = None
        self._closed = False

    async def open(self) -> Opened:
        """Return the client, connected.

        Raises:
            SharedContextError: NATS is away, refuses us, or there is no such namespace.
        """
        async with self._opening:
            if self._closed:
                raise SharedContextError("This server is closing.")
            if self._opened is None:
                store = await NatsStore.open(self._options, self.namespace, create=self._create)
                context = SharedContext(store=store, namespace=self.namespace, **self._settings)
                await context.open()
                self._opened = Opened(context, store)
            return self._opened

    async def aclose(self) -> None:
        """Disconnect. May be called again."""
        self._closed = True
        if self._opened is not None:
            await self._opened.context.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
