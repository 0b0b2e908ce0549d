"""Both clients behind one ``await``, so that adapters need not know which one they hold."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeAlias, TypeVar

import anyio

from sharedctx import sync
from sharedctx.client import SharedContext
from sharedctx.errors import RevisionConflict, SharedContextError

__all__ = ("AnyContext", "call", "run", "update")

_T = TypeVar("_T")

AnyContext: TypeAlias = SharedContext | sync.SharedContext
"""The async client serves the loop it was opened on, the blocking one every loop and thread."""


async def call(method: Callable[..., Any], /, *args: Any, **options: Any) -> Any:
    """Await `method` of either client; a blocking one runs in a thread, left alone if cancelled."""
    bound = partial(method, *args, **options)
    if inspect.iscoroutinefunction(method):
        return await bound()
    return await anyio.to_thread.run_sync(bound, abandon_on_cancel=True)


def run(context: AnyContext, work: Callable[[], Awaitable[_T]]) -> _T:
    """Return what ``await work()`` returns, for a synchronous call of the framework.

    Raises:
        SharedContextError: `context` is not a blocking one, or an event loop runs in this thread.
    """
    if isinstance(context, SharedContext):
        raise SharedContextError(
            "A synchronous call of the framework needs a sharedctx.sync.SharedContext. Give the "
            "adapter one, or use the framework's asynchronous calls."
        )
    if _on_event_loop():
        raise SharedContextError(
            "A synchronous call would block the event loop of this thread. Use the framework's "
            "asynchronous calls."
        )
    return anyio.run(work)


def _on_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


async def update(
    context: AnyContext, key: str, change: Callable[[str | None], str | None]
) -> str | None:
    """Put `change` of what is under `key`, so that no concurrent update is lost.

    Args:
        context: Where the entry is.
        key: Its key.
        change: Given the content, or None when there is none, returns the new one, or None to
            leave it; called again when another writer was faster.

    Returns:
        What the content was before.
    """
    while True:
        entry = await call(context.get_entry, key)
        before: str | None = entry.original if entry else None
        after = change(before)
        if after is not None:
            try:
                await call(context.put, key, after, expect=entry.revision if entry else 0)
            except RevisionConflict:
                continue
        return before
