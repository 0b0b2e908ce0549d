"""The same API without ``await``, for code that has no event loop or whose loop is not its own.

All calls run on one event loop in one background thread, shared by every `SharedContext` of the
process, so an instance may be used from any thread, also while frameworks start and stop loops of
their own. Do not call it from code that runs on an event loop: it blocks; use
`sharedctx.SharedContext` there.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Self

from anyio.from_thread import BlockingPortal, BlockingPortalProvider

from sharedctx.client import SharedContext as AsyncSharedContext
from sharedctx.embedded import Stack
from sharedctx.entry import ContextEntry, ContextEvent, Ref, SharedContextStats
from sharedctx.errors import SharedContextError
from sharedctx.hits import SearchHit
from sharedctx.store.base import NamespaceInfo

__all__ = ("SharedContext",)

_portals = BlockingPortalProvider()


class SharedContext:
    """Blocking twin of `sharedctx.SharedContext`; every method does and raises the same.

    It connects on first use. Use it as ``with SharedContext(...) as ctx``, or call `close`; what is
    left open is closed when it is collected or the process ends.

    Args:
        servers: NATS URLs, as for `sharedctx.SharedContext`.
        **settings: The other arguments of `sharedctx.SharedContext`.
    """

    def __init__(self, servers: str | Sequence[str] | None = None, **settings: Any) -> None:
        self._context = AsyncSharedContext(servers, **settings)
        self._resources = ExitStack()
        self._lock = threading.Lock()
        self._portal: BlockingPortal | None = None
        self._finalizer = weakref.finalize(self, _close, self._resources)

    def __repr__(self) -> str:
        return f"sharedctx.sync.{self._context!r}"

    @classmethod
    @contextmanager
    def local(
        cls,
        *,
        workers: int = 1,
        nodes: int = 1,
        data_dir: str | Path | None = None,
        **settings: Any,
    ) -> Generator[Self, None, None]:
        """Start nats-servers and workers on this machine, and give a context that uses them."""
        with Stack(workers, data_dir, nodes=nodes) as stack, cls(stack.url, **settings) as context:
            yield context

    def open(self) -> None:
        """Connect. The first call of any other method does this too."""
        with self._lock:
            if self._portal is not None:
                return
            if not self._finalizer.alive:
                raise SharedContextError("This SharedContext was closed. Create another one.")
            with ExitStack() as undo:
                portal = undo.enter_context(_portals)
                portal.call(self._context.open)
                undo.callback(portal.call, self._context.aclose)
                self._resources.push(undo.pop_all().__exit__)
            self._portal = portal

    def close(self) -> None:
        """Disconnect. May be called again."""
        self._portal = None
        self._finalizer()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def namespace(self) -> str:
        """Name of the namespace."""
        return self._context.namespace

    def _run(self, call: Callable[..., Any], *args: Any, **options: Any) -> Any:
        self.open()
        portal = self._portal
        if portal is None:
            raise SharedContextError("This SharedContext was closed. Create another one.")
        return portal.call(partial(call, *args, **options))

    def put(
        self,
        key: str,
        content: str,
        *,
        agent: str | None = None,
        ttl: float | None = None,
        expect: int | None = None,
        wait: bool | float | None = None,
        kind: str | None = None,
        language: str | None = None,
        filename: str | None = None,
    ) -> ContextEntry:
        """Store `content` under `key`; see `sharedctx.SharedContext.put`."""
        entry: ContextEntry = self._run(
            self._context.put,
            key,
            content,
            agent=agent,
            ttl=ttl,
            expect=expect,
            wait=wait,
            kind=kind,
            language=language,
            filename=filename,
        )
        return entry

    def get(
        self,
        key: str | Ref,
        *,
        full: bool = False,
        max_tokens: int | None = None,
        query: str | None = None,
        lines: tuple[int, int] | None = None,
        timeout: float | None = 5.0,
    ) -> str | None:
        """Return the rendition of `key`, or what else was asked for."""
        text: str | None = self._run(
            self._context.get,
            key,
            full=full,
            max_tokens=max_tokens,
            query=query,
            lines=lines,
            timeout=timeout,
        )
        return text

    def get_entry(self, key: str | Ref) -> ContextEntry | None:
        """Return the entry of `key`; None when missing."""
        entry: ContextEntry | None = self._run(self._context.get_entry, key)
        return entry

    def ref(self, key: str) -> Ref | None:
        """Return a `Ref` to what `key` holds now, to hand to another agent; None when missing."""
        ref: Ref | None = self._run(self._context.ref, key)
        return ref

    def wait_for(
        self, key: str | Ref, *, newer_than: int = 0, timeout: float | None = None
    ) -> ContextEntry:
        """Wait until `key` is there and return its entry."""
        entry: ContextEntry = self._run(
            self._context.wait_for, key, newer_than=newer_than, timeout=timeout
        )
        return entry

    def watch(self, prefix: str = "") -> Iterator[ContextEvent]:
        """Iterate, without end, over puts of keys that start with `prefix`, from now on."""
        events = self._context.watch(prefix)
        try:
            while True:
                event: ContextEvent = self._run(events.__anext__)
                yield event
        finally:
            with suppress(SharedContextError):
                self._run(events.aclose)

    def delete(self, key: str, *, revision: int | None = None) -> bool:
        """Remove `key` and its history; return whether there was something to remove."""
        return bool(self._run(self._context.delete, key, revision=revision))

    def clear(self) -> int:
        """Remove every entry that was put before this call; return how many."""
        return int(self._run(self._context.clear))

    def keys(self, prefix: str = "") -> list[str]:
        """Return the live keys that start with `prefix`, sorted."""
        return list(self._run(self._context.keys, prefix))

    def history(self, key: str) -> list[ContextEntry]:
        """Return the kept revisions of `key`, newest first."""
        return list(self._run(self._context.history, key))

    def search(
        self,
        query: str,
        *,
        prefix: str = "",
        limit: int | None = None,
        max_tokens: int | None = None,
    ) -> list[SearchHit]:
        """Return the passages of live originals that answer `query` best, best first."""
        return list(
            self._run(
                self._context.search, query, prefix=prefix, limit=limit, max_tokens=max_tokens
            )
        )

    def stats(self) -> SharedContextStats:
        """Return totals over the live entries."""
        stats: SharedContextStats = self._run(self._context.stats)
        return stats

    def info(self) -> NamespaceInfo:
        """Return the settings of the namespace and the load of its job queue."""
        info: NamespaceInfo = self._run(self._context.info)
        return info


def _close(resources: ExitStack) -> None:
    resources.close()
