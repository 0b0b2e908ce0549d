"""Trying again: what may be repeated, for how long, and what it means when it never succeeds."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from sharedctx.errors import (
    AuthError,
    PermissionDenied,
    StoreError,
    StoreUnavailable,
    UnknownOutcome,
)
from sharedctx.store.options import ConnectOptions

__all__ = ("Link", "NobodyServes", "TransientError", "persist")

_T = TypeVar("_T")
_FIRST_DELAY_S = 0.05
_LONGEST_DELAY_S = 0.5
_STUCK_S = 4.0
"""After so long it may not be an election, but a server that is cut off from its cluster."""


class TransientError(Exception):
    """An attempt failed in a way that may pass; `sent` when it may have taken effect."""

    def __init__(self, reason: str, *, sent: bool) -> None:
        super().__init__(reason)
        self.sent = sent


class NobodyServes(TransientError):
    """No server serves the subject: there is no leader right now, or no such stream."""

    def __init__(self) -> None:
        super().__init__("nobody serves the request at the moment", sent=False)


class Link(Protocol):
    """What requests are made over."""

    @property
    def is_closing(self) -> bool:
        """Whether it is being closed, so that trying again is in vain."""
        ...

    def try_another_server(self) -> None:
        """Leave the server, if there are others: it has been of no use for some seconds."""
        ...


async def persist(
    attempt: Callable[[], Awaitable[_T]],
    options: ConnectOptions,
    link: Link,
    failure: TransientError,
    *,
    writes: bool,
) -> _T:
    """Repeat `attempt`, which has failed once, while it raises `TransientError`.

    Args:
        attempt: Makes one attempt. A write must be recognizable as the same one each time.
        options: How long to try.
        link: What it is made over.
        failure: Why the first attempt failed.
        writes: Whether an unanswered attempt leaves the outcome unknown.

    Raises:
        StoreUnavailable: the budget is spent and nothing was written.
        UnknownOutcome: the budget is spent and an attempt of a write may have succeeded.
    """
    clock = asyncio.get_running_loop().time
    give_up, stuck = clock() + options.retry_budget, clock() + _STUCK_S
    delay = _FIRST_DELAY_S
    sent = failure.sent
    while True:
        if link.is_closing:
            raise _failure("this client was closed", options, unknown=writes and sent) from failure
        if clock() + delay > give_up:
            reason = f"{failure}, tried for {options.retry_budget:g} s"
            raise _failure(reason, options, unknown=writes and sent) from failure
        if clock() > stuck:
            stuck += _STUCK_S
            link.try_another_server()
        # Jitter keeps many clients from coming back in step after an outage.
        await asyncio.sleep(delay * random.uniform(0.5, 1.0))  # noqa: S311
        delay = min(_LONGEST_DELAY_S, delay * 2)
        try:
            return await attempt()
        except TransientError as error:
            failure = error
            sent = sent or error.sent
        except (AuthError, PermissionDenied) as error:
            if writes and sent:
                raise _failure(str(error), options, unknown=True) from error
            raise


def _failure(reason: str, options: ConnectOptions, *, unknown: bool) -> StoreError:
    if unknown:
        return UnknownOutcome(
            f"The write was sent but not confirmed ({reason}), so it may have happened. "
            "Read the key to find out."
        )
    return StoreUnavailable(
        f"NATS JetStream at {options.describe()} does not answer ({reason}). Nothing was "
        "written. Check that the server runs with JetStream enabled."
    )
