"""Requests in flight and where their replies go; subscriptions and where their messages go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

__all__ = ("Pending", "Replies", "Subscribed")


class Pending(NamedTuple):
    """A request in flight: its subject, where its reply goes, and when it is overdue."""

    subject: str
    future: asyncio.Future[Msg]
    deadline: float


class Replies:
    """Stands in for the queue of a subscription, and gives each reply to whoever awaits it."""

    def __init__(self, pending: Mapping[int, Pending]) -> None:
        self._pending = pending

    def put_nowait(self, message: Msg) -> None:
        """Take one reply; nobody may be waiting for it any more."""
        pending = self._pending.get(int(message.subject.rpartition(".")[2]))
        if pending is not None and not pending.future.done():
            pending.future.set_result(message)


@dataclass(slots=True)
class Subscribed:
    """A subscription that is made again whenever the connection is."""

    subject: str
    callback: Callable[[Msg], None]
    queue: str
    handle: Subscription | None = None
