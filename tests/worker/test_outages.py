"""A worker stays with its namespaces while servers restart and leaders are elected."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import urllib.request

import nats

from sharedctx import SharedContext
from sharedctx.embedded import NatsCluster, NatsServer
from sharedctx.store.nats_workers import WorkerStore
from tests.faults.clusters import leader_of
from tests.faults.pausing import pause
from tests.worker.harness import OpenStore, StartWorker, put, state_of, text_of

_STREAM = "KV_ctx_team"


async def test_a_restart_of_the_server_ends_no_service(
    own_server: NatsServer, open_store: OpenStore, start_worker: StartWorker
) -> None:
    store = await open_store()
    worker = start_worker()
    await worker.logged("namespace.served")
    for number in range(3):
        # In good order: the server tells the waiting worker that it shuts down.
        await asyncio.to_thread(own_server.stop)
        await asyncio.to_thread(own_server.start)
        record = await put(store, "k", text_of(f"Restart {number}"))
        assert await state_of(store, record) == "ready"
    assert not [event for event in worker.events if event["action"] == "namespace.left"]


async def _led_apart(cluster: NatsCluster) -> NatsServer:
    """Return the leader of the entries once another node leads the cluster."""
    connection = await nats.connect(cluster.urls)
    try:
        while True:
            leader = await leader_of(cluster, _STREAM)
            page = await asyncio.to_thread(urllib.request.urlopen, f"{leader.monitoring_url}/jsz")
            with page:
                first = json.load(page)["meta_cluster"]["leader"]
            if cluster.node(first) is not leader:
                return leader
            await connection.request(f"$JS.API.STREAM.LEADER.STEPDOWN.{_STREAM}")
            await asyncio.sleep(0.1)
    finally:
        await connection.close()


async def test_a_namespace_without_a_leader_is_not_a_deleted_one(cluster: NatsCluster) -> None:
    async with SharedContext(cluster.urls, namespace="team") as ctx:
        await ctx.put("k", "x")
    leader = await _led_apart(cluster)
    other = next(node for node in cluster.nodes if node is not leader)
    store = await WorkerStore.connect(other.url, name="worker")
    try:
        assert await store.namespaces() == ({"team"}, set())
        pause(leader.pid)
        assert await store.namespaces() == (set(), {"team"})
    finally:
        os.kill(leader.pid, signal.SIGCONT)
        await store.aclose()
