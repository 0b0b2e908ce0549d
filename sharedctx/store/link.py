"""What nats-py leaves open about a single link: TLS that holds, its server, how to let go of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final, NamedTuple

import anyio
import anyio.to_thread
from nats import errors as nats_errors
from nats.aio.client import Client, RawCredentials
from nats.aio.subscription import Subscription

from sharedctx.errors import PermissionDenied, StoreUnavailable
from sharedctx.store.options import ConnectOptions
from sharedctx.store.refusals import NoTlsError, Refusals

__all__ = (
    "MINIMUM_SERVER",
    "ServerFacts",
    "abort_transport",
    "check_version",
    "close_client",
    "dial",
    "end_task",
    "new_client",
    "subscribe_inbox",
    "unsubscribe",
)

MINIMUM_SERVER: Final = (2, 11)
"""The oldest nats-server that has all the store uses."""
_CLOSE_LIMIT_S = 2.0
_ANSWER_LIMIT_S = 5
_CANCEL_AGAIN_S = 0.05


class ServerFacts(NamedTuple):
    """What the server that a client is connected to says of itself.

    Attributes:
        max_payload: Bytes of headers and payload that it takes in one message.
        domain: Its JetStream domain, if it has one.
    """

    max_payload: int
    domain: str | None

    @classmethod
    def of(cls, client: Client) -> ServerFacts:
        """Return those of the server of `client`."""
        # Private, and only in nats-py 2.x; where it is missing, there is no mirror of a domain.
        greeting = getattr(client, "_server_info", {})
        return cls(int(client.max_payload), greeting.get("domain"))


class _TlsClient(Client):
    """A client that sends nothing before the link is encrypted.

    nats-py begins TLS only when the greeting of the server asks for it, whatever the URL says. So
    it would tell its password to a server without TLS, and to whoever changes a greeting on its
    way.
    """

    async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:  # noqa: FBT001, FBT002
        if initial_connection and not self.options["tls_handshake_first"]:
            if not (info.get("tls_required") or info.get("tls_available")):
                raise NoTlsError
            info["tls_required"] = True  # nats-py reads it here when it is back
        await super()._process_info(info, initial_connection)


def new_client(options: ConnectOptions) -> Client:
    """Return a client that is not connected yet."""
    over_websocket = any(url.startswith("wss://") for url in options.servers)
    return _TlsClient() if options.needs_tls and not over_websocket else Client()


async def dial(
    client: Client,
    options: ConnectOptions,
    on_error: Callable[[Exception], Awaitable[None]],
    on_disconnect: Callable[[], Awaitable[None]],
    on_reconnect: Callable[[], Awaitable[None]],
) -> None:
    """Connect `client`; it goes on trying, and tells `on_error` of each failure."""
    given = options.credentials
    file, seed = await anyio.to_thread.run_sync(given.secrets)
    tls = await anyio.to_thread.run_sync(given.tls_context) if options.needs_tls else given.tls
    await client.connect(
        list(options.servers),
        name=options.name,
        user=given.user,
        password=given.password if given.user is None else given.password or "",
        token=given.token,
        user_credentials=None if file is None else RawCredentials(file),
        nkeys_seed_str=seed,
        tls=tls,
        tls_handshake_first=given.tls_first,
        inbox_prefix=given.inbox_prefix,
        pending_size=0,
        ping_interval=options.ping_interval,  # type: ignore[arg-type]  # float works
        max_outstanding_pings=2,
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.2,  # type: ignore[arg-type]  # float works
        connect_timeout=2,
        skip_subject_validation=True,  # `sharedctx.keys` makes every subject
        error_cb=on_error,
        disconnected_cb=on_disconnect,
        reconnected_cb=on_reconnect,
    )


async def subscribe_inbox(client: Client, refusals: Refusals) -> tuple[str, Subscription]:
    """Subscribe to all replies of a new inbox, and make sure that the server allows it.

    Raises:
        PermissionDenied: it does not.
        StoreUnavailable: the link broke.
    """
    inbox, denied = client.new_inbox(), list[PermissionDenied]()
    subject = f"{inbox}.*"
    try:
        with refusals.told("subscription", subject, denied.append):
            replies = await client.subscribe(subject, pending_msgs_limit=0, pending_bytes_limit=0)
            # The PING of nats-py may overtake what it sends before, but not twice.
            await client.flush(_ANSWER_LIMIT_S)
            await client.flush(_ANSWER_LIMIT_S)
    except (nats_errors.Error, OSError) as error:
        raise StoreUnavailable("The connection to NATS broke as soon as it was made.") from error
    if denied:
        prefix = inbox.rpartition(".")[0]
        raise PermissionDenied(
            f"The NATS credentials do not allow replies under {prefix!r}. Give the inbox prefix "
            "of these permissions: inbox_prefix, or NATS_INBOX_PREFIX."
        )
    return inbox, replies


def check_version(client: Client) -> None:
    """Raise `StoreUnavailable` when the server is too old for what the store uses."""
    version = client.connected_server_version
    if (version.major, version.minor) < MINIMUM_SERVER:
        raise StoreUnavailable(
            f"The NATS server has version {version.major}.{version.minor}.{version.patch}; "
            f"sharedctx needs {MINIMUM_SERVER[0]}.{MINIMUM_SERVER[1]} or newer."
        )


async def unsubscribe(subscription: Subscription) -> None:
    """End `subscription`, if the link is still there."""
    with suppress(nats_errors.Error, OSError):
        await subscription.unsubscribe()


async def close_client(client: Client) -> None:
    """Close, in bounded time: a peer that hangs with unsent bytes is not waited for."""
    with anyio.CancelScope(shield=True):
        with anyio.move_on_after(_CLOSE_LIMIT_S), suppress(Exception):
            await client.close()
        abort_transport(client)


async def end_task(task: asyncio.Future[Any]) -> None:
    """Cancel `task` and wait until it has ended, however it does."""
    with anyio.CancelScope(shield=True):
        while not task.done():
            # Not once: until Python 3.12 asyncio.wait_for swallows a cancellation that comes as
            # what it waits for fails, and nats-py then goes on connecting for ever.
            task.cancel()
            await asyncio.wait({task}, timeout=_CANCEL_AGAIN_S)
        await asyncio.gather(task, return_exceptions=True)


def abort_transport(client: Client) -> None:
    """Cut the link of `client` at once."""
    # Private, and only in nats-py 2.x; where it is missing, the operating system's timeout remains.
    writer = getattr(getattr(client, "_transport", None), "_io_writer", None)
    if writer is not None:
        writer.transport.abort()
