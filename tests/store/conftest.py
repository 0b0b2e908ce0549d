"""The two stores, opened alike, so that one contract suite holds both to the same behavior."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from sharedctx.codec import content_bytes, content_hash, content_text, pack, unpack
from sharedctx.records import EntryRecord, Profile, RenditionRecord, State, StoredEntry
from sharedctx.segments import Guarantee
from sharedctx.store.base import NamespaceConfig, Store
from sharedctx.store.memory import MemoryStore
from sharedctx.store.nats import NatsStore
from sharedctx.store.options import ConnectOptions

PROFILE = Profile("o200k_base", 20)
OpenStore = Callable[..., Awaitable[Store]]


@pytest.fixture(params=["memory", "nats"])
async def open_store(
    request: pytest.FixtureRequest, nats_url: str, namespace: str
) -> AsyncIterator[OpenStore]:
    """Open the test's namespace with the given settings."""
    async with AsyncExitStack() as stack:

        async def open_it(**settings: Any) -> Store:
            if request.param == "memory":
                return MemoryStore(namespace, NamespaceConfig(**settings), compressor=None)
            store = await NatsStore.open(ConnectOptions((nats_url,)), namespace, settings)
            stack.push_async_callback(store.aclose)
            return store

        yield open_it


def draft(content: str) -> tuple[EntryRecord, bytes]:
    data = content_bytes(content)
    return EntryRecord(content_hash(data), len(data), PROFILE, "tester", time.time()), pack(data)


def rendition_of(record: EntryRecord) -> RenditionRecord:
    return RenditionRecord(
        record.hash,
        record.profile,
        State.READY,
        Guarantee.EXTRACTIVE,
        100,
        20,
        ("router:text:0.20",),
        size=5,
    )


async def text_of(store: Store, entry: StoredEntry | None) -> str:
    assert entry is not None
    return content_text(unpack(await store.packed_content(entry), entry.record.size))


async def put_text(store: Store, key: str, content: str, **options: Any) -> int:
    return await store.put(key, *draft(content), **options)
