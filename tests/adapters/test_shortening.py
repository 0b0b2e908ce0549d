"""What all adapters share; needs no framework."""

from __future__ import annotations

import asyncio
import json
import logging
import time

import pytest

from sharedctx import ContentTooLarge, MissingExtra, SharedContext, SharedContextError, sync
from sharedctx.adapters import shortening
from sharedctx.adapters.clients import run, update
from sharedctx.adapters.extras import extra
from sharedctx.adapters.retrieval import make_blocking_context_get, make_context_get
from sharedctx.adapters.shortening import Shortener, reference_key
from sharedctx.embedded import NatsServer
from sharedctx.testing import MemoryStore
from tests.client.conftest import working

LARGE = json.dumps([{"row": row, "state": "passed"} for row in range(400)], indent=2)


async def test_one_output_is_one_entry_however_often_it_comes(shared: SharedContext) -> None:
    shortener = Shortener(shared, min_tokens=300)
    first = await shortener.shorten(LARGE, "run tests!", agent="coder" * 100)
    again = await Shortener(shared, min_tokens=300).shorten(LARGE, "run tests!")
    assert first == again
    key = reference_key(first)
    assert key is not None
    assert key.startswith("outputs/run-tests-/")
    assert await shared.keys() == [key]
    assert await shortener.shorten(first, "run tests!") == first
    assert len(first) < len(LARGE) / 2


async def test_the_threshold_counts_tokens(shared: SharedContext) -> None:
    entry = await shared.put("count", LARGE)
    at = Shortener(shared, min_tokens=entry.original_tokens)
    above = Shortener(shared, min_tokens=entry.original_tokens + 1)
    assert await above.shorten(LARGE, "tool") == LARGE
    assert await at.shorten(LARGE, "tool") != LARGE
    huge = "word " * 200_000
    patient = Shortener(shared, min_tokens=1000, timeout=60)
    assert await patient.shorten(huge, "tool") != huge


async def test_without_a_worker_outputs_are_handed_on_and_only_the_first_waits(
    nats_url: str, namespace: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with SharedContext(nats_url, namespace=namespace) as context:
        shortener = Shortener(context, min_tokens=300, timeout=1)
        assert await shortener.shorten(LARGE, "tool") == LARGE
        assert "no worker compressed it within 1 s" in caplog.text
        started = time.monotonic()
        assert await shortener.shorten(LARGE[1:], "tool") == LARGE[1:]
        assert time.monotonic() - started < 0.5
        assert len(await context.keys()) == 2
        assert len(caplog.records) == 1
        async with working(nats_url, namespace):
            while await shortener.shorten(LARGE, "tool") == LARGE:
                await asyncio.sleep(0.1)


async def test_the_names_of_our_own_tools_may_have_a_prefix(shared: SharedContext) -> None:
    shortener = Shortener(shared, min_tokens=300)
    assert await shortener.shorten(LARGE, "mcp__sharedctx__context_get") == LARGE
    assert await shortener.shorten(LARGE, "context_search") == LARGE
    assert await shared.keys() == []


async def test_parts_that_are_not_text_stay(shared: SharedContext) -> None:
    shortener = Shortener(shared, min_tokens=300)
    image = {"type": "image", "data": LARGE}
    parts = [{"type": "text", "text": LARGE, "id": 1}, image, "short", 3]
    short = await shortener.shorten_texts(parts, "tool")
    assert reference_key(short[0]["text"])
    assert short[0]["type"] == "text"
    assert short[1:] == [image, "short", 3]


async def test_outputs_are_shortened_again_when_the_store_is_back(
    own_server: NatsServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shortening, "_PAUSE_S", 0.5)
    async with SharedContext(own_server.url, namespace="outage") as context:
        shorteners = [Shortener(context, min_tokens=300, timeout=0.3) for _ in range(2)]
        await asyncio.to_thread(own_server.stop)
        with caplog.at_level(logging.INFO, "sharedctx.adapters"):
            for shortener in shorteners:
                assert await shortener.shorten(LARGE, "tool") == LARGE
            started = time.monotonic()
            assert await shorteners[0].shorten(LARGE, "tool") == LARGE
            assert time.monotonic() - started < 0.2, "a store that is away is left alone"
            await asyncio.sleep(0.6)
            assert await shorteners[0].shorten(LARGE, "tool") == LARGE
            await asyncio.to_thread(own_server.start)
            while not await context.keys():
                await asyncio.sleep(0.1)
                await shorteners[1].shorten(LARGE, "tool")
    told = [record.levelno for record in caplog.records if "the store is back" in record.message]
    assert told == [logging.WARNING, logging.INFO]


async def test_content_over_the_limit_is_no_outage(
    nats_url: str, namespace: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with SharedContext(nats_url, namespace=namespace, max_content_bytes=4000) as context:
        with pytest.raises(ContentTooLarge):
            await context.put("key", LARGE)
        shortener = Shortener(context, min_tokens=300, timeout=0.2)
        assert await shortener.shorten(LARGE, "tool") == LARGE
        assert "at most 4,000 fit" in caplog.text
        await shortener.shorten(LARGE[:3900], "tool")
        assert len(await context.keys()) == 1


async def test_misuse_is_raised() -> None:
    context = SharedContext(store=MemoryStore())
    with pytest.raises(SharedContextError, match="not open"):
        await Shortener(context, min_tokens=300).shorten(LARGE, "tool")


async def test_the_tool_reads_the_original(shared: SharedContext) -> None:
    context_get = make_context_get(shared)
    await shared.put("report", "\n".join(f"line {number}" for number in range(1, 401)))
    original = await shared.get("report", full=True)
    assert await context_get("report", full=True) == original
    assert await context_get("report", first_line=3, last_line=4) == "line 3\nline 4\n"
    assert (await context_get("report", first_line=101)).splitlines()[-1] == "line 300"
    assert (await context_get("report", last_line=1)) == "line 1\n"
    assert "line 333" in await context_get("report", query="what is on line 333")
    assert "nothing under nowhere" in await context_get("nowhere")
    assert "last line of the original is 400" in await context_get("report", first_line=900)


async def test_the_blocking_context_works_on_any_loop(
    shared: SharedContext, blocking: sync.SharedContext
) -> None:
    await shared.put("key", "value")
    read = make_blocking_context_get(blocking)
    assert await make_context_get(blocking)("key") == "value"
    assert await asyncio.to_thread(read, "key") == "value"
    with pytest.raises(SharedContextError, match="would block the event loop"):
        read("key")
    with pytest.raises(SharedContextError, match=r"needs a sharedctx\.sync"):
        run(shared, lambda: make_context_get(shared)("key"))


async def test_concurrent_updates_are_all_kept(shared: SharedContext) -> None:
    async def append(name: str) -> None:
        await update(shared, "log", lambda text: f"{text or ''}{name},")

    names = [str(number) for number in range(20)]
    await asyncio.gather(*map(append, names))
    text = await shared.get("log", full=True)
    assert text is not None
    assert sorted(text.split(",")[:-1], key=int) == names
    assert await update(shared, "log", lambda _: None) == text


def test_a_missing_framework_names_the_extra() -> None:
    with pytest.raises(MissingExtra, match=r"pip install -U 'sharedctx\[ag2\]'"), extra("ag2"):
        import no_such_framework  # type: ignore[import-not-found]  # noqa: F401, PLC0415
