"""What every store promises, shown on the one in memory and on the one on NATS."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from sharedctx.errors import InvalidKey, InvalidRequest, RevisionConflict, StaleRead
from sharedctx.store import watching
from tests.store.conftest import OpenStore, draft, put_text, rendition_of, text_of


async def test_put_then_get(open_store: OpenStore) -> None:
    store = await open_store()
    revision = await put_text(store, "k", "content")
    entry = await store.get("k")
    assert entry is not None
    assert (entry.key, entry.revision, entry.record.agent) == ("k", revision, "tester")
    assert await text_of(store, entry) == "content"


async def test_missing_is_none(open_store: OpenStore) -> None:
    store = await open_store()
    assert await store.get("nothing") is None
    assert await store.history("nothing") == []
    assert await store.keys() == []


async def test_revisions_grow_and_the_last_put_wins(open_store: OpenStore) -> None:
    store = await open_store()
    revisions = [await put_text(store, "k", str(number)) for number in range(5)]
    assert revisions == sorted(set(revisions))
    assert await text_of(store, await store.get("k")) == "4"


async def test_put_only_at_the_expected_revision(open_store: OpenStore) -> None:
    store = await open_store()
    first = await put_text(store, "k", "one", expect=0)
    with pytest.raises(RevisionConflict, match=f"at revision {first}, not at 0"):
        await put_text(store, "k", "two", expect=0)
    second = await put_text(store, "k", "two", expect=first)
    with pytest.raises(RevisionConflict):
        await put_text(store, "k", "three", expect=first)
    entry = await store.get("k")
    assert entry is not None
    assert entry.revision == second


async def test_only_one_of_many_conditional_puts_wins(open_store: OpenStore) -> None:
    store = await open_store()
    puts = [put_text(store, "k", str(number), expect=0) for number in range(20)]
    results = await asyncio.gather(*puts, return_exceptions=True)
    assert sum(isinstance(result, int) for result in results) == 1
    assert sum(isinstance(result, RevisionConflict) for result in results) == 19


async def test_delete(open_store: OpenStore) -> None:
    store = await open_store(history=3)
    await put_text(store, "k", "one")
    await put_text(store, "other", "two")
    assert await store.delete("k") is True
    assert await store.delete("k") is False
    assert await store.get("k") is None
    assert await store.history("k") == []
    assert await store.keys() == ["other"]


async def test_delete_spares_what_was_put_later(open_store: OpenStore) -> None:
    store = await open_store()
    old = await put_text(store, "k", "one")
    await put_text(store, "k", "two")
    assert await store.delete("k", revision=old) is False
    assert await text_of(store, await store.get("k")) == "two"


async def test_a_deleted_key_is_absent_for_conditional_puts(open_store: OpenStore) -> None:
    store = await open_store()
    await put_text(store, "k", "one")
    await store.delete("k")
    assert await put_text(store, "k", "two", expect=0) > 0


async def test_clear(open_store: OpenStore) -> None:
    store = await open_store(history=2)
    record, packed = draft("one")
    await store.put("a", record, packed)
    await put_text(store, "b", "two")
    await store.put_rendition(rendition_of(record), b"short")
    assert await store.clear() == 2
    assert await store.keys() == []
    assert await store.history("a") == []
    assert await store.get_rendition(record) is None


async def test_the_oldest_entry_is_evicted_and_overwriting_makes_newest(
    open_store: OpenStore,
) -> None:
    store = await open_store(max_entries=3)
    for key in "abc":
        await put_text(store, key, key)
    await put_text(store, "a", "again")
    await put_text(store, "d", "d")
    assert await store.keys() == ["a", "c", "d"]


async def test_deleting_frees_a_slot(open_store: OpenStore) -> None:
    store = await open_store(max_entries=2)
    await put_text(store, "a", "1")
    await put_text(store, "b", "2")
    await store.delete("b")
    await put_text(store, "c", "3")
    assert await store.keys() == ["a", "c"]


async def test_never_more_than_max_entries_under_concurrent_puts(open_store: OpenStore) -> None:
    store = await open_store(max_entries=7)
    highest = 0

    async def writer(name: str) -> None:
        nonlocal highest
        for number in range(15):
            await put_text(store, f"{name}-{number}", "x")
            highest = max(highest, len(await store.keys()))

    await asyncio.gather(*(writer(name) for name in "abcd"))
    assert highest <= 7
    assert len(await store.keys()) == 7


async def test_history_keeps_the_newest_revisions(open_store: OpenStore) -> None:
    store = await open_store(history=3)
    revisions = [await put_text(store, "k", str(number)) for number in range(5)]
    kept = await store.history("k")
    assert [entry.revision for entry in kept] == revisions[:1:-1]
    assert [await text_of(store, entry) for entry in kept] == ["4", "3", "2"]


async def test_conditional_puts_and_short_ttls_are_in_the_history_too(
    open_store: OpenStore,
) -> None:
    store = await open_store(history=4)
    first = await put_text(store, "k", "one", expect=0)
    await put_text(store, "k", "two", expect=first, ttl=60)
    assert [await text_of(store, entry) for entry in await store.history("k")] == ["two", "one"]


async def test_without_history_only_the_current_revision_is_kept(open_store: OpenStore) -> None:
    store = await open_store()
    await put_text(store, "k", "one")
    last = await put_text(store, "k", "two")
    assert [entry.revision for entry in await store.history("k")] == [last]


async def test_an_entry_ttl_is_bounded_by_that_of_the_namespace(open_store: OpenStore) -> None:
    store = await open_store(ttl=60.0)
    for ttl in (61, 0, -1):
        with pytest.raises(InvalidRequest):
            await put_text(store, "k", "x", ttl=ttl)


async def test_keys_and_entries_by_prefix(open_store: OpenStore) -> None:
    store = await open_store()
    for key in ("plan/b", "plan/a", "other", "", "plan.ü"):
        await put_text(store, key, key)
    assert await store.keys() == ["", "other", "plan.ü", "plan/a", "plan/b"]
    assert await store.keys("plan/") == ["plan/a", "plan/b"]
    async with aclosing(store.entries("plan/")) as entries:
        assert [entry.key async for entry in entries] == ["plan/b", "plan/a"]


async def test_changes_tell_what_was_put_since_and_how_much_there_is(
    open_store: OpenStore,
) -> None:
    store = await open_store()
    await put_text(store, "a", "one")
    await put_text(store, "b", "two")
    first = await store.changes(0)
    assert [entry.key for entry in first.entries] == ["a", "b"]
    assert all(entry.packed is None for entry in first.entries)
    assert (first.live, first.revision) == (2, first.entries[-1].revision)
    again = await store.changes(first.revision)
    assert (again.entries, again.revision, again.live) == ([], first.revision, 2)
    revision = await put_text(store, "a", "three")
    await store.delete("b")
    after = await store.changes(again.revision)
    assert [(entry.key, entry.revision) for entry in after.entries] == [("a", revision)]
    assert (after.live, after.epoch) == (1, first.epoch)
    await store.clear()
    cleared = await store.changes(after.revision)
    assert (cleared.entries, cleared.live) == ([], 0)
    assert cleared.revision >= after.revision


async def test_a_rendition_belongs_to_bytes_and_profile(open_store: OpenStore) -> None:
    store = await open_store()
    record, packed = draft("shared bytes")
    await store.put("a", record, packed)
    await store.put("b", record, packed)
    assert await store.get_rendition(record) is None
    await store.put_rendition(rendition_of(record), b"short")
    for key in "ab":
        entry = await store.get(key)
        assert entry is not None
        found = await store.get_rendition(entry.record)
        assert found is not None
        assert found.record == rendition_of(record)
        assert await store.packed_rendition(found) == b"short"
    other, _ = draft("other bytes")
    assert await store.get_rendition(other) is None
    async with aclosing(store.renditions()) as renditions:
        assert [made.hash async for made in renditions] == [record.hash]


async def test_signals_tell_of_puts_and_renditions(open_store: OpenStore) -> None:
    store = await open_store()
    record, packed = draft("x")
    async with store.put_signal("k") as put, store.rendition_signal(record) as ready:
        await put_text(store, "unrelated", "y")
        await store.put("k", record, packed)
        async with asyncio.timeout(5):
            await put.wait()
        assert not ready.is_set()
        await store.put_rendition(rendition_of(record), b"short")
        async with asyncio.timeout(5):
            await ready.wait()


async def test_watch_sees_every_put_once_and_in_order(open_store: OpenStore) -> None:
    store = await open_store()
    await put_text(store, "plan/old", "before")
    seen: list[str] = []
    started = asyncio.Event()

    async def watch() -> None:
        async with aclosing(store.watch("plan/")) as puts:
            started.set()
            async for entry in puts:
                seen.append(entry.key)
                if entry.key == "plan/end":
                    return

    watcher = asyncio.create_task(watch())
    await started.wait()
    await asyncio.sleep(0.2)
    for key in ("plan/a", "other", "plan/b", "plan/a", "plan/end"):
        await put_text(store, key, key)
    async with asyncio.timeout(5):
        await watcher
    assert seen == ["plan/a", "plan/b", "plan/a", "plan/end"]


async def test_a_slow_watcher_misses_repeats_but_never_the_newest_of_a_key(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "_MOST_EVENTS", 20)
    store = await open_store()
    seen: dict[str, int] = {}
    async with aclosing(store.watch()) as puts:
        upcoming = asyncio.ensure_future(anext(puts))
        while not upcoming.done():
            seen["first"] = await put_text(store, "first", "x")
            await asyncio.sleep(0.05)
        revisions = {}
        for number in range(100):
            revisions[f"k{number % 7}"] = await put_text(store, f"k{number % 7}", str(number))
        await asyncio.sleep(0.5)  # all are announced, and most events are dropped
        count = 0
        async with asyncio.timeout(20):
            while any(seen.get(key) != revision for key, revision in revisions.items()):
                entry = await anext(puts)
                assert entry.revision > max([0, *(r for k, r in seen.items() if k != "first")])
                seen[entry.key] = entry.revision
                count += 1
        assert count < 60


async def test_an_entry_older_than_is_known_is_not_current(open_store: OpenStore) -> None:
    store = await open_store()
    revision = await put_text(store, "k", "x")
    assert await store.get("k", at_least=revision) is not None
    with pytest.raises(StaleRead):
        await store.get("k", at_least=revision + 1)
    with pytest.raises(StaleRead):
        await store.get("other", at_least=revision + 1)
    assert await store.get("other", at_least=revision) is None


async def test_every_verb_validates_its_key(open_store: OpenStore) -> None:
    store = await open_store()
    long = "k" * 2000
    for call in (store.get, store.delete, store.history):
        with pytest.raises(InvalidKey):
            await call(long)
    with pytest.raises(InvalidKey):
        await put_text(store, long, "x")
    with pytest.raises(InvalidKey):
        async with store.put_signal(long):
            pass
    assert await put_text(store, "still", "alive") > 0


@pytest.mark.parametrize(
    "key", [">", "*", "a.b", "..", "", " ", "\x00", "\r\n", "é", "\ud800", "$KV"]
)
async def test_odd_keys_are_ordinary(open_store: OpenStore, key: str) -> None:
    store = await open_store()
    await put_text(store, "bystander", "here")
    await put_text(store, key, "odd")
    assert await text_of(store, await store.get(key)) == "odd"
    assert set(await store.keys()) == {"bystander", key}
    assert await store.delete(key) is True
    assert await store.keys() == ["bystander"]


async def test_info(open_store: OpenStore) -> None:
    store = await open_store(ttl=60.0, max_entries=9, history=2)
    await put_text(store, "k", "x" * 1000)
    info = await store.info()
    assert (info.config.ttl, info.config.max_entries, info.config.history) == (60.0, 9, 2)
    assert info.entries == 1
    assert info.stored_bytes > 0
    assert info.jobs_waiting == 1


async def test_closing_twice_is_fine(open_store: OpenStore) -> None:
    store = await open_store()
    await store.aclose()
    await store.aclose()
