from __future__ import annotations

import urllib.request

import anyio
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from sharedctx import RevisionConflict, SharedContext
from sharedctx.metrics import ClientMetrics
from sharedctx.testing import MemoryStore
from sharedctx_workers import compress

_TEXT = "\n".join(f"The {n}th thing about the weather is that it changes." for n in range(200))


def _scrape(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        text: str = answer.read().decode()
    return text


async def test_a_client_serves_metrics_of_all_its_contexts() -> None:
    metrics = ClientMetrics(CollectorRegistry())
    port = metrics.serve(0)
    entry = None
    for name in ("one", "two"):
        store = MemoryStore(name, compressor=compress)
        async with SharedContext(store=store, namespace=name, metrics=metrics) as context:
            await context.put("secret-key", _TEXT, agent="secret-agent")
            entry = await context.get_entry("secret-key")
            with pytest.raises(RevisionConflict):
                await context.put("secret-key", _TEXT, expect=0)
            await context.get("secret-key")
            await context.get("secret-key", full=True)
            await context.get("secret-key", max_tokens=64)
            await context.get("secret-key", query="weather")
            await context.get("secret-key", lines=(1, 2))
            await context.get("missing")
    text = await anyio.to_thread.run_sync(_scrape, port)
    samples = {
        (sample.name, *sample.labels.values()): sample.value  # labels come sorted
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert samples["sharedctx_puts_total", "ok"] == 2
    assert samples["sharedctx_puts_total", "RevisionConflict"] == 2
    assert samples["sharedctx_put_seconds_count",] == 4
    for view, source in (
        ("short", "rendition"),
        ("short", "missing"),
        ("full", "original"),
        ("lines", "original"),
        ("budget", "rendition"),
        ("query", "rendition"),
    ):
        assert samples["sharedctx_get_seconds_count", source, view] == 2, (view, source)
    assert entry is not None
    saved = entry.original_tokens - entry.compressed_tokens
    assert samples["sharedctx_read_tokens_saved_total",] == 2 * saved > 0
    assert "secret" not in text
