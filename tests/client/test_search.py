"""Search with the index in the client, against a real server that other clients change."""

from __future__ import annotations

import asyncio
import pydoc_data.topics
from collections.abc import Iterator
from contextlib import contextmanager

import nats
import pytest

from sharedctx import InvalidRequest, SharedContext, tokens
from sharedctx.embedded import NatsServer
from sharedctx.reading import Reader
from sharedctx.search import Searcher
from sharedctx.testing import MemoryStore
from tests.client.conftest import OpenContext

TOPICS = dict(sorted(pydoc_data.topics.topics.items())[:40])
LOG = "".join(f"12:00:{i:02} step {i} is fine\n" for i in range(60)) + "quota of disk exceeded\n"


@contextmanager
def counted_reads() -> Iterator[list[str]]:
    """Give a list that grows with the hash of every original that is read."""
    read: list[str] = []
    original = Reader.original
    with pytest.MonkeyPatch.context() as patch:

        async def count(self: Reader, entry: object) -> str:
            read.append(entry.record.hash)  # type: ignore[attr-defined]
            return await original(self, entry)  # type: ignore[arg-type]

        patch.setattr(Reader, "original", count)
        yield read


async def found(ctx: SharedContext, query: str) -> list[str]:
    return [hit.key for hit in await ctx.search(query)]


async def test_hits_say_where_they_are_from(open_context: OpenContext) -> None:
    ctx = await open_context(agent="builder")
    for name, text in TOPICS.items():
        await ctx.put(f"docs/{name}", text)
    entry = await ctx.put("log", LOG)
    hit, *others = await ctx.search("why did this expression exceed the disk quota?")
    assert (hit.key, hit.revision, hit.agent) == ("log", entry.revision, "builder")
    assert "quota of disk exceeded" in hit.text
    assert len(others) == 9
    for each in (hit, *others):
        assert await ctx.get(each.key, lines=each.lines) == each.text
    scores = [each.score for each in (hit, *others)]
    assert scores == sorted(scores, reverse=True)
    assert all(each.key.startswith("docs/") for each in await ctx.search("quota", prefix="docs/"))
    assert await ctx.search("zyxwv") == []
    assert len(await ctx.search("expression of a disk", limit=2)) == 2


async def test_a_search_follows_what_another_client_does(open_context: OpenContext) -> None:
    writer, reader = await open_context(), await open_context()
    for name, text in TOPICS.items():
        await writer.put(name, text)
    assert await found(reader, "zebra quagga") == []
    await writer.put("animals", "the zebra is striped")
    assert await found(reader, "zebra quagga") == ["animals"]
    await writer.put("animals", "the quagga is extinct")
    (hit,) = await reader.search("zebra quagga")
    assert hit.text == "the quagga is extinct"
    await writer.delete("animals")
    assert await found(reader, "zebra quagga") == []
    await writer.put("animals", "the zebra is back")
    assert await found(reader, "zebra quagga") == ["animals"]
    await writer.clear()
    assert await found(reader, "zebra quagga python") == []


async def test_only_what_is_new_is_read(open_context: OpenContext) -> None:
    writer, reader = await open_context(), await open_context()
    for name, text in TOPICS.items():
        await writer.put(name, text)
    with counted_reads() as read:
        await reader.search("zebra")
        assert len(read) == len(set(TOPICS.values()))
        read.clear()
        await reader.search("zebra")
        assert read == []
        await writer.put("another name of known content", TOPICS["assert"])
        await reader.search("zebra")
        assert read == []
        new = await writer.put("animals", "the zebra is striped")
        assert (await reader.search("zebra"))[0].revision == new.revision
        assert len(read) == 2  # once for the index, once for the text of the hit


async def test_expired_and_evicted_entries_are_not_found(open_context: OpenContext) -> None:
    ctx = await open_context(max_entries=3)
    await ctx.put("short", "the zebra will not stay", ttl=1)
    await ctx.put("long", "the zebra stays")
    assert await found(ctx, "zebra") == ["long", "short"]
    async with asyncio.timeout(20):
        while await ctx.get("short", full=True) is not None:
            await asyncio.sleep(0.1)
    assert await found(ctx, "zebra") == ["long"]
    for number in range(3):
        await ctx.put(f"key{number}", "something else")
    assert await found(ctx, "zebra") == []
    assert await found(ctx, "something") == ["key2"]


async def test_content_that_many_keys_hold_is_found_once(open_context: OpenContext) -> None:
    ctx = await open_context()
    for number in range(4):
        await ctx.put(f"copy{number}", LOG)
    (hit,) = await ctx.search("quota")
    assert hit.key == "copy3"
    assert hit.also_in == ("copy2", "copy1", "copy0")
    await ctx.delete("copy3")
    (hit,) = await ctx.search("quota")
    assert (hit.key, hit.also_in) == ("copy2", ("copy1", "copy0"))


