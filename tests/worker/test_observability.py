"""Metrics of a real worker as Prometheus reads them, and one trace through all processes."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import anyio
from prometheus_client.parser import text_string_to_metric_families

from sharedctx.embedded import NatsServer
from sharedctx.embedded.children import child_environment
from sharedctx.records import Profile
from tests.worker.harness import (
    PROFILE,
    OpenStore,
    StartWorker,
    WorkerProcess,
    idle,
    put,
    rendition_of,
    text_of,
    until,
)

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]
_CANARY = "canary-7f3a9b"


def _scrape(port: int) -> tuple[str, Samples]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
        text = answer.read().decode()
    return text, {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


async def test_prometheus_reads_what_a_worker_did(
    open_store: OpenStore, start_worker: StartWorker
) -> None:
    store = await open_store("team", max_attempts=1)
    port = _free_port()
    worker = start_worker("--health-port", str(port))
    await worker.logged("namespace.served")
    unknown = Profile("not-installed", 20)
    for key, profile in (("plain", PROFILE), ("again", PROFILE), ("fails", unknown)):
        await put(store, f"{_CANARY}/{key}", text_of("plain"), profile)
        await idle(store)
    rendition = await rendition_of(store, await put(store, "plain", text_of("plain")))
    kind = rendition.kind
    await worker.logged("job.skipped", key="plain")
    await worker.logged("job.given_up")
    text, samples = await anyio.to_thread.run_sync(_scrape, port)

    def value(name: str, **labels: str) -> float:
        return samples[name, tuple(sorted(labels.items()))]

    assert value("sharedctx_jobs_total", kind=kind, outcome="ok") == 1
    assert value("sharedctx_jobs_total", kind=kind, outcome="skipped") == 2
    assert value("sharedctx_jobs_total", kind="unknown", outcome="dead") == 1
    original = value("sharedctx_tokens_original_total", kind=kind)
    assert (
        original
        == rendition.original_tokens
        > value("sharedctx_tokens_compressed_total", kind=kind)
        > 0
    )
    assert value("sharedctx_compression_seconds_count", kind=kind) == 1
    assert value("sharedctx_job_age_seconds_count") == 2
    assert value("sharedctx_jobs_in_progress") == 0
    assert value("sharedctx_queue_pending", namespace="team") == 0
    assert value("sharedctx_queue_in_hand", namespace="team") == 0
    assert value("sharedctx_entries", namespace="team") == 4
    assert value("sharedctx_worker_slots") == 2
    (info,) = [dict(labels) for name, labels in samples if name == "sharedctx_worker_info"]
    assert set(info) == {"id", "version"}
    assert _CANARY not in text, "a key became a label"


async def test_a_scrape_answers_while_the_server_is_away(
    own_server: NatsServer, open_store: OpenStore, start_worker: StartWorker
) -> None:
    await open_store("team")
    port = _free_port()
    worker = start_worker("--health-port", str(port))
    await worker.logged("namespace.served")
    await anyio.to_thread.run_sync(own_server.kill)
    _, samples = await anyio.to_thread.run_sync(_scrape, port)
    assert samples["sharedctx_worker_slots", ()] == 2
    assert not any(name == "sharedctx_queue_pending" for name, _ in samples)


async def test_one_trace_leads_from_put_to_rendition_to_get(
    own_server: NatsServer, open_store: OpenStore, tmp_path: Path
) -> None:
    await open_store("team")
    dump = tmp_path / "spans.jsonl"
    script = str(Path(__file__).with_name("traced.py"))
    worker = WorkerProcess(
        tmp_path / "worker.log", script, str(dump), "worker", "--servers", own_server.url
    )
    try:
        await worker.logged("namespace.served")
        client = [sys.executable, script, str(dump), "client", own_server.url, "team"]
        await anyio.run_process(client, env=child_environment(), stderr=subprocess.STDOUT)

        def spans() -> dict[str, Any] | None:
            found = [json.loads(line) for line in dump.read_text().splitlines()]
            by_name = {span["name"]: span for span in found}
            return by_name if "compress team" in by_name else None

        names = await until(spans, "the span of the job")
    finally:
        worker.kill()
    put_span, job, get = names["put team"], names["compress team"], names["get team"]
    assert put_span["parent_id"] == names["research"]["context"]["span_id"]
    assert get["parent_id"] == names["write report"]["context"]["span_id"]
    assert _linked(job) == [_identity(put_span)]
    assert _linked(get) == [_identity(put_span), _identity(job)]
    assert job["parent_id"] is None, "a job may run long after its put: it is linked"
    assert job["attributes"]["sharedctx.outcome"] == "ok"
    assert job["attributes"]["messaging.system"] == "nats"
    assert get["attributes"]["sharedctx.source"] == "rendition"
    saved = get["attributes"]["sharedctx.tokens.original"]
    assert saved > get["attributes"]["sharedctx.tokens.compressed"] > 0
    assert put_span["attributes"]["sharedctx.agent"] == "researcher"
    assert _CANARY not in dump.read_text(), "content got into a span"


def _identity(span: dict[str, Any]) -> tuple[str, str]:
    return span["context"]["trace_id"], span["context"]["span_id"]


def _linked(span: dict[str, Any]) -> list[tuple[str, str]]:
    return [_identity(link) for link in span["links"]]
