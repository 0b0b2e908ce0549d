from __future__ import annotations

import asyncio
from typing import Any

import pytest

pytest.importorskip("langgraph")

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.store.base import BaseStore

from sharedctx import SharedContext, SharedContextError, sync
from sharedctx.adapters.langgraph_store import SharedContextStore

pytestmark = pytest.mark.filterwarnings("ignore")


async def test_items_are_put_read_and_deleted(shared: SharedContext) -> None:
    store = SharedContextStore(shared)
    await store.aput(("team", "a/b"), "50% / x", {"text": "hello", "n": [1, None]})
    item = await store.aget(("team", "a/b"), "50% / x")
    assert item is not None
    assert (item.namespace, item.key) == (("team", "a/b"), "50% / x")
    assert item.value == {"text": "hello", "n": [1, None]}
    assert item.created_at == item.updated_at
    assert await store.aget(("team",), "a/b") is None
    await store.aput(("team", "a/b"), "50% / x", {"text": "new"})
    again = await store.aget(("team", "a/b"), "50% / x")
    assert again is not None
    assert again.value == {"text": "new"}
    assert again.updated_at > item.updated_at
    await store.adelete(("team", "a/b"), "50% / x")
    assert await store.aget(("team", "a/b"), "50% / x") is None


async def test_items_expire_after_minutes(shared: SharedContext) -> None:
    store = SharedContextStore(shared)
    await store.aput(("team",), "brief", {"text": "gone soon"}, ttl=1 / 60)
    assert await store.aget(("team",), "brief") is not None
    await asyncio.sleep(2.5)
    assert await store.aget(("team",), "brief") is None


async def test_search_filters_pages_and_ranks(shared: SharedContext) -> None:
    store = SharedContextStore(shared)
    texts = ["the build failed in the linker", "lunch is at noon", "the linker ran out of memory"]
    for number, text in enumerate(texts):
        await store.aput(("team", "notes"), f"n{number}", {"text": text, "n": number})
    await store.aput(("team", "plans"), "p", {"text": "fix the build", "n": 9})
    await store.aput(("teams",), "other", {"text": "another team"})
    assert [item.key for item in await store.asearch(("team",))] == ["n0", "n1", "n2", "p"]
    assert [item.key for item in await store.asearch(("team",), limit=2, offset=1)] == ["n1", "n2"]
    kept = await store.asearch(("team",), filter={"n": {"$gte": 2}})
    assert [item.key for item in kept] == ["n2", "p"]
    ranked = await store.asearch(("team", "notes"), query="why did the linker run out of memory")
    assert ranked[0].key == "n2"
    assert [item.score for item in ranked] == sorted(
        (item.score or 0 for item in ranked), reverse=True
    )


async def test_namespaces_are_listed(shared: SharedContext) -> None:
    store = SharedContextStore(shared)
    for namespace in [("a", "x"), ("a", "y", "z"), ("b",)]:
        await store.aput(namespace, "key", {"v": 1})
    assert await store.alist_namespaces() == [("a", "x"), ("a", "y", "z"), ("b",)]
    assert await store.alist_namespaces(prefix=("a",), max_depth=2) == [("a", "x"), ("a", "y")]
    assert await store.alist_namespaces(suffix=("z",)) == [("a", "y", "z")]
    assert await store.alist_namespaces(limit=1, offset=2) == [("b",)]


async def test_nodes_reach_the_store_with_and_without_a_loop(
    shared: SharedContext, blocking: sync.SharedContext
) -> None:
    async def write(_: dict[str, Any], runtime: Runtime[None]) -> dict[str, Any]:
        assert isinstance(runtime.store, BaseStore)
        await runtime.store.aput(("team",), "note", {"text": "hello"})
        return {}

    def read(_: dict[str, Any], runtime: Runtime[None]) -> dict[str, Any]:
        assert isinstance(runtime.store, BaseStore)
        item = runtime.store.get(("team",), "note")
        return {"seen": item and item.value["text"]}

    builder = StateGraph(dict)
    builder.add_node("write", write)
    builder.add_node("read", read)
    builder.add_edge(START, "write")
    builder.add_edge("write", "read")
    builder.add_edge("read", END)
    graph = builder.compile(store=SharedContextStore(blocking))
    assert (await graph.ainvoke({}))["seen"] == "hello"
    with pytest.raises(SharedContextError, match=r"needs a sharedctx\.sync"):
        SharedContextStore(shared).get(("team",), "note")
