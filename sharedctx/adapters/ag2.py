"""AG2: a middleware that shortens what tools return.

```python
async with SharedContext("nats://127.0.0.1:4222", namespace="team") as ctx:
    agent = Agent(
        "researcher",
        tools=[search, context_tool(ctx)],
        middleware=[shared_context_middleware(ctx)],
    )
    reply = await agent.ask("Why did it fail?")
```
"""

from __future__ import annotations

from typing import Any

from sharedctx.adapters.clients import AnyContext
from sharedctx.adapters.extras import extra
from sharedctx.adapters.retrieval import make_context_get
from sharedctx.adapters.shortening import Shortener

with extra("ag2"):
    from ag2 import Middleware, ToolResult, tool
    from ag2.events import BaseEvent, TextInput, ToolCallEvent, ToolResultEvent
    from ag2.middleware import BaseMiddleware, ToolExecution

__all__ = ("context_tool", "shared_context_middleware")


class _SharedContextMiddleware(BaseMiddleware):
    def __init__(self, event: BaseEvent, context: Any, shortener: Shortener) -> None:
        super().__init__(event, context)
        self._shortener = shortener

    async def on_tool_execution(
        self, call_next: ToolExecution, event: ToolCallEvent, context: Any
    ) -> Any:
        outcome = await call_next(event, context)
        if isinstance(outcome, ToolResultEvent):
            result = outcome.result
            parts = [await self._shorten(part, event.name) for part in result.parts]
            outcome.result = ToolResult(parts=parts, final=result.final, metadata=result.metadata)
        return outcome

    async def _shorten(self, part: Any, source: str) -> Any:
        if not isinstance(part, TextInput):
            return part
        short = await self._shortener.shorten(part.content, source)
        return part if short == part.content else TextInput(short, metadata=part.metadata)


def shared_context_middleware(context: AnyContext, **options: Any) -> Middleware:
    """Return the middleware for an `Agent`.

    Args:
        context: Where outputs are put.
        **options: `min_tokens` and `timeout` of `Shortener`.
    """
    return Middleware(_SharedContextMiddleware, shortener=Shortener(context, **options))


def context_tool(context: AnyContext) -> Any:
    """Return the tool `context_get`, with which an agent reads what references stand for."""
    return tool(make_context_get(context))
