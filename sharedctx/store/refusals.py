"""What a NATS server refuses, as errors of ours, and who is told of it.

The server answers a publish or a subscription that it does not allow with an error that names only
the subject, and drops it: whoever waits for the outcome would wait in vain.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import re
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Literal, NamedTuple

from nats import errors as nats_errors

from sharedctx.errors import AuthError, PermissionDenied
from sharedctx.store.replies import Pending

__all__ = ("NoTlsError", "Refusals", "Signal", "login_refusal")

_Callback = Callable[[PermissionDenied], None]
_Act = Literal["publish", "subscription"]

_log = logging.getLogger("sharedctx")
# Not "authentication timeout": that is a slow client or network, and the next try may succeed.
_AUTH_WORDS = ("authorization violation", "authentication expired", "authentication revoked")
_DENIAL = re.compile(r'permissions violation for (publish|subscription) to "([^"]*)"')
# The link broke during a handshake, which says nothing about who is at its ends.
_BROKEN_TLS = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)


class NoTlsError(nats_errors.Error):
    """The server offers no TLS, and a link without it is not to be used."""


def login_refusal(error: BaseException | None, servers: str) -> AuthError | None:
    """Return the error to raise when `error` means that client and server do not accept each other.

    Args:
        error: What nats-py met while it connected, or why it lost the connection.
        servers: The servers, for the message.
    """
    if isinstance(error, NoTlsError):
        return AuthError(
            f"The NATS server at {servers} offers no TLS, so nothing was sent to it. Set up TLS "
            "there, or use a nats:// URL and no TLS files if the network can be trusted."
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return AuthError(
            f"The certificate of the NATS server at {servers} is not to be trusted: "
            f"{error.verify_message}. Name its authority with tls_ca or NATS_CA."
        )
    if isinstance(error, ssl.SSLError) and not isinstance(error, _BROKEN_TLS):
        return AuthError(
            f"There is no TLS with the NATS server at {servers}: {_tls_reason(error)}. It may "
            "want a client certificate: name it with tls_cert or NATS_CERT."
        )
    text = str(error).lower()
    if any(word in text for word in _AUTH_WORDS):
        what = "no longer accepts" if "expired" in text or "revoked" in text else "refused"
        return AuthError(f"The NATS server at {servers} {what} the credentials.")
    return None


def _tls_reason(error: ssl.SSLError) -> str:
    return (error.reason or "the handshake failed").replace("_", " ").lower()


class Signal(asyncio.Event):
    """An event to wait for; waiting raises what the server refused, when that is known."""

    refused: PermissionDenied | None = None

    def refuse(self, error: PermissionDenied) -> None:
        """End the waiting with `error`."""
        self.refused = error
        self.set()

    async def wait(self) -> Literal[True]:
        """Wait until it is set.

        Raises:
            PermissionDenied: what would set it is not allowed.
        """
        if self.refused is None:
            await super().wait()
        if self.refused is not None:
            raise self.refused
        return True


class _Told(NamedTuple):
    act: _Act
    subject: str
    callback: _Callback


class Refusals:
    """Tells those who wait that what they wait for was not allowed.

    Args:
        pending: The requests in flight.
    """

    def __init__(self, pending: Mapping[int, Pending]) -> None:
        self._pending = pending
        self._numbers = itertools.count()
        self._told: dict[int, _Told] = {}

    @contextmanager
    def told(self, act: _Act, subject: str, callback: _Callback) -> Iterator[None]:
        """Call `callback`, until the block ends, when the server does not allow this."""
        number = next(self._numbers)
        self._told[number] = _Told(act, subject, callback)
        try:
            yield
        finally:
            del self._told[number]

    def take(self, text: str) -> bool:
        """Read an error message of the server; return whether it is a denial."""
        denial = _DENIAL.search(text.lower())
        if denial is None:
            return False
        act, subject = denial[1], denial[2]
        heard = False
        # nats-py gives the message in lower case.
        for each in list(self._told.values()):
            if each.act == act and each.subject.lower() == subject:
                each.callback(_denied(act, each.subject))
                heard = True
        for pending in self._pending.values():
            if act == "publish" and pending.subject.lower() == subject:
                heard = True
                if not pending.future.done():
                    pending.future.set_exception(_denied(act, pending.subject))
        if not heard:
            _log.warning("NATS does not allow a %s to %s", act, subject)
        return True


def _denied(act: str, subject: str) -> PermissionDenied:
    verb = "publishing to" if act == "publish" else "subscribing to"
    return PermissionDenied(
        f"The NATS credentials do not allow {verb} {subject!r}. Ask for the permissions of the "
        "role you need; `sharedctx permissions` prints them."
    )
