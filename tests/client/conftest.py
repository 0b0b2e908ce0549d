"""Contexts in fresh namespaces, and a worker in this process that really compresses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from sharedctx import SharedContext
from sharedctx.codec import content_text, unpack
from sharedctx.store.nats_workers import WorkerStore
from sharedctx_workers.pipeline import compress

OpenContext = Callable[..., Any]


@pytest.fixture
async def open_context(nats_url: str, namespace: str) -> AsyncIterator[OpenContext]:
    """Open a context in the test's namespace."""
    async with AsyncExitStack() as stack:

        async def open_it(**settings: Any) -> SharedContext:
            context = SharedContext(nats_url, **{"namespace": namespace, **settings})
            return await stack.enter_async_context(context)

        yield open_it


@asynccontextmanager
async def working(
    nats_url: str, namespace: str, *, domain: str | None = None
) -> AsyncIterator[None]:
    """Compress what is put in `namespace`, with the store and the pipeline of a worker."""
    workers = await WorkerStore.connect(nats_url, name="test-worker", domain=domain)

    async def work() -> None:
        async with workers.open(namespace) as (store, queue):
            while True:
                for job in await queue.fetch(16, 1.0):
                    entry = job.entry
                    data = unpack(await store.packed_content(entry), entry.record.size)
                    record, body = await asyncio.to_thread(
                        compress, content_text(data), entry.record.profile
                    )
                    packed, size = body.pack()
                    await store.put_rendition(replace(record, size=size), packed)
                    await job.done()

    task = asyncio.create_task(work())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await workers.aclose()
