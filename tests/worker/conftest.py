from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from sharedctx.embedded import NatsServer
from sharedctx.store.nats import NatsStore
from sharedctx.store.options import ConnectOptions
from tests.worker.harness import OpenStore, StartWorker, WorkerProcess


@pytest.fixture
async def open_store(own_server: NatsServer) -> AsyncIterator[OpenStore]:
    """Opens namespaces whose jobs come back one second after their worker died."""
    async with AsyncExitStack() as stack:

        async def open_store(namespace: str = "team", **config: object) -> NatsStore:
            given = {"ack_wait": 1.0, **config}
            store = await NatsStore.open(ConnectOptions((own_server.url,)), namespace, given)
            stack.push_async_callback(store.aclose)
            return store

        yield open_store


@pytest.fixture
def start_worker(own_server: NatsServer, tmp_path: Path) -> Iterator[StartWorker]:
    """Starts workers: the real command, or `script` from this folder with its own options."""
    numbers = itertools.count()
    workers: list[WorkerProcess] = []

    def start(*options: str, script: str = "") -> WorkerProcess:
        program = [str(Path(__file__).with_name(script))] if script else ["-m", "sharedctx_workers"]
        common = ["--servers", own_server.url]
        if not script:
            common += ["--slots", "2", "--log-level", "debug"]
        worker = WorkerProcess(
            tmp_path / f"worker-{next(numbers)}.log", *program, *common, *options
        )
        workers.append(worker)
        return worker

    yield start
    for worker in workers:
        worker.kill()
