"""Prometheus metrics of a worker, served beside its health endpoints.

Labels name namespaces, kinds of content and outcomes, never keys, agents or content.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import anyio
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from sharedctx.errors import StoreError
from sharedctx.hints import KINDS
from sharedctx.records import RenditionRecord
from sharedctx.store.base import Job, Store

__all__ = ("WorkerMetrics",)

_COMPRESSION_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_AGE_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
# A scrape must end long before Prometheus gives it up, which by default is after 10 s.
_LOOK_LIMIT_S = 2.0


class WorkerMetrics:
    """What a worker counts, and what it looks up when it is scraped."""

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self._jobs = Counter(
            "sharedctx_jobs",
            "Tries of jobs by how they ended: ok, passthrough (the original is its best "
            "rendition), skipped (it was there already), retry, dead (given up), left (given "
            "back).",
            ["kind", "outcome"],
            registry=registry,
        )
        self._seconds = Histogram(
            "sharedctx_compression_seconds",
            "Time that compression took in the child process.",
            ["kind"],
            buckets=_COMPRESSION_SECONDS,
            registry=registry,
        )
        self._original = Counter(
            "sharedctx_tokens_original", "Tokens of originals.", ["kind"], registry=registry
        )
        self._compressed = Counter(
            "sharedctx_tokens_compressed",
            "Tokens of what readers get instead.",
            ["kind"],
            registry=registry,
        )
        self._refused = Counter(
            "sharedctx_verification_failures",
            "Renderings that the verification gate did not let pass.",
            ["kind"],
            registry=registry,
        )
        self._age = Histogram(
            "sharedctx_job_age_seconds",
            "Age of an original when its job ended, by the clock of its writer.",
            buckets=_AGE_SECONDS,
            registry=registry,
        )
        self._in_progress = Gauge(
            "sharedctx_jobs_in_progress", "Jobs in child processes.", registry=registry
        )
        self._slots = Gauge(
            "sharedctx_worker_slots", "Jobs it can compress at the same time.", registry=registry
        )
        self._look_up(registry)

    def _look_up(self, registry: CollectorRegistry) -> None:
        """Make the gauges that are filled when they are asked for."""
        self._pending = Gauge(
            "sharedctx_queue_pending",
            "Originals that no worker has taken. Every worker tells the same.",
            ["namespace"],
            registry=registry,
        )
        self._in_hand = Gauge(
            "sharedctx_queue_in_hand",
            "Originals that workers have taken and not finished. Every worker tells the same.",
            ["namespace"],
            registry=registry,
        )
        self._entries = Gauge(
            "sharedctx_entries",
            "Live entries. Every worker tells the same.",
            ["namespace"],
            registry=registry,
        )
        self._info = Gauge(
            "sharedctx_worker_info", "Always 1.", ["id", "version"], registry=registry
        )

    def describe(self, worker_id: str, version: str, slots: int) -> None:
        """Say who this worker is."""
        self._info.labels(worker_id, version).set(1)
        self._slots.set(slots)

    def ended(self, job: Job, outcome: str, rendition: RenditionRecord | None = None) -> None:
        """Count the end of a try of `job`.

        Args:
            job: The job.
            outcome: How it ended.
            rendition: What readers get from now on, if that is settled.
        """
        kind = rendition.kind if rendition else "unknown"
        if kind not in KINDS and kind != "passthrough":
            kind = "unknown"  # a label is never what somebody else has written
        self._jobs.labels(kind, outcome).inc()
        if rendition is None or outcome == "skipped":
            return
        self._age.observe(max(0.0, time.time() - job.entry.record.timestamp))
        self._original.labels(kind).inc(rendition.original_tokens)
        self._compressed.labels(kind).inc(rendition.compressed_tokens)
        if outcome != "dead":
            self._seconds.labels(kind).observe(rendition.elapsed_s)
            self._refused.labels(kind).inc(rendition.refused)

    async def scrape(self, busy: int, stores: Mapping[str, Store]) -> bytes:
        """Look at the queues and return everything in the text format of Prometheus.

        Args:
            busy: Jobs in child processes now.
            stores: The namespaces that this worker serves, by name.
        """
        self._in_progress.set(busy)
        for gauge in (self._pending, self._in_hand, self._entries):
            gauge.clear()
        # A namespace whose server does not answer in time is missing rather than wrong.
        with anyio.move_on_after(_LOOK_LIMIT_S):
            async with anyio.create_task_group() as looking:
                for namespace, store in stores.items():
                    looking.start_soon(self._look, namespace, store)
        return generate_latest(self._registry)

    async def _look(self, namespace: str, store: Store) -> None:
        try:
            info = await store.info()
        except StoreError:
            return
        self._pending.labels(namespace).set(info.jobs_waiting)
        self._in_hand.labels(namespace).set(info.jobs_in_hand)
        self._entries.labels(namespace).set(info.entries)
