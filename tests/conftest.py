"""Fixtures of all tests: a real nats-server, fresh namespaces, a guard against blocking calls."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from blockbuster import BlockBuster, blockbuster_ctx

from sharedctx import tokens
from sharedctx.embedded import NatsCluster, NatsServer

_numbers = itertools.count()


@pytest.fixture(scope="session")
def nats_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    """A nats-server with JetStream that all tests share; tests that kill one start their own."""
    server = NatsServer(tmp_path_factory.mktemp("nats"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def nats_url(nats_server: NatsServer) -> str:
    return nats_server.url


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[NatsServer]:
    """A nats-server for one test, to be killed and started as the test likes."""
    server = NatsServer(tmp_path / "nats")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[NatsCluster]:
    """Three nats-servers that keep streams in three copies; each may be killed and started."""
    servers = NatsCluster(tmp_path / "cluster")
    servers.start()
    yield servers
    servers.kill()


@pytest.fixture
def namespace() -> str:
    """A namespace that no other test uses."""
    return f"test-{next(_numbers)}"


@pytest.fixture(scope="session", autouse=True)
def _vocabulary() -> None:
    # Loaded before any test, so that no test is slow by chance or reads files on the event loop.
    tokens.load()


@pytest.fixture(autouse=True)
def blocking_guard() -> Iterator[BlockBuster]:
    """Turn every blocking call that sharedctx makes on an event loop into a failure."""
    with blockbuster_ctx(scanned_modules=["sharedctx"]) as guard:
        yield guard
