"""The client: what agents call."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, Literal, Self

from sharedctx.embedded import local_stack
from sharedctx.encryption import Encryption
from sharedctx.entry import ContextEntry, ContextEvent, Ref, SharedContextStats, aim
from sharedctx.hints import make_hint
from sharedctx.hits import SearchHit
from sharedctx.keys import validate_namespace
from sharedctx.lines import read_lines
from sharedctx.metrics import ClientMetrics
from sharedctx.not_given import NOT_GIVEN, NotGiven, only_given
from sharedctx.observing import Observer
from sharedctx.records import State, StoredEntry
from sharedctx.search import Searcher
from sharedctx.segments import TARGET
from sharedctx.session import Session
from sharedctx.statistics import collect_stats
from sharedctx.store.base import NamespaceInfo, Store
from sharedctx.store.credentials import Credentials
from sharedctx.store.nats import NatsStore
from sharedctx.store.options import DEFAULT_SERVERS, ConnectOptions
from sharedctx.tokens import DEFAULT_MODEL, Tokenizer
from sharedctx.views import check_request
from sharedctx.waiting import wait_for_put
from sharedctx.writing import check_expected, checked_agent, prepare, profile_for

__all__ = ("DEFAULT_SERVERS", "SharedContext")


class SharedContext(Session):
    """A namespace through which agents hand context to each other.

    Use it as ``async with SharedContext(...) as ctx``; one instance serves any number of tasks of
    its event loop. Settings of the namespace that are left out are taken as they are when the
    namespace exists; in a new one entries live for a day and the newest 10,000 are kept.

    ```python
    async with SharedContext("nats://127.0.0.1:4222", agent="researcher") as ctx:
        await ctx.put("findings", report)
        short = await ctx.get("findings")
        exact = await ctx.get("findings", full=True)
    ```

    Args:
        servers: NATS URLs; default is ``$NATS_URL``, else ``nats://127.0.0.1:4222``.
        namespace: Which context to share, 1 to 64 of ``A-Z a-z 0-9 - _``.
        model: Whose tokens to count; see `sharedctx.tokens.encoding_for_model`.
        tokenizer: Counts instead of `model`'s; workers must know a tokenizer of that name.
        ttl: Seconds that an entry lives after its last put, at least 1; None keeps it.
        max_entries: Live entries at most, the oldest are evicted; None does not limit.
        history: Revisions kept per key, 1 to 64.
        replicas: Copies of the namespace: 1, 3 or 5; a new one in a cluster has 3.
        placement: Tags that a server of the cluster must have to hold a copy.
        storage: ``file`` survives a restart of the server, ``memory`` does not.
        max_bytes: Stored bytes of entries at most, the oldest are evicted; None does not limit.
            Bodies over 128 KiB once packed, renditions and history come on top.
        ack_wait: Seconds without a sign of life after which a job goes to another worker.
        max_attempts: How often compression is tried before readers get the original for good.
        create: Create the namespace if it does not exist.
        update: Change an existing namespace to the settings given here.
        agent: Name of this agent, recorded with what it puts.
        wait: Whether `put` waits for the rendition by default, and for how many seconds.
        ratio: Size to aim for, as a share of the original's tokens, 0.01 to 1.
        max_content_bytes: Largest content that `put` takes, in UTF-8 bytes.
        cache_bytes: Memory for recently read renditions.
        credentials: `Credentials`, or the path of a credentials file; by default ``$NATS_*``.
        domain: JetStream domain of the namespace, where clients are at a leaf node and it is on
            the hub; default is ``$NATS_DOMAIN``, else that of the server.
        encryption: The keys, for a namespace whose contents NATS must not read.
        retry_budget: Seconds over which an operation is tried again while NATS is away.
        metrics: Where to count what this context does; see `sharedctx.metrics`.
        store: Another store, such as `sharedctx.testing.MemoryStore`; closed with this context.
    """

    def __init__(
        self,
        servers: str | Sequence[str] | None = None,
        *,
        namespace: str = "default",
        model: str = DEFAULT_MODEL,
        tokenizer: Tokenizer | None = None,
        ttl: float | NotGiven | None = NOT_GIVEN,
        max_entries: int | NotGiven | None = NOT_GIVEN,
        history: int | NotGiven = NOT_GIVEN,
        replicas: int | NotGiven = NOT_GIVEN,
        placement: Sequence[str] | NotGiven = NOT_GIVEN,
        storage: Literal["file", "memory"] | NotGiven = NOT_GIVEN,
        max_bytes: int | NotGiven | None = NOT_GIVEN,
        ack_wait: float | NotGiven = NOT_GIVEN,
        max_attempts: int | NotGiven = NOT_GIVEN,
        create: bool = True,
        update: bool = False,
        agent: str | None = None,
        wait: bool | float = False,
        ratio: float = TARGET,
        max_content_bytes: int = 64 << 20,
        cache_bytes: int = 32 << 20,
        credentials: Credentials | str | os.PathLike[str] | None = None,
        domain: str | None = None,
        encryption: Encryption | None = None,
        retry_budget: float = 20.0,
        metrics: ClientMetrics | None = None,
        store: Store | None = None,
    ) -> None:
        validate_namespace(namespace)
        given = only_given(
            ttl=ttl,
            max_entries=max_entries,
            history=history,
            replicas=replicas,
            placement=placement,
            storage=storage,
            max_bytes=max_bytes,
            ack_wait=ack_wait,
            max_attempts=max_attempts,
        )
        name = f"sharedctx-{agent or 'client'}"
        self._options = ConnectOptions.from_environment(
            servers, credentials, domain, name=name, retry_budget=retry_budget
        )
        self._agent = checked_agent(agent)
        self._wait = wait
        self._profile = profile_for(model, tokenizer, ratio)
        self._max_content_bytes = max_content_bytes
        self._searcher: Searcher | None = None
        self._observer = Observer(namespace, metrics)

        async def connect() -> Store:
            if store is not None:
                return store
            options = self._options
            return await NatsStore.open(options, namespace, given, create=create, update=update)

        super().__init__(connect, namespace, cache_bytes, encryption)

    def __repr__(self) -> str:
        servers = self._options.describe()
        return f"SharedContext({servers!r}, namespace={self._namespace!r}, agent={self._agent!r})"

    @classmethod
    @asynccontextmanager
    async def local(
        cls,
        *,
        workers: int = 1,
        nodes: int = 1,
        data_dir: str | Path | None = None,
        **settings: Any,
    ) -> AsyncGenerator[Self, None]:
        """Start nats-servers and workers on this machine, and give a context that uses them.

        Everything stops when the block ends, also when this process is killed.

        Args:
            workers: How many worker processes to start.
            nodes: How many nats-servers; 3 keep everything in three copies.
            data_dir: Where they keep their data; by default a temporary folder.
            **settings: Further arguments of `SharedContext`.

        Raises:
            MissingExtra: ``pip install 'sharedctx[local]'`` is needed.
        """
        async with (
            local_stack(workers, data_dir, nodes=nodes) as stack,
            cls(stack.url, **settings) as context,
        ):
            yield context

    # Writing

    async def put(
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
        """Store `content` under `key` and return as soon as the server has it.

        Args:
            key: Any `str` of up to 1,024 bytes once encoded.
            content: Any `str`; it comes back exactly.
            agent: Who puts it, when not the agent of this context.
            ttl: Seconds that this entry lives, at most the ttl of the namespace; whole seconds.
            expect: Put only if the key is at this revision (0: only if it is absent).
            wait: Wait for the rendition, up to so many seconds (True: 60); default as in the
                constructor.
            kind: What the content is, one of `sharedctx.KINDS`. It is found by parsing anyway; a
                hint decides between readings, and one that does not hold is ignored.
            language: Programming language of code, such as ``python`` or ``c++``.
            filename: Name of the file it is from; its extension serves as the hint.

        Returns:
            The entry: ``pending``, or ``passthrough`` for small content; with `wait` as it ended,
            and still ``pending`` when that took longer.
            Reading `original_tokens` of a pending one counts them, 0.1 s per MB, where you are.

        Raises:
            InvalidKey: the key cannot be used.
            InvalidRequest: there is no such kind or language, or `expect` is no revision.
            ContentTooLarge: the content is over `max_content_bytes`.
            RevisionConflict: the key is not at `expect`.
            StoreUnavailable: NATS is away and nothing was written.
            UnknownOutcome: it was sent and not confirmed. A cancelled call is as uncertain.
        """
        check_expected(expect)
        store = self._store
        agent = self._agent if agent is None else checked_agent(agent)
        profile = self._profile._replace(hint=make_hint(kind, language, filename))
        with self._observer.put(key, agent) as report:
            record, packed = await prepare(key, content, profile, agent, self._max_content_bytes)
            if self._encryption is not None:
                sealed = await self._encryption.seal_entry(self._namespace, key, record, packed)
                record, packed = sealed
            revision = await store.put(key, record, packed, expect=expect, ttl=ttl)
            report.stored(revision, record.size)
        wait = self._wait if wait is None else wait
        return await self._reader.put_entry(StoredEntry(key, revision, record), content, wait=wait)

    async def delete(self, key: str, *, revision: int | None = None) -> bool:
        """Remove `key` and its history.

        Args:
            key: The key.
            revision: Only if it was not put again after this revision.

        Returns:
            Whether there was something to remove.
        """
        return await self._store.delete(key, revision=revision)

    async def clear(self) -> int:
        """Remove every entry of the namespace that was put before this call; return how many.

        A put that runs at the same time is wholly before or wholly after it.
        """
        return await self._store.clear()

    # Reading

    async def get(
        self,
        key: str | Ref,
        *,
        full: bool = False,
        max_tokens: int | None = None,
        query: str | None = None,
        lines: tuple[int, int] | None = None,
        timeout: float | None = 5.0,
    ) -> str | None:
        """Return the rendition of `key`, or what else was asked for.

        Args:
            key: The key, or a `Ref`: then what is there at its revision or later.
            full: Return the original, exactly.
            max_tokens: Return a rendition of at most this size, 16 or more.
            query: Return a rendition that keeps what answers this question.
            lines: Return these lines of the original, ``(first, last)``, counted from 1.
            timeout: Seconds to wait for a rendition that is not there yet; 0 does not wait, None
                waits as long as it takes. When it passes, the original serves instead.

        Returns:
            The text, or None when the key is missing or expired. While there is no rendition the
            original serves, so this never returns less than what was put.

        Raises:
            InvalidRequest: the arguments do not go together, or there are no such lines.
            CorruptEntry: what is stored is damaged.
            StaleRead: the store holds an older state than this context, or the `Ref`, has seen.
            StoreUnavailable: NATS is away.
        """
        check_request(full=full, max_tokens=max_tokens, query=query, lines=lines)
        views = {"full": full, "lines": lines, "query": query, "budget": max_tokens}
        view = next((name for name, asked in views.items() if asked), "short")
        key, at_least = aim(key)
        with self._observer.get(key, view) as report:
            stored = await self._store.get(key, at_least=at_least)
            if stored is None:
                return None
            report.found(stored)
            if full or lines is not None:
                original = await self._reader.original(stored)
                return original if lines is None else read_lines(original, *lines)
            rendition = await self._reader.useful_rendition(stored, timeout)
            report.rendered(rendition)
            if max_tokens is not None or query is not None:
                return await self._reader.view(stored, rendition, max_tokens, query)
            if rendition is None or rendition.record.state is not State.READY:
                return await self._reader.original(stored)
            return rendition.body.text

    async def get_entry(self, key: str | Ref) -> ContextEntry | None:
        """Return the entry of `key` with its counts, original and rendition; None when missing.

        It does not wait: while there is no rendition, `state` is ``pending``.
        """
        key, at_least = aim(key)
        stored = await self._store.get(key, at_least=at_least)
        return None if stored is None else await self._reader.entry(stored)

    async def ref(self, key: str) -> Ref | None:
        """Return a `Ref` to what `key` holds now, to hand to another agent; None when missing."""
        stored = await self._store.get(key)
        return None if stored is None else Ref(key, stored.revision)

    async def wait_for(
        self, key: str | Ref, *, newer_than: int = 0, timeout: float | None = None
    ) -> ContextEntry:
        """Wait until `key` is there and return its entry.

        Args:
            key: The key, or a `Ref`: then its revision or a later one.
            newer_than: Wait for a revision above this one.
            timeout: Seconds to wait; None waits as long as it takes.

        Raises:
            WaitTimeout: it did not come in time.
        """
        key, at_least = aim(key)
        newer_than = max(newer_than, at_least - 1)
        stored = await wait_for_put(self._store, key, newer_than, timeout)
        return await self._reader.entry(stored)

    async def watch(self, prefix: str = "") -> AsyncGenerator[ContextEvent, None]:
        """Iterate, without end, over puts of keys that start with `prefix`, from now on.

        A put that is replaced while the connection is down may be skipped for its successor.
        Close it when you leave early: ``async with contextlib.aclosing(ctx.watch()) as events``.
        """
        async with aclosing(self._store.watch(prefix)) as puts:
            async for put in puts:
                record = put.record
                yield ContextEvent(
                    put.key, put.revision, record.agent, record.timestamp, record.size
                )

    async def keys(self, prefix: str = "") -> list[str]:
        """Return the live keys that start with `prefix`, sorted."""
        return await self._store.keys(prefix)

    async def history(self, key: str) -> list[ContextEntry]:
        """Return the kept revisions of `key`, newest first; an empty list when it is missing."""
        return [await self._reader.entry(stored) for stored in await self._store.history(key)]

    async def search(
        self,
        query: str,
        *,
        prefix: str = "",
        limit: int | None = None,
        max_tokens: int | None = None,
    ) -> list[SearchHit]:
        """Return the passages of live originals that answer `query` best, best first.

        The first search reads every original and keeps an index in memory; later ones read only
        what is new.

        Args:
            query: A question or words; identifiers and paths are taken apart.
            prefix: Search only keys that start so.
            limit: Passages at most; default is 10, or as many as `max_tokens` allows.
            max_tokens: Tokens of all passages together; the last one may be cut to fit.
        """
        store = self._store
        if self._searcher is None:
            self._searcher = Searcher(store, self._reader, self._profile.encoding)
        return await self._searcher.search(query, prefix=prefix, limit=limit, max_tokens=max_tokens)

    async def stats(self) -> SharedContextStats:
        """Return totals over the live entries. It reads every record, but no content."""
        return await collect_stats(self._store)

    async def info(self) -> NamespaceInfo:
        """Return the settings of the namespace and the load of its job queue."""
        return await self._store.info()
