"""Opening and closing a namespace: the part of the client that is not about content."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Self

from sharedctx.encryption import Encryption
from sharedctx.errors import SharedContextError
from sharedctx.reading import Reader
from sharedctx.store.base import Store

__all__ = ("Session",)


class Session:
    """A store that is open for as long as an ``async with`` block, on one event loop.

    Args:
        connect: Opens the store.
        namespace: Name of the namespace.
        cache_bytes: Memory for recently read renditions.
        encryption: The keys of the namespace, when its contents are encrypted.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[Store]],
        namespace: str,
        cache_bytes: int,
        encryption: Encryption | None,
    ) -> None:
        self._connect = connect
        self._namespace = namespace
        self._cache_bytes = cache_bytes
        self._encryption = encryption
        self._open_store: Store | None = None
        self._open_reader: Reader | None = None
        self._opening = asyncio.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    async def open(self) -> None:
        """Connect, and open or create the namespace. ``async with`` does this.

        Raises:
            StoreUnavailable: no server answers.
            AuthError: the server refuses the credentials.
            ConfigMismatch: the namespace exists with other settings.
            NamespaceNotFound: it does not exist, and this context does not create it.
        """
        async with self._opening:
            if self._closed:
                raise SharedContextError("This SharedContext was closed. Create another one.")
            if self._open_store is None:
                self._open_store = await self._connect()
                self._open_reader = Reader(self._open_store, self._cache_bytes, self._encryption)
                self._loop = asyncio.get_running_loop()

    async def aclose(self) -> None:
        """Disconnect. Calls in progress fail. May be called again."""
        self._closed = True
        store, self._open_store = self._open_store, None
        if store is not None:
            await store.aclose()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    @property
    def namespace(self) -> str:
        """Name of the namespace."""
        return self._namespace

    @property
    def _store(self) -> Store:
        if self._open_store is None:
            raise SharedContextError(
                "This SharedContext is not open. Use `async with SharedContext(...) as ctx`."
            )
        if asyncio.get_running_loop() is not self._loop:
            raise SharedContextError(
                "This SharedContext belongs to another event loop. Open one per loop, or use "
                "sharedctx.sync.SharedContext."
            )
        return self._open_store

    @property
    def _reader(self) -> Reader:
        assert self._open_reader is not None, "open() sets it together with the store"
        return self._open_reader
