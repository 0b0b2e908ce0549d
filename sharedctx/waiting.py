"""Waiting for something to appear in the store, without polling.

Subscribe first, then look, then wait: whatever appears after the look also sets the signal. Events
are delivered at most once, so a slow second look catches a lost one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

from sharedctx.errors import WaitTimeout
from sharedctx.records import StoredEntry
from sharedctx.store.base import Store

__all__ = ("wait_for_put", "wait_until")

_T = TypeVar("_T")
_RELOOK_S = 1.5


async def wait_until(
    look: Callable[[], Awaitable[_T | None]],
    signal: AbstractAsyncContextManager[asyncio.Event],
    timeout: float | None,
    on_silence: Callable[[], Awaitable[None]] | None = None,
) -> _T | None:
    """Return what `look` finds, as soon as it finds something.

    Args:
        look: Looks once; None means not there yet.
        signal: Gives an event that is set when looking again may be worth it.
        timeout: Seconds to wait, or None for as long as it takes.
        on_silence: Called now and then while the signal stays silent.

    Returns:
        What was found, or None when `timeout` passed first.
    """
    try:
        async with asyncio.timeout(timeout), signal as event:
            return await _until_found(look, event, on_silence)
    except TimeoutError:
        return None


async def _until_found(
    look: Callable[[], Awaitable[_T | None]],
    event: asyncio.Event,
    on_silence: Callable[[], Awaitable[None]] | None,
) -> _T:
    silences = 0
    while True:
        event.clear()
        found = await look()
        if found is not None:
            return found
        try:
            async with asyncio.timeout(_RELOOK_S):
                await event.wait()
        except TimeoutError:
            silences += 1
            # At the 1st, 2nd, 4th, 8th ...: often enough to be heard, too seldom to be a burden.
            if on_silence is not None and silences.bit_count() == 1:
                await on_silence()


async def wait_for_put(
    store: Store, key: str, newer_than: int, timeout: float | None
) -> StoredEntry:
    """Return the entry of `key` as soon as it is there at a revision above `newer_than`.

    Raises:
        WaitTimeout: that did not happen within `timeout` seconds.
    """

    async def look() -> StoredEntry | None:
        stored = await store.get(key)
        return stored if stored is not None and stored.revision > newer_than else None

    stored = await wait_until(look, store.put_signal(key), timeout)
    if stored is None:
        raise WaitTimeout(
            f"The key was not put within {timeout:g} s. Wait longer, or check who puts it.",
            key=key,
            namespace=store.namespace,
        )
    return stored