async def test_a_budget_is_filled_and_kept(open_context: OpenContext) -> None:
    ctx = await open_context()
    for name, text in TOPICS.items():
        await ctx.put(name, text)
    count = tokens.load().count
    query = "how are attribute references evaluated?"
    for budget in (40, 100, 400, 1500, 6000):
        hits = await ctx.search(query, max_tokens=budget)
        used = sum(count(hit.text) for hit in hits)
        assert budget * 0.75 < used <= budget
        for hit in hits:
            assert hit.text in TOPICS[hit.key]
            assert hit.text in str(await ctx.get(hit.key, lines=hit.lines))
    assert len(await ctx.search(query, max_tokens=6000)) > 10
    assert len(await ctx.search(query, max_tokens=6000, limit=3)) == 3
    for wrong in ({"max_tokens": 0}, {"limit": 0}):
        with pytest.raises(InvalidRequest):
            await ctx.search(query, **wrong)


async def test_long_lines_are_cut(open_context: OpenContext) -> None:
    ctx = await open_context()
    rows = ", ".join(f'{{"id": {n}, "state": "fine"}}' for n in range(5000))
    text = f'{rows}, {{"id": 5000, "state": "broken"}}\n' + rows
    await ctx.put("rows", text)
    hit = (await ctx.search("broken"))[0]
    assert "broken" in hit.text
    assert len(hit.text) <= 800
    assert hit.lines == (1, 1)
    (short,) = await ctx.search("broken", max_tokens=60)
    assert "broken" in short.text
    assert tokens.load().count(short.text) <= 60


async def test_large_contents_and_history(open_context: OpenContext) -> None:
    ctx = await open_context(history=3)
    large = "".join(f"{i} {hash((i, 7))} line of a large content\n" for i in range(60_000))
    await ctx.put("large", large + "the zebra is at the end\n")
    await ctx.put("other", "first")
    await ctx.put("other", "second")
    hit = (await ctx.search("zebra"))[0]
    assert hit.lines[1] == 60_001
    assert await ctx.get("large", lines=hit.lines) == hit.text
    assert await found(ctx, "first second") == ["other"]


async def test_what_does_not_fit_into_memory_is_still_found(open_context: OpenContext) -> None:
    ctx = await open_context()
    for name, text in TOPICS.items():
        await ctx.put(name, text)
    small = Searcher(ctx._store, ctx._reader, "o200k_base", index_bytes=100_000)
    for query in ("attribute reference", "why is the name unbound?", "zebra"):
        for _ in range(2):
            assert await small.search(query) == await ctx.search(query)
    assert small._used_bytes <= 100_000
    assert 0 < len(small._contents) < len(set(TOPICS.values()))


async def test_it_is_right_after_an_outage(own_server: NatsServer) -> None:
    async with SharedContext(own_server.url) as reader, SharedContext(own_server.url) as writer:
        for name, text in TOPICS.items():
            await writer.put(name, text)
        await writer.put("animals", "the zebra is striped")
        await writer.put("gone", "the zebra will be deleted")
        assert await found(reader, "zebra") == ["animals", "gone"]
        await asyncio.to_thread(own_server.kill)
        await asyncio.to_thread(own_server.start)
        await writer.delete("gone")
        await writer.put("new", "zebra")
        assert await found(reader, "zebra") == ["new", "animals"]


async def test_a_namespace_that_is_made_anew_is_indexed_anew(
    open_context: OpenContext, nats_url: str, namespace: str
) -> None:
    reader = await open_context()
    await reader.put("old", "the zebra is striped")
    await reader.put("kept", "something else")
    assert await found(reader, "zebra") == ["old"]
    nc = await nats.connect(nats_url)
    for stream in ("", "_renditions", "_blobs"):
        await nc.jetstream().delete_stream(f"KV_ctx_{namespace}{stream}")
    await nc.close()
    writer = await open_context()
    for number in range(5):  # as many entries and revisions as before, and more
        await writer.put(f"new{number}", f"quagga {number}")
    assert await found(reader, "zebra") == []
    assert len(await found(reader, "quagga")) == 5


async def test_searches_beside_writers_see_whole_entries(open_context: OpenContext) -> None:
    writer, reader = await open_context(max_entries=50), await open_context()

    async def write(number: int) -> None:
        for turn in range(150):
            await writer.put(f"key{(number * 30 + turn) % 70}", f"zebra {number} {turn}\n" * 20)
            await asyncio.sleep(0.01)
            if turn % 7 == 0:
                await writer.delete(f"key{turn}")

    async def read() -> int:
        hits = await reader.search("zebra", limit=20)
        for hit in hits:
            assert hit.text.startswith("zebra ")
        return len(hits)

    writing = [asyncio.create_task(write(number)) for number in range(8)]
    seen = []
    while not all(task.done() for task in writing):
        seen += await asyncio.gather(*(read() for _ in range(3)))
    await asyncio.gather(*writing)
    assert len(seen) > 9
    assert max(seen) == 20
    live = {key: await writer.get(key, full=True) for key in await writer.keys()}
    hits = await reader.search("zebra", limit=200)
    assert {key for hit in hits for key in (hit.key, *hit.also_in)} == live.keys()
    assert all(hit.text in str(live[hit.key]) for hit in hits)


async def test_search_in_memory() -> None:
    async with SharedContext(store=MemoryStore()) as ctx:
        await ctx.put("log", LOG)
        assert await found(ctx, "quota") == ["log"]
        await ctx.delete("log")
        assert await found(ctx, "quota") == []
