"""What the server announces: stored entries and renditions, and changed settings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from nats.aio.msg import Msg

from sharedctx.errors import PermissionDenied, StoreError, StoreUnavailable
from sharedctx.store.connection import Connection
from sharedctx.store.refusals import Signal
from sharedctx.store.retry import TransientError

__all__ = ("follow", "signal", "subscribed")

_RETRY_S = 1.0


@asynccontextmanager
async def subscribed(
    connection: Connection,
    subject: str,
    callback: Callable[[Msg], None],
    on_reconnect: Callable[[], None],
    on_denied: Callable[[PermissionDenied], None],
) -> AsyncIterator[None]:
    """Hear events, as `Connection.subscribe`, until the block ends.

    Raises:
        StoreUnavailable: the link is down.
    """
    try:
        async with connection.subscribe(subject, callback, on_reconnect, on_denied=on_denied):
            yield
    except TransientError as error:
        raise StoreUnavailable(
            "The connection to NATS is down, so nothing can be waited for. Retry."
        ) from error


@asynccontextmanager
async def signal(connection: Connection, subject: str) -> AsyncIterator[asyncio.Event]:
    """Give an event that is set by every message on `subject`, and when some may be missed."""
    event = Signal()
    on_message, on_denied = lambda _: event.set(), event.refuse
    async with subscribed(connection, subject, on_message, event.set, on_denied):
        yield event


async def follow(connection: Connection, subject: str, look: Callable[[], Awaitable[None]]) -> None:
    """Call `look` now and on every message on `subject`, one after the other, without end.

    What it cannot do now, it is called for again after the next message or reconnect. Without the
    permission to hear of changes, what was found first has to do.
    """
    while True:
        with suppress(StoreUnavailable):
            async with signal(connection, subject) as changed:
                changed.set()
                with suppress(PermissionDenied):
                    while await changed.wait():
                        changed.clear()
                        with suppress(StoreError):
                            await look()
                return
        await asyncio.sleep(_RETRY_S)
