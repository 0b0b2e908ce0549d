"""One supervised NATS connection: request and reply, retries, subscriptions, and typed errors.

nats-py is used for the protocol only. What it leaves open is done here: requests in flight fail as
soon as the link is lost instead of at their own timeout, a dead link is found in seconds, a
connection that the server closed for good is built anew, a denied subject raises at once, and every
error of nats-py becomes one of ours.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, TypeVar

import anyio
from nats import errors as nats_errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from sharedctx.errors import (
    AuthError,
    InvalidRequest,
    MissingExtra,
    PermissionDenied,
    StoreError,
    StoreUnavailable,
)
from sharedctx.store.link import (
    ServerFacts,
    abort_transport,
    check_version,
    close_client,
    dial,
    end_task,
    new_client,
    subscribe_inbox,
    unsubscribe,
)
from sharedctx.store.options import ConnectOptions
from sharedctx.store.refusals import Refusals, login_refusal
from sharedctx.store.replies import Pending, Replies, Subscribed
from sharedctx.store.retry import NobodyServes, TransientError, persist

__all__ = ("Connection",)

_T = TypeVar("_T")
_log = logging.getLogger("sharedctx")
# How often the state of the link and overdue requests are looked at.
_TICK_S = 0.5
# How often a login is tried again that the server has refused: its file may have been renewed.
_REFUSED_TICK_S = 5.0
# A server is left no sooner than so long after the last one.
_MOVE_S = 2.0
# Messages are at most 136 KiB or, for chunks of blobs, 264 KiB; so at most 30 MiB are in flight.
# The server cuts a connection that has 64 MiB of replies pending.
_SMALL_IN_FLIGHT = 160
_LARGE_IN_FLIGHT = 32


class Connection:
    """A NATS connection. Create it with `open` and close it with `aclose`."""

    def __init__(self, options: ConnectOptions) -> None:
        self.options = options
        self.small = asyncio.Semaphore(_SMALL_IN_FLIGHT)
        self.large = asyncio.Semaphore(_LARGE_IN_FLIGHT)
        self._nats = Client()
        self._tokens = itertools.count()
        self._pending: dict[int, Pending] = {}
        self.refusals = Refusals(self._pending)
        self._inbox = ""
        self._subscriptions: dict[int, Subscribed] = {}
        self._reconnect_callbacks: dict[int, Callable[[], None]] = {}
        self._supervisor: asyncio.Task[None] | None = None
        self._closing = False
        self._moving: asyncio.Task[None] | None = None
        self._moved_at = 0.0
        self._connect_failed: asyncio.Future[BaseException] | None = None
        # Why nothing can be sent until the next login: it was refused, or its inbox was.
        self._refused: StoreError | None = None

    @classmethod
    async def open(cls, options: ConnectOptions) -> Connection:
        """Connect.

        Raises:
            StoreUnavailable: no server answered within `options.connect_timeout`.
            AuthError: the server refused the credentials, or is not to be trusted.
            PermissionDenied: the credentials do not allow the inbox prefix.
        """
        connection = cls(options)
        await connection._connect()
        connection._supervisor = asyncio.create_task(connection._supervise())
        return connection

    def new_inbox(self) -> str:
        """Return a subject for replies, under the prefix that the credentials allow."""
        return self._nats.new_inbox()

    @property
    def server(self) -> ServerFacts:
        """What the server says of itself."""
        return ServerFacts.of(self._nats)

    async def aclose(self) -> None:
        """Close. Requests in flight fail. May be called again."""
        if self._closing:
            return
        self._closing = True
        with anyio.CancelScope(shield=True):
            if self._supervisor is not None:
                self._supervisor.cancel()
                await asyncio.gather(self._supervisor, return_exceptions=True)
            self._fail_pending(TransientError("the connection was closed", sent=True))
            await close_client(self._nats)
            # Whoever waits for events looks once more, and learns that this client was closed.
            self._announce_reconnect()

    # Requests

    async def request(
        self,
        subject: str,
        payload: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        timeout: float | None = None,
    ) -> Msg:
        """Send one request and return its reply; a single attempt.

        Raises:
            TransientError: it was not answered, or nobody serves the subject right now.
            PermissionDenied: the server does not allow the subject.
            AuthError: the server no longer accepts the credentials.
        """
        token = next(self._tokens)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Msg] = loop.create_future()
        seconds = self.options.request_timeout if timeout is None else timeout
        self._pending[token] = Pending(subject, future, loop.time() + seconds)
        try:
            await self.publish(subject, payload, headers, reply=f"{self._inbox}.{token}")
            message = await future
        finally:
            del self._pending[token]
        if message.headers and message.headers.get("Status") == "503" and not message.data:
            raise NobodyServes
        return message

    async def publish(
        self,
        subject: str,
        payload: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        reply: str = "",
    ) -> None:
        """Send one message; a single attempt that nobody confirms.

        Raises:
            TransientError: the link is down; nothing was sent.
            AuthError: the server no longer accepts the credentials; nothing was sent.
        """
        self._raise_if_refused()
        try:
            await self._nats.publish(subject, payload, reply, headers)  # type: ignore[arg-type]
        except (
            nats_errors.OutboundBufferLimitError,
            nats_errors.ConnectionClosedError,
            nats_errors.ConnectionDrainingError,
            nats_errors.ConnectionReconnectingError,
        ) as error:
            raise TransientError("the connection to NATS is down", sent=False) from error
        except (OSError, RuntimeError) as error:
            raise TransientError("the connection to NATS broke", sent=True) from error

    async def persist(
        self,
        attempt: Callable[[], Awaitable[_T]],
        *,
        writes: bool,
        budget: float | None = None,
    ) -> _T:
        """Repeat `attempt` while it raises `TransientError`; see `sharedctx.store.retry`."""
        try:
            return await attempt()  # nearly always enough, and the shortest way
        except TransientError as error:
            options = self.options
            if budget is not None and budget < options.retry_budget:
                options = replace(options, retry_budget=budget)
            return await persist(attempt, options, self, error, writes=writes)

    # Subscriptions

    @asynccontextmanager
    async def subscribe(
        self,
        subject: str,
        callback: Callable[[Msg], None],
        on_reconnect: Callable[[], None] | None = None,
        *,
        on_denied: Callable[[PermissionDenied], None],
        queue: str = "",
    ) -> AsyncIterator[None]:
        """Call `callback` for every message on `subject`; survives reconnects.

        Args:
            subject: Subject or filter.
            callback: Called on the event loop; it must not block.
            on_reconnect: Called when the link is back after an outage that may have lost messages.
            on_denied: Called when the server does not allow the subscription.
            queue: Name of a group of subscribers of which only one gets each message.

        Raises:
            TransientError: the link is down.
            AuthError: the server no longer accepts the credentials.
        """
        number = next(self._tokens)
        self._subscriptions[number] = Subscribed(subject, callback, queue)
        if on_reconnect is not None:
            self._reconnect_callbacks[number] = on_reconnect
        try:
            with self.refusals.told("subscription", subject, on_denied):
                await self._subscribe(number)
                yield
        finally:
            self._reconnect_callbacks.pop(number, None)
            subscribed = self._subscriptions.pop(number)
            if subscribed.handle is not None:
                with anyio.CancelScope(shield=True):
                    await unsubscribe(subscribed.handle)

    async def _subscribe(self, number: int) -> None:
        subscribed = self._subscriptions.get(number)
        if subscribed is None:
            return  # whoever wanted it has left meanwhile
        self._raise_if_refused()

        async def deliver(message: Msg) -> None:  # nats-py awaits its callbacks
            subscribed.callback(message)

        try:
            subscribed.handle = await self._nats.subscribe(
                subscribed.subject,
                queue=subscribed.queue,
                cb=deliver,
                pending_msgs_limit=0,
                pending_bytes_limit=0,
            )
        except (nats_errors.Error, OSError) as error:
            raise TransientError("the connection to NATS is down", sent=False) from error
        if number not in self._subscriptions:
            await unsubscribe(subscribed.handle)

    # The link

    async def _connect(self) -> None:
        """Make a connection; what is subscribed moves to it. On any error nothing changes."""
        client = new_client(self.options)
        try:
            await self._dial_in_time(client)
            check_version(client)
            inbox, replies = await subscribe_inbox(client, self.refusals)
        except BaseException:
            await close_client(client)
            raise
        # nats-py would hand each reply to a task of its own; taking it where it is parsed saves a
        # turn of the event loop, a tenth of a round trip.
        replies._pending_queue = Replies(self._pending)  # type: ignore[assignment]  # noqa: SLF001
        self._nats, self._inbox, self._refused = client, inbox, None
        for number in list(self._subscriptions):
            await self._subscribe(number)

    async def _dial_in_time(self, client: Client) -> None:
        self._connect_failed = asyncio.get_running_loop().create_future()
        connecting: asyncio.Future[None] = asyncio.ensure_future(
            dial(client, self.options, self._on_error, self._on_disconnect, self._on_reconnect)
        )
        racing: set[asyncio.Future[Any]] = {connecting, self._connect_failed}
        try:
            done, _ = await asyncio.wait(
                racing,
                timeout=self.options.connect_timeout,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if self._connect_failed in done:
                raise self._connect_failed.result()
            if connecting not in done:
                raise StoreUnavailable(
                    f"No NATS server answers at {self.options.describe()}. Start one with "
                    "`sharedctx up`, or set NATS_URL."
                )
            connecting.result()
        except ImportError as error:
            raise MissingExtra(
                "NATS credentials need another package: pip install 'sharedctx[nkeys]'."
            ) from error
        except InvalidRequest:
            raise
        except (nats_errors.Error, OSError, ValueError) as error:
            raise InvalidRequest(
                f"These NATS servers or credentials cannot be used: {error}."
            ) from error
        finally:
            self._connect_failed = None
            await end_task(connecting)

    async def _supervise(self) -> None:
        """Notice what nats-py does not: hanging disconnects and connections closed for good."""
        down_since: float | None = None
        while not self._closing:
            await asyncio.sleep(_TICK_S)
            self._expire_pending()
            if self._nats.is_connected:
                down_since = None
                continue
            if self._refused is not None:
                # Not five times a second, as nats-py would.
                await close_client(self._nats)
                await asyncio.sleep(_REFUSED_TICK_S)
            self._fail_pending(TransientError("the connection to NATS was lost", sent=True))
            now = asyncio.get_running_loop().time()
            down_since = down_since or now
            if self._nats.is_closed:
                await self._reconnect()
            elif now - down_since >= 1.0:
                # A peer that vanished with unsent bytes makes nats-py wait in wait_closed forever.
                abort_transport(self._nats)
                down_since = now

    @property
    def is_closing(self) -> bool:
        """Whether it was closed, or is about to be."""
        return self._closing

    def try_another_server(self) -> None:
        """Leave the server, if there are others that this has not been done for just now."""
        now = asyncio.get_running_loop().time()
        if now - self._moved_at > _MOVE_S and len(self._nats.server_pool) > 1:
            self._moved_at = now
            # Shuffled, the next server could be the same one.
            self._nats.options["dont_randomize"] = True
            self._moving = asyncio.create_task(self._nats.force_reconnect())

    async def _reconnect(self) -> None:
        try:
            await self._connect()
        except Exception as error:  # noqa: BLE001  # whatever it is, the next tick tries again
            self._refuse(error if isinstance(error, AuthError | PermissionDenied) else None)
            _log.warning("no new connection to NATS: %s", type(error).__name__)
        else:
            self._announce_reconnect()

    def _expire_pending(self) -> None:
        # One sweep for all requests costs less than a timer for each.
        now = asyncio.get_running_loop().time()
        for _, future, deadline in self._pending.values():
            if deadline < now and not future.done():
                future.set_exception(
                    TransientError("the request was not answered in time", sent=True)
                )

    def _fail_pending(self, error: TransientError) -> None:
        for pending in self._pending.values():
            if not pending.future.done():
                pending.future.set_exception(error)

    def _announce_reconnect(self) -> None:
        for callback in list(self._reconnect_callbacks.values()):
            callback()

    async def _on_disconnect(self) -> None:
        # What the server says when it ends a login goes nowhere else.
        self._refuse(login_refusal(self._nats.last_error, self.options.describe()))
        self._fail_pending(TransientError("the connection to NATS was lost", sent=True))

    async def _on_reconnect(self) -> None:
        self._refused = None
        self._announce_reconnect()

    async def _on_error(self, error: Exception) -> None:
        if not self.refusals.take(str(error)):
            self._refuse(login_refusal(error, self.options.describe()))

    def _raise_if_refused(self) -> None:
        if self._refused is not None:
            raise type(self._refused)(str(self._refused))

    def _refuse(self, error: StoreError | None) -> None:
        if error is None:
            return
        if self._connect_failed is None:
            self._refused = error
            abort_transport(self._nats)  # nats-py leaves it open
        elif not self._connect_failed.done():
            self._connect_failed.set_result(error)
