"""LangGraph's store on sharedctx: what graphs remember, shared by all hosts.

```python
async with SharedContext("nats://127.0.0.1:4222", namespace="team") as ctx:
    store = SharedContextStore(ctx)
    graph = builder.compile(store=store)
    await store.aput(("team", "notes"), "plan", {"text": "1. read, 2. write"})
    item = await store.aget(("team", "notes"), "plan")
    found = await store.asearch(("team",), query="what is the plan")
```
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import unquote

from sharedctx.adapters.clients import AnyContext, call, run
from sharedctx.adapters.extras import extra
from sharedctx.adapters.filters import matches, passes

with extra("langgraph"):
    from langgraph.store import base

__all__ = ("SharedContextStore",)


class SharedContextStore(base.BaseStore):
    """Keeps items as entries that hold their value as JSON; searches by words, without an index.

    An item lives for its ttl (in minutes) from its last put, which is also its creation time.

    Args:
        context: Where items are; the blocking calls of the store need the blocking one.
        prefix: First part of their keys.
    """

    supports_ttl = True
    __slots__ = ("_context", "_prefix")

    def __init__(self, context: AnyContext, *, prefix: str = "store") -> None:
        self._context = context
        self._prefix = prefix

    def batch(self, ops: Iterable[base.Op]) -> list[base.Result]:
        """Do `ops` in order; for nodes and code without an event loop."""
        return run(self._context, partial(self.abatch, ops))

    async def abatch(self, ops: Iterable[base.Op]) -> list[base.Result]:
        """Do `ops` in order."""
        return [await self._do(op) for op in ops]

    async def _do(self, op: base.Op) -> base.Result:
        if isinstance(op, base.SearchOp):
            return await self._search(op)
        if isinstance(op, base.ListNamespacesOp):
            keys = await call(self._context.keys, f"{self._prefix}/")
            paths = {self._path(key)[:-1] for key in keys}
            wanted = {path for path in paths if matches(path, op.match_conditions or ())}
            return sorted({path[: op.max_depth] for path in wanted})[op.offset :][: op.limit]
        key = self._key(*op.namespace, op.key)
        if isinstance(op, base.GetOp):
            return await self._item(key, base.Item)
        if op.value is None:
            await call(self._context.delete, key)
        else:
            ttl = None if op.ttl is None else max(1, round(op.ttl * 60))
            await call(self._context.put, key, json.dumps(op.value), ttl=ttl)
        return None

    async def _search(self, op: base.SearchOp) -> list[base.SearchItem]:
        prefix = self._key(*op.namespace_prefix, "")
        keys = dict.fromkeys(await call(self._context.keys, prefix))
        if op.query:
            hits = await call(
                self._context.search, op.query, prefix=prefix, limit=max(1, len(keys))
            )
            keys = {}
            for hit in hits:
                keys.setdefault(hit.key, hit.score)
        found: list[base.SearchItem] = []
        for key, score in keys.items():
            if len(found) == op.offset + op.limit:
                break
            item = await self._item(key, base.SearchItem, score=score)
            if item is not None and passes(item.value, op.filter or {}):
                found.append(item)
        return found[op.offset :]

    async def _item(self, key: str, kind: type[base.Item], **more: Any) -> Any:
        entry = await call(self._context.get_entry, key)
        if entry is None:
            return None
        *namespace, name = self._path(key)
        put_at = datetime.fromtimestamp(entry.timestamp, UTC)
        times = {"created_at": put_at, "updated_at": put_at}
        value = json.loads(entry.original)
        return kind(value=value, key=name, namespace=tuple(namespace), **times, **more)

    def _key(self, *parts: str) -> str:
        escaped = (part.replace("%", "%25").replace("/", "%2F") for part in parts)
        return "/".join((self._prefix, *escaped))

    def _path(self, key: str) -> tuple[str, ...]:
        return tuple(unquote(part) for part in key[len(self._prefix) + 1 :].split("/"))
