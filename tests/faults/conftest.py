"""Contexts, workers and foreign clients, as several tests of faults use them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import nats
import pytest
from nats.js import JetStreamContext

from sharedctx import SharedContext
from tests.client.conftest import open_context
from tests.worker.conftest import start_worker

__all__ = ("ctx", "js", "open_context", "start_worker")


@pytest.fixture
async def ctx(nats_url: str, namespace: str) -> AsyncIterator[SharedContext]:
    async with SharedContext(nats_url, namespace=namespace) as context:
        yield context


@pytest.fixture
async def js(nats_url: str) -> AsyncIterator[JetStreamContext]:
    connection = await nats.connect(nats_url)
    yield connection.jetstream()
    await connection.close()
