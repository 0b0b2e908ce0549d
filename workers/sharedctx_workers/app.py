"""The composition root: one process that serves the jobs of every namespace it finds."""

from __future__ import annotations

import signal
import socket
from collections.abc import AsyncIterator, Sequence
from functools import partial

import anyio
import structlog
from anyio.abc import TaskGroup, TaskStatus

from sharedctx.errors import AuthError, SharedContextError, StoreError, StoreUnavailable
from sharedctx.store.base import Store
from sharedctx.store.nats_workers import Namespaces, WorkerStore
from sharedctx_workers.children import CHILD_COMMAND, ChildFailure, Children
from sharedctx_workers.consumer import Hand, consume
from sharedctx_workers.health import serve_health
from sharedctx_workers.janitor import reap_forever
from sharedctx_workers.job import JobRunner
from sharedctx_workers.metrics import WorkerMetrics
from sharedctx_workers.presence import Tally, announce_forever, installed_version, worker_id
from sharedctx_workers.prose.errors import TextModelError
from sharedctx_workers.prose.loading import fetch_hub_model
from sharedctx_workers.settings import WorkerSettings

__all__ = ("EXIT_BROKEN", "EXIT_OK", "EXIT_REFUSED", "Worker", "run")

EXIT_OK = 0
"""Asked to stop, and finished or gave back what was in hand."""
EXIT_BROKEN = 1
"""It cannot work here: its child processes do not start, or the health port is taken."""
EXIT_REFUSED = 3
"""The server refused the credentials."""

_DISCOVER_EVERY_S = 10.0
_CONNECT_FIRST_BACKOFF_S = 0.2
_CONNECT_LONGEST_BACKOFF_S = 5.0
_DISCOVER_BACKOFF_S = 1.0

_log = structlog.get_logger("sharedctx.worker")


