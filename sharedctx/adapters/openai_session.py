"""OpenAI Agents SDK: a session whose history every host can continue.

```python
async with SharedContext("nats://127.0.0.1:4222", namespace="team") as ctx:
    session = SharedContextSession("ticket-7", ctx)
    await Runner.run(agent, "Why did it fail?", session=session)
    # on another host, later
    await Runner.run(agent, "And what fixed it?", session=session)
    print(await ctx.get("sessions/ticket-7", query="what fixed it"))
```
"""

from __future__ import annotations

import json
from typing import Any

from sharedctx.adapters.clients import AnyContext, call, update
from sharedctx.adapters.extras import extra

with extra("openai-agents"):
    from agents.memory import SessionSettings

__all__ = ("SharedContextSession",)


class SharedContextSession:
    """Keeps the items of a conversation, whole, as one entry of JSON.

    Writers on several hosts never lose each other's items. Errors of the store are raised: a
    history with holes would be worse.

    Args:
        session_id: Name of the conversation; the entry is ``sessions/<session_id>``.
        context: Where it is kept.
        session_settings: Its `limit` is the number of newest items that runs read; None is all.
    """

    def __init__(
        self,
        session_id: str,
        context: AnyContext,
        session_settings: SessionSettings | None = None,
    ) -> None:
        self.session_id = session_id
        self.session_settings = session_settings
        self._context = context
        self._key = f"sessions/{session_id}"

    async def get_items(self, limit: int | None = None) -> list[Any]:
        """Return the newest `limit` items, oldest first."""
        if limit is None and self.session_settings is not None:
            limit = self.session_settings.limit
        items = _load(await call(self._context.get, self._key, full=True))
        return items if limit is None else items[max(0, len(items) - limit) :]

    async def add_items(self, items: list[Any]) -> None:
        """Append `items`."""
        await update(self._context, self._key, lambda text: _dump(_load(text) + items))

    async def pop_item(self) -> Any | None:
        """Remove and return the newest item; None when there is none."""
        before = await update(
            self._context, self._key, lambda text: _dump(_load(text)[:-1]) if text else None
        )
        return next(reversed(_load(before)), None)

    async def clear_session(self) -> None:
        """Remove all items."""
        await call(self._context.delete, self._key)


def _load(text: str | None) -> list[Any]:
    items: list[Any] = json.loads(text or "[]")
    return items


def _dump(items: list[Any]) -> str:
    return json.dumps(items, ensure_ascii=False)
