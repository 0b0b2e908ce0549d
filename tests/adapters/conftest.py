"""Tests of frameworks run where these are installed, offline; the main environment has none."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from importlib.util import find_spec

import pytest

from sharedctx import SharedContext, sync
from tests.adapters.offline import stay_offline
from tests.client.conftest import working

FRAMEWORKS = find_spec("langgraph") is not None or find_spec("crewai") is not None
if FRAMEWORKS:
    # In this environment only: elsewhere tests look at the traces that these settings turn off.
    os.environ |= {
        "CREWAI_DISABLE_TELEMETRY": "true",
        "CREWAI_DISABLE_VERSION_CHECK": "true",
        "CREWAI_TRACING_ENABLED": "false",
        "OTEL_SDK_DISABLED": "true",
    }
    stay_offline()
else:
    collect_ignore_glob = ["test_contract.py", "frameworks/*"]


@pytest.fixture
async def shared(nats_url: str, namespace: str) -> AsyncIterator[SharedContext]:
    """A context whose entries are compressed as they are put."""
    async with (
        SharedContext(nats_url, namespace=namespace) as context,
        working(nats_url, namespace),
    ):
        yield context


@pytest.fixture
def blocking(nats_url: str, shared: SharedContext) -> Iterator[sync.SharedContext]:
    """The blocking context of the same namespace."""
    with sync.SharedContext(nats_url, namespace=shared.namespace) as context:
        yield context
