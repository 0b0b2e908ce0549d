from __future__ import annotations

import asyncio
import json
import pydoc_data.topics
from contextlib import aclosing
from typing import Any

import pytest

from sharedctx import (
    ConfigMismatch,
    ContentTooLarge,
    Guarantee,
    InvalidKey,
    InvalidRequest,
    NamespaceNotFound,
    RevisionConflict,
    SharedContext,
    SharedContextError,
    State,
    StoreUnavailable,
    WaitTimeout,
    tokens,
)
from sharedctx.testing import MemoryStore
from tests.client.conftest import OpenContext, working

PROSE = pydoc_data.topics.topics["operator-summary"] + pydoc_data.topics.topics["import"]
ROWS = json.dumps(
    [{"id": i, "name": f"user{i}", "active": True, "score": i * 7 % 13} for i in range(200)]
)


async def test_put_returns_at_once_and_get_serves_the_original_meanwhile(
    open_context: OpenContext,
) -> None:
    ctx = await open_context(agent="researcher")
    entry = await ctx.put("findings", PROSE)
    assert entry.state is State.PENDING
    assert (entry.key, entry.agent, entry.encoding) == ("findings", "researcher", "o200k_base")
    assert entry.original_tokens == entry.compressed_tokens == tokens.load().count(PROSE)
    assert entry.savings_percent == 0.0
    assert await ctx.get("findings", timeout=0) == PROSE
    assert await ctx.get("findings", timeout=0.1) == PROSE


async def test_other_agents_get_the_rendition_and_the_exact_original(
    open_context: OpenContext, nats_url: str, namespace: str
) -> None:
    writer = await open_context(agent="writer")
    reader = await open_context(agent="reader")
    async with working(nats_url, namespace):
        entry = await writer.put("doc", PROSE, wait=True)
        assert entry.state is State.READY
        assert 0 < entry.compressed_tokens < entry.original_tokens
        short = await reader.get("doc")
    assert short == entry.compressed
    assert tokens.load().count(short) == entry.compressed_tokens
    assert await reader.get("doc", full=True) == PROSE
    seen = await reader.get_entry("doc")
    assert (seen.agent, seen.original, seen.compressed) == ("writer", PROSE, short)
    assert seen.transforms[0].startswith("router:")
    assert seen.guarantee in set(Guarantee)


async def test_a_hint_reaches_the_compressor_and_has_its_own_rendition(
    open_context: OpenContext, nats_url: str, namespace: str
) -> None:
    ctx = await open_context()
    async with working(nats_url, namespace):
        found = await ctx.put("found", ROWS, wait=True)
        told = await ctx.put("told", ROWS, wait=True, kind="text")
        wrong = await ctx.put("wrong", ROWS, wait=True, filename="rows.py")
    assert found.transforms[1] == "kind:parsed"
    assert told.transforms[1] == "kind:hinted"
    assert told.transforms[0].startswith("router:text:")
    assert wrong.transforms[1] == "kind:refused"
    assert wrong.compressed == found.compressed != told.compressed
    with pytest.raises(InvalidRequest, match="kind"):
        await ctx.put("no", ROWS, kind="spreadsheet")


async def test_get_waits_for_a_rendition_that_is_on_its_way(
    open_context: OpenContext, nats_url: str, namespace: str
) -> None:
    ctx = await open_context()
    await ctx.put("rows", ROWS)
    getting = asyncio.create_task(ctx.get("rows", timeout=30))
    await asyncio.sleep(0.1)
    async with working(nats_url, namespace):
        short = await getting
    assert short != ROWS
    assert tokens.load().count(short) < tokens.load().count(ROWS)


async def test_views(open_context: OpenContext, nats_url: str, namespace: str) -> None:
    ctx = await open_context()
    async with working(nats_url, namespace):
        await ctx.put("doc", PROSE, wait=True)
        await ctx.put("rows", ROWS, wait=True)
    for budget in (50, 200, 1000):
        for key in ("doc", "rows"):
            assert tokens.load().count(await ctx.get(key, max_tokens=budget)) <= budget
    assert "user137" in await ctx.get("rows", query="score of user137", max_tokens=200)
    assert await ctx.get("doc", lines=(3, 5)) == "".join(PROSE.splitlines(keepends=True)[2:5])


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"full": True, "max_tokens": 50}, "read the original as it is"),
        ({"lines": (1, 2), "query": "x"}, "read the original as it is"),
        ({"max_tokens": 15}, "max_tokens is 15; it must be 16 or more"),
        ({"max_tokens": "300"}, "max_tokens is '300'; it must be 16 or more"),
        ({"query": b"x"}, "`query` is a str, not bytes"),
        ({"lines": 5}, r"`lines` are two numbers, \(first, last\), not 5"),
        ({"lines": (1,)}, r"not \(1,\)"),
        ({"lines": ("1", "2")}, r"not \('1', '2'\)"),
        ({"lines": (2, 1)}, "lines 2-1 is not a span"),
        ({"lines": (2, 2)}, "the last line of the original is 1"),
    ],
)
async def test_what_cannot_be_asked_for_is_told(asked: dict[str, Any], said: str) -> None:
    async with SharedContext(store=MemoryStore()) as ctx:
        await ctx.put("note", "small")
        with pytest.raises(InvalidRequest, match=said):
            await ctx.get("note", **asked)


