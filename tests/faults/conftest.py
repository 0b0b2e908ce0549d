"""Contexts, workers and foreign clients, as several tests of faults use them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import nats
import pytest
from nats.js import JetStreamContext

from sharedctx import SharedContext
from sharedctx.embedded import NatsServer
from sharedctx.store.mirrors import add_mirror
from tests.client.conftest import open_context
from tests.faults.clusters import hub_and_leaf
from tests.faults.mirroring import EU, at, copied, fill
from tests.worker.conftest import start_worker

__all__ = ("ctx", "js", "mirrored", "open_context", "servers", "start_worker")


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[tuple[NatsServer, NatsServer]]:
    with hub_and_leaf(tmp_path, "eu") as both:
        yield both


@pytest.fixture
async def mirrored(servers: tuple[NatsServer, NatsServer]) -> tuple[NatsServer, NatsServer]:
    """A hub and a leaf node that mirrors its namespace and has copied all there is."""
    hub, leaf = servers
    await fill(hub)
    assert await add_mirror(at(hub), "team", EU) == EU
    await copied(hub)
    return hub, leaf


@pytest.fixture
async def ctx(nats_url: str, namespace: str) -> AsyncIterator[SharedContext]:
    async with SharedContext(nats_url, namespace=namespace) as context:
        yield context


@pytest.fixture
async def js(nats_url: str) -> AsyncIterator[JetStreamContext]:
    connection = await nats.connect(nats_url)
    yield connection.jetstream()
    await connection.close()
