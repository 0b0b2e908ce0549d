"""One fleet serves every namespace, whatever happens to the server."""

from __future__ import annotations

import json
import socket
import urllib.request
from typing import Any
from urllib.error import HTTPError

import anyio
import nats
import psutil

from sharedctx.embedded import NatsServer
from sharedctx.keys import subjects_of
from sharedctx.records import State
from sharedctx.store.nats_workers import list_workers
from tests.worker.harness import (
    OpenStore,
    StartWorker,
    idle,
    put,
    rendition_of,
    state_of,
    text_of,
    until,
)


async def test_all_namespaces_are_served_also_later_ones(
    open_store: OpenStore, start_worker: StartWorker
) -> None:
    early = await open_store("early")
    worker = start_worker()
    await worker.logged("namespace.served", namespace="early")
    late = await open_store("late")
    for store in (early, late):
        record = await put(store, "key", text_of(f"in {store.namespace}"))
        rendition = await rendition_of(store, record)
        assert rendition.state is State.READY
        assert rendition.compressed_tokens < rendition.original_tokens
        done = await worker.logged("job.done", namespace=store.namespace, key="key", attempt=1)
        assert done["original_tokens"] == rendition.original_tokens
        assert done["percent_saved"] > 0


async def test_chosen_namespaces_only(open_store: OpenStore, start_worker: StartWorker) -> None:
    mine, other = await open_store("mine"), await open_store("other")
    start_worker("--namespace", "mine")
    left = await put(other, "key", text_of("left alone"))
    assert await state_of(mine, await put(mine, "key", text_of("taken"))) is State.READY
    assert await other.get_rendition(left) is None
    assert (await other.info()).jobs_waiting == 1


async def test_a_deleted_namespace_is_dropped_and_can_come_back(
    own_server: NatsServer, open_store: OpenStore, start_worker: StartWorker
) -> None:
    await open_store("fleeting")
    stays = await open_store("stays")
    worker = start_worker()
    await worker.logged("namespace.served", namespace="fleeting")
    connection = await nats.connect(own_server.url)
    subjects = subjects_of("fleeting")
    for stream in (subjects.entries, subjects.renditions, subjects.blobs):
        await connection.jetstream().delete_stream(stream)
    await connection.close()
    await worker.logged("namespace.left", namespace="fleeting")
    assert await state_of(stays, await put(stays, "key", text_of("still"))) is State.READY

    again = await open_store("fleeting")
    assert await state_of(again, await put(again, "key", text_of("again"))) is State.READY
    await idle(again)


async def test_a_server_that_restarts_is_found_again(
    own_server: NatsServer, open_store: OpenStore, start_worker: StartWorker
) -> None:
    store = await open_store()
    worker = start_worker(script="scripted_worker.py")
    first = await put(store, "first", text_of("SLOW"))
    await worker.logged("job.started", key="first")
    await anyio.to_thread.run_sync(own_server.kill)
    await anyio.sleep(1.0)
    await anyio.to_thread.run_sync(own_server.start)
    second = await put(store, "second", text_of("second"))
    for record in (first, second):
        assert await state_of(store, record) is State.READY
    await idle(store)
    assert worker.process.poll() is None


async def test_content_that_is_put_again_is_not_compressed_again(
    own_server: NatsServer, open_store: OpenStore, start_worker: StartWorker
) -> None:
    store = await open_store(ttl=600.0)
    worker = start_worker()
    record = await put(store, "first", text_of("same"))
    before = await rendition_of(store, record)
    await put(store, "second", text_of("same"))
    await worker.logged("job.skipped", key="second", state="ready")
    await idle(store)
    assert await rendition_of(store, record) == before
    connection = await nats.connect(own_server.url)
    stream = await connection.jetstream().stream_info(subjects_of(store.namespace).renditions)
    await connection.close()
    assert (stream.state.messages, stream.state.last_seq) == (1, 2), "its life was not renewed"


async def test_a_reader_gets_a_rendition_that_was_lost(
    own_server: NatsServer, open_store: OpenStore, start_worker: StartWorker
) -> None:
    store = await open_store()
    start_worker()
    record = await put(store, "key", text_of("lost"))
    await rendition_of(store, record)
    await idle(store)
    connection = await nats.connect(own_server.url)
    await connection.jetstream().purge_stream(subjects_of(store.namespace).renditions)
    await connection.close()
    entry = await store.get("key")
    assert entry is not None
    assert await store.get_rendition(record) is None
    await store.want(entry)
    assert await state_of(store, record) is State.READY


async def test_logs_never_contain_content(
    own_server: NatsServer, open_store: OpenStore, start_worker: StartWorker
) -> None:
    canary = "canary-7f3a9b"
    store = await open_store(max_attempts=2)
    worker = start_worker("--time-limit", "1.0", script="scripted_worker.py")
    for word in ("plain", "RAISE", "CRASH", "HANG"):
        await put(store, f"key-{word}", text_of(f"{word} {canary}"))
    await idle(store)
    await worker.stop()
    log = worker.log.read_text()
    assert "job.given_up" in log
    assert canary not in log
    assert own_server.log.read_text().count(canary) == 0


async def test_presence_is_announced(
    own_server: NatsServer, open_store: OpenStore, start_worker: StartWorker
) -> None:
    store = await open_store()
    worker = start_worker()
    await rendition_of(store, await put(store, "key", text_of("counted")))

    async def present() -> dict[str, Any] | None:
        workers = await list_workers([own_server.url])
        return next((found for found in workers if found["done"] == 1), None)

    presence = await until(present, "presence")
    assert presence["pid"] == worker.process.pid
    assert presence["host"] == socket.gethostname()
    assert presence["slots"] == 2
    assert presence["busy"] == 0
    assert presence["failed"] == 0
    assert abs(presence["started"] - psutil.Process(worker.process.pid).create_time()) < 60


def _ask(url: str) -> tuple[int, dict[str, bool]]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, json.load(answer)
    except HTTPError as refusal:
        with refusal:
            return refusal.code, json.load(refusal)
    except OSError:
        return 0, {}


async def test_health_endpoints(
    own_server: NatsServer, open_store: OpenStore, start_worker: StartWorker
) -> None:
    await open_store()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    worker = start_worker("--health-port", str(port))
    base = f"http://127.0.0.1:{port}"

    async def answers(path: str, status: int) -> dict[str, bool]:
        async def look() -> dict[str, bool] | None:
            got, checks = await anyio.to_thread.run_sync(_ask, base + path)
            return checks if got == status else None

        found: dict[str, bool] = await until(look, f"{path} {status}")
        return found

    assert await answers("/readyz", 200) == {
        "connected": True,
        "consumers": True,
        "children": True,
        "accepting": True,
    }
    assert await answers("/livez", 200) == {"slots": True}
    await anyio.to_thread.run_sync(own_server.kill)
    assert not (await answers("/readyz", 503))["connected"]
    assert await answers("/livez", 200) == {"slots": True}
    await anyio.to_thread.run_sync(own_server.start)
    await answers("/readyz", 200)
    assert await worker.stop() == 0


async def test_a_taken_health_port_is_an_error(start_worker: StartWorker) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        worker = start_worker("--health-port", str(taken.getsockname()[1]))
        assert await worker.ended() == 1
    assert "no health endpoints" in (await worker.logged("worker.broken"))["reason"]