class Worker:
    """One worker process.

    Args:
        settings: Its settings.
        child_command: How its child processes are started.
    """

    def __init__(
        self, settings: WorkerSettings, child_command: Sequence[str] = CHILD_COMMAND
    ) -> None:
        self._settings = settings
        self._id = worker_id()
        self._children = Children(
            settings.slots,
            time_limit=settings.time_limit,
            memory_limit=settings.memory_limit,
            text=settings.text,
            command=child_command,
        )
        self._hand = Hand(settings.slots)
        self._tally = Tally(settings.slots)
        self._metrics = WorkerMetrics()
        self._metrics.describe(self._id, installed_version(), settings.slots)
        self._store: WorkerStore | None = None
        self._found: set[str] | None = None
        self._served: dict[str, anyio.CancelScope] = {}
        self._consuming: dict[str, Store] = {}
        # Tried again at every discovery; one that cannot be served does not make us unready.
        self._refused: set[str] = set()
        self._stop = anyio.Event()
        # What a stop interrupts: at once, and when nothing is in hand or the grace time is over.
        self._starting = anyio.CancelScope()
        self._discovering = anyio.CancelScope()
        self._working = anyio.CancelScope()

    async def run(self) -> int:
        """Work until SIGTERM or SIGINT and return the exit code."""
        try:
            listener = self._listen()
        except OSError as error:
            _log.error("worker.broken", reason=f"no health endpoints: {error.strerror}")
            return EXIT_BROKEN
        code = EXIT_OK
        async with anyio.create_task_group() as tasks, self._children:
            await tasks.start(self._obey_signals)
            if listener is not None:
                tasks.start_soon(self._serve_health, listener)
            with self._working:
                code = await self._start_and_serve()
            tasks.cancel_scope.cancel()
        _log.info("worker.stopped", done=self._tally.done, failed=self._tally.failed, code=code)
        return code

    def _listen(self) -> socket.socket | None:
        host, port = self._settings.health_host, self._settings.health_port
        if not port:
            return None
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)

    async def _start_and_serve(self) -> int:
        try:
            with self._starting:
                await self._start_children()
                self._store = await self._connect()
        except ChildFailure as failure:
            _log.error("worker.broken", reason=str(failure))
            return EXIT_BROKEN
        except AuthError as error:
            _log.error("worker.refused", reason=str(error))
            return EXIT_REFUSED
        if self._store is None:
            return EXIT_OK
        try:
            await self._serve(self._store)
        finally:
            with anyio.CancelScope(shield=True):
                await self._store.aclose()
        return EXIT_OK

    async def _start_children(self) -> None:
        """Start the children, with the model that they are to use in the local cache."""
        text = self._settings.text
        if self._settings.text_download and text.backend == "torch":
            fetch = partial(fetch_hub_model, text.model, text.device)
            try:
                await anyio.to_thread.run_sync(fetch, abandon_on_cancel=True)
            except TextModelError as error:
                _log.warning("text.not_downloaded", reason=str(error))
        await self._children.start()
        backend, skipped = self._children.text_backend
        if skipped:
            _log.warning("text.fallback", backend=backend, reason=skipped)

    async def _obey_signals(
        self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED
    ) -> None:
        """First signal: finish what is in hand. Second one, or too late: give it back."""
        with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
            task_status.started()
            received = await anext(signals)
            _log.info("worker.stopping", signal=received.name, jobs=self._hand.held)
            self._stop.set()
            self._starting.cancel()
            self._discovering.cancel()
            await self._finish_in_time(signals)
            self._working.cancel()

    async def _finish_in_time(self, signals: AsyncIterator[signal.Signals]) -> None:
        """Wait until nothing is in hand, the grace time is over, or another signal comes."""
        with anyio.move_on_after(self._settings.grace) as grace:
            async with anyio.create_task_group() as waiting:

                async def hurry() -> None:
                    await anext(signals)
                    grace.cancel()

                waiting.start_soon(hurry)
                await self._hand.empty()
                waiting.cancel_scope.cancel()
        if self._hand.held:
            _log.warning("worker.giving_back", jobs=self._hand.held)

    async def _connect(self) -> WorkerStore:
        backoff = _CONNECT_FIRST_BACKOFF_S
        while True:
            try:
                return await WorkerStore.connect(
                    self._settings.servers,
                    name=f"sharedctx worker {self._id}",
                    credentials=self._settings.credentials,
                    domain=self._settings.domain,
                )
            except StoreUnavailable as error:
                _log.warning("worker.connecting", reason=str(error), retry_in=backoff)
            await anyio.sleep(backoff)
            backoff = min(2 * backoff, _CONNECT_LONGEST_BACKOFF_S)

    async def _serve(self, store: WorkerStore) -> None:
        """Keep one consumer per namespace; return when all have ended after a stop."""
        async with anyio.create_task_group() as presence:
            presence.start_soon(announce_forever, store, self._id, self._tally, self._busy)
            text = self._children.text_backend[0]
            _log.info("worker.started", slots=self._settings.slots, id=self._id, text=text)
            async with anyio.create_task_group() as consumers:
                with self._discovering:
                    await self._discover(store, consumers)
            presence.cancel_scope.cancel()

    def _busy(self) -> int:
        return self._children.busy

    async def _discover(self, store: WorkerStore, consumers: TaskGroup) -> None:
        """Find namespaces that came or went: when the server says so, and every 10 s."""
        while True:
            try:
                async with store.created(self._settings.namespaces) as changed:
                    while True:
                        changed.clear()
                        found = await store.namespaces(self._settings.namespaces)
                        self._reconcile(store, found, consumers)
                        every = _DISCOVER_BACKOFF_S if found.silent else _DISCOVER_EVERY_S
                        with anyio.move_on_after(every):
                            await changed.wait()
            except StoreError as error:
                _log.warning("namespaces.unknown", reason=str(error))
                await anyio.sleep(_DISCOVER_BACKOFF_S)

    def _reconcile(self, store: WorkerStore, found: Namespaces, consumers: TaskGroup) -> None:
        self._found = found.there
        # One that is silent during an election of leaders was not deleted.
        for namespace in self._served.keys() - found.there - found.silent:
            self._served[namespace].cancel()
        for namespace in sorted(found.there - self._served.keys()):
            self._served[namespace] = anyio.CancelScope()
            consumers.start_soon(self._serve_namespace, store, namespace)

    async def _serve_namespace(self, store: WorkerStore, namespace: str) -> None:
        try:
            with self._served[namespace]:
                while True:
                    if await self._consume_namespace(store, namespace):
                        break
                    await anyio.sleep(_DISCOVER_BACKOFF_S)
        except SharedContextError as error:
            self._refused.add(namespace)
            _log.warning("namespace.refused", namespace=namespace, reason=str(error))
        finally:
            del self._served[namespace]
            _log.info("namespace.left", namespace=namespace)

    async def _consume_namespace(self, store: WorkerStore, namespace: str) -> bool:
        """Do the jobs of a namespace; return False when NATS is away and it is to be tried again.

        Raises:
            SharedContextError: this worker cannot serve it.
        """
        try:
            async with store.open(namespace) as (entries, queue):
                runner = JobRunner(
                    entries,
                    entries.config,
                    self._children,
                    self._tally,
                    self._metrics,
                    self._settings.encryption,
                )
                self._consuming[namespace] = entries
                self._refused.discard(namespace)
                _log.info("namespace.served", namespace=namespace)
                async with anyio.create_task_group() as upkeep:
                    upkeep.start_soon(reap_forever, entries)
                    await consume(queue, runner, self._hand, self._stop)
                    upkeep.cancel_scope.cancel()
        except StoreUnavailable as error:
            _log.warning("namespace.away", namespace=namespace, reason=str(error))
            return False
        finally:
            self._consuming.pop(namespace, None)
        return True

    async def _serve_health(self, listener: socket.socket) -> None:
        await serve_health(listener, live=self._live, ready=self._ready, metrics=self._scrape)

    async def _scrape(self) -> bytes:
        return await self._metrics.scrape(self._children.busy, self._consuming)

    async def _live(self) -> dict[str, bool]:
        return {"slots": self._children.stuck == 0}

    async def _ready(self) -> dict[str, bool]:
        return {
            "connected": await self._is_connected(),
            "consumers": self._found is not None
            and self._found <= self._consuming.keys() | self._refused,
            "children": self._children.warm,
            "accepting": not self._stop.is_set(),
        }

    async def _is_connected(self) -> bool:
        if self._store is None:
            return False
        try:
            await self._store.ping()
        except StoreError:
            return False
        return True


async def run(settings: WorkerSettings, child_command: Sequence[str] = CHILD_COMMAND) -> int:
    """Run a worker until it is told to stop, and return its exit code.

    Args:
        settings: Its settings.
        child_command: How its child processes are started.
    """
    return await Worker(settings, child_command).run()