async def test_views_of_what_is_still_pending(open_context: OpenContext) -> None:
    ctx = await open_context()
    await ctx.put("doc", PROSE)
    assert tokens.load().count(await ctx.get("doc", max_tokens=300, timeout=0)) <= 300
    assert await ctx.get("doc", max_tokens=1_000_000, timeout=0) == PROSE


async def test_small_content_passes_through_without_waiting(open_context: OpenContext) -> None:
    ctx = await open_context()
    assert (await ctx.put("note", "small")).state is State.PASSTHROUGH
    async with asyncio.timeout(1):
        assert await ctx.get("note", timeout=None) == "small"
    assert (await ctx.get_entry("note")).original_tokens == 1


@pytest.mark.parametrize("content", ["", "\ud800 lone", "a\x00b", "\r\n\r", "é" * 5000, "🦆" * 300])
async def test_any_str_comes_back_exactly(open_context: OpenContext, content: str) -> None:
    ctx = await open_context()
    await ctx.put("k", content)
    assert await ctx.get("k", full=True) == content
    assert await ctx.get("k", timeout=0) == content


async def test_an_overwritten_key_never_serves_the_old_rendition(
    open_context: OpenContext, nats_url: str, namespace: str
) -> None:
    ctx = await open_context()
    async with working(nats_url, namespace):
        await ctx.put("doc", PROSE, wait=True)
        old = await ctx.get("doc")
    await ctx.put("doc", PROSE + "!")
    assert await ctx.get("doc", timeout=0) == PROSE + "!"
    assert old != PROSE + "!"


async def test_the_same_bytes_are_compressed_once(
    open_context: OpenContext, nats_url: str, namespace: str
) -> None:
    ctx = await open_context()
    async with working(nats_url, namespace):
        await ctx.put("one", PROSE, wait=True)
    async with asyncio.timeout(2):
        assert (await ctx.put("two", PROSE, wait=True)).state is State.READY


async def test_renditions_in_memory_stay_within_their_bound(
    open_context: OpenContext, nats_url: str, namespace: str
) -> None:
    ctx = await open_context(cache_bytes=6_000)
    async with working(nats_url, namespace):
        for number in range(6):
            await ctx.put(f"k{number}", f"{number} {PROSE[:6000]}", wait=True)
    kept = [rendition.record.size for rendition in ctx._reader._cache.values()]
    assert 0 < sum(kept) <= 6_000
    assert "5 " in await ctx.get("k5")
    assert await ctx.get("k0", timeout=0) == await ctx.get("k0", timeout=0)


