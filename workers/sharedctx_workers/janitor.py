"""Removes what nothing refers to any more: large bodies whose entries are gone."""

from __future__ import annotations

import random
from typing import Protocol

import anyio
import structlog

from sharedctx.errors import SharedContextError

__all__ = ("Reapable", "reap_forever")

# Every worker does it, so it is rare, and by chance so that they do not do it together.
_SOONEST_S = 1_800.0
_LATEST_S = 5_400.0

_log = structlog.get_logger("sharedctx.worker")


class Reapable(Protocol):
    """The part of a store that holds large bodies."""

    @property
    def namespace(self) -> str:
        """Name of the namespace."""
        ...

    async def reap_blobs(self) -> int:
        """Remove large bodies that nothing refers to and return how many."""
        ...


async def reap_forever(store: Reapable) -> None:
    """Reap about once an hour until cancelled."""
    while True:
        await anyio.sleep(random.uniform(_SOONEST_S, _LATEST_S))  # noqa: S311 - not a secret
        try:
            reaped = await store.reap_blobs()
        except SharedContextError as error:
            _log.warning("blobs.not_reaped", namespace=store.namespace, reason=str(error))
        else:
            _log.info("blobs.reaped", namespace=store.namespace, count=reaped)