@pytest.mark.parametrize("size", [10 << 20, 63 << 20])
async def test_large_content_round_trips(open_context: OpenContext, size: int) -> None:
    ctx = await open_context()
    # Text that zstd cannot shrink to nothing: numbers in hex, different on every line.
    line = "".join(f"{number * 2654435761 % 2**32:08x} {number}\n" for number in range(60_000))
    content = (line * (size // len(line) + 1))[: size - 1] + "§"[:1]
    await ctx.put("big", content)
    assert await ctx.get("big", full=True) == content
    assert await ctx.delete("big")


async def test_what_is_too_large_is_refused_before_the_wire(open_context: OpenContext) -> None:
    ctx = await open_context()
    with pytest.raises(ContentTooLarge, match="max_content_bytes"):
        await ctx.put("big", "x" * (65 << 20))
    with pytest.raises(ContentTooLarge):
        await ctx.put("big", "é" * (33 << 20))
    await ctx.put("small", "alive")
    assert await ctx.get("small") == "alive"


async def test_bad_arguments_are_refused_before_the_wire(open_context: OpenContext) -> None:
    ctx = await open_context()
    with pytest.raises(InvalidKey):
        await ctx.put("k" * 5000, "x")
    with pytest.raises(InvalidRequest, match="json.dumps"):
        await ctx.put("k", b"bytes")
    with pytest.raises(InvalidRequest):
        await ctx.put("k", "x", agent="a" * 300)
    for ratio in (0, 2):
        with pytest.raises(InvalidRequest):
            SharedContext(ratio=ratio)
    await ctx.put("k", "alive")
    assert await ctx.keys() == ["k"]


async def test_conditional_puts(open_context: OpenContext) -> None:
    ctx = await open_context()
    first = await ctx.put("k", "one", expect=0)
    with pytest.raises(RevisionConflict) as caught:
        await ctx.put("k", "two", expect=0)
    assert caught.value.key == "k"
    assert (await ctx.put("k", "two", expect=first.revision)).revision > first.revision
    for wrong in ("1", first.ref, -1):
        with pytest.raises(InvalidRequest, match=r"entry\.revision"):
            await ctx.put("k", "three", expect=wrong)
    assert await ctx.get("k") == "two"


async def test_wait_for(open_context: OpenContext) -> None:
    ctx = await open_context()
    waiting = asyncio.create_task(ctx.wait_for("plan", timeout=10))
    await asyncio.sleep(0.05)
    first = await ctx.put("plan", "one")
    assert (await waiting).original == "one"
    assert (await ctx.wait_for("plan")).revision == first.revision
    waiting = asyncio.create_task(ctx.wait_for("plan", newer_than=first.revision, timeout=10))
    await asyncio.sleep(0.05)
    await ctx.put("plan", "two")
    assert (await waiting).original == "two"
    with pytest.raises(WaitTimeout, match="within 0.1 s"):
        await ctx.wait_for("never", timeout=0.1)


async def test_watch(open_context: OpenContext) -> None:
    ctx = await open_context(agent="me")
    events = []

    async def watch() -> None:
        async with aclosing(ctx.watch("a/")) as stream:
            async for event in stream:
                events.append((event.key, event.agent, event.size))
                if event.key == "a/2":
                    return

    watcher = asyncio.create_task(watch())
    await asyncio.sleep(0.2)
    await ctx.put("a/1", "x")
    await ctx.put("b/1", "x")
    await ctx.put("a/2", "xyz")
    async with asyncio.timeout(5):
        await watcher
    assert events == [("a/1", "me", 1), ("a/2", "me", 3)]


async def test_stats(open_context: OpenContext, nats_url: str, namespace: str) -> None:
    ctx = await open_context()
    async with working(nats_url, namespace):
        done = await ctx.put("doc", PROSE, wait=True)
    await ctx.put("doc2", PROSE)
    await ctx.put("pending", ROWS)
    await ctx.put("note", "small")
    stats = await ctx.stats()
    assert (stats.entries, stats.ready, stats.pending, stats.passthrough) == (4, 2, 1, 1)
    assert stats.total_original_tokens == 2 * done.original_tokens
    assert stats.total_compressed_tokens == 2 * done.compressed_tokens
    assert stats.total_tokens_saved == stats.total_original_tokens - stats.total_compressed_tokens
    assert stats.savings_percent == done.savings_percent


async def test_history(open_context: OpenContext) -> None:
    ctx = await open_context(history=2)
    for content in ("one", "two", "three"):
        await ctx.put("k", content)
    assert [entry.original for entry in await ctx.history("k")] == ["three", "two"]


async def test_a_namespace_with_other_settings_is_a_clear_error(open_context: OpenContext) -> None:
    await open_context(ttl=60.0, max_entries=5)
    same = await open_context()
    assert (await same.info()).config.max_entries == 5
    with pytest.raises(ConfigMismatch, match=r"max_entries=5 \(asked: 6\)"):
        await open_context(max_entries=6)
    changed = await open_context(max_entries=6, update=True)
    assert (await changed.info()).config.max_entries == 6
    assert (await changed.info()).config.ttl == 60.0


async def test_an_entry_expires(open_context: OpenContext) -> None:
    ctx = await open_context()
    await ctx.put("k", "x", ttl=1)
    assert await ctx.get("k") == "x"
    await asyncio.sleep(1.6)
    assert await ctx.get("k") is None


async def test_use_outside_its_block_says_what_to_do(nats_url: str, namespace: str) -> None:
    ctx = SharedContext(nats_url, namespace=namespace)
    with pytest.raises(SharedContextError, match="async with"):
        await ctx.get("k")
    async with ctx:
        pass
    await ctx.aclose()
    with pytest.raises(SharedContextError, match="was closed"):
        await ctx.open()


async def test_no_server_says_how_to_start_one() -> None:
    with pytest.raises(StoreUnavailable, match="sharedctx up"):
        await SharedContext("nats://127.0.0.1:9", retry_budget=1).open()


def test_repr_and_errors_hold_no_password() -> None:
    ctx = SharedContext("nats://user:secret@127.0.0.1:9", agent="me")
    assert "secret" not in repr(ctx)


async def test_a_context_that_does_not_create_refuses_a_mistyped_namespace(
    nats_url: str, namespace: str
) -> None:
    with pytest.raises(NamespaceNotFound, match=namespace):
        await SharedContext(nats_url, namespace=namespace, create=False).open()
    async with SharedContext(nats_url, namespace=namespace):
        pass
    async with SharedContext(nats_url, namespace=namespace, create=False) as ctx:
        assert await ctx.keys() == []


async def test_search(open_context: OpenContext) -> None:
    ctx = await open_context(agent="me")
    await ctx.put("guide", PROSE)
    await ctx.put(
        "log", "\n".join(f"line {i} is fine" for i in range(500)) + "\ndisk quota exceeded\n"
    )
    hit = (await ctx.search("which quota was exceeded?", limit=3))[0]
    assert (hit.key, hit.agent) == ("log", "me")
    assert "disk quota exceeded" in hit.text
    assert await ctx.get("log", lines=hit.lines) == hit.text
    assert await ctx.search("quota", prefix="guide") == []
