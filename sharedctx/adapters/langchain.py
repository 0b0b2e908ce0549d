"""LangChain agents: a middleware that shortens what tools return.

```python
async with SharedContext("nats://127.0.0.1:4222", namespace="team") as ctx:
    agent = create_agent(
        model, tools=[search], middleware=[SharedContextMiddleware(ctx, min_tokens=500)]
    )
    answer = await agent.ainvoke({"messages": [HumanMessage("Why did it fail?")]})
```
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any

from sharedctx.adapters.clients import AnyContext, run
from sharedctx.adapters.extras import extra
from sharedctx.adapters.retrieval import make_blocking_context_get, make_context_get
from sharedctx.adapters.shortening import Shortener, reference_key

with extra("langchain"):
    from langchain.agents.middleware import AgentMiddleware, ToolCallRequest
    from langchain_core.messages import ToolMessage
    from langchain_core.tools import StructuredTool
    from langgraph.types import Command

__all__ = ("SharedContextMiddleware",)


class SharedContextMiddleware(AgentMiddleware):
    """Shortens large tool messages and gives the agent the tool `context_get`.

    A shortened message keeps its tool call id; its artifact, unless the tool set one, is
    ``{"context_key": key}``.

    Args:
        context: Where outputs are put; ``agent.invoke`` needs the blocking one.
        **options: `min_tokens` and `timeout` of `Shortener`.
    """

    def __init__(self, context: AnyContext, **options: Any) -> None:
        super().__init__()
        self._context = context
        self._shortener = Shortener(context, **options)
        self.tools = [
            StructuredTool.from_function(
                make_blocking_context_get(context), coroutine=make_context_get(context)
            )
        ]

    def wrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Any]
    ) -> Any:
        """Shorten what the tool returned to ``agent.invoke``."""
        return run(self._context, partial(self._shorten, handler(request)))

    async def awrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Awaitable[Any]]
    ) -> Any:
        """Shorten what the tool returned to ``agent.ainvoke``."""
        return await self._shorten(await handler(request))

    async def _shorten(self, result: Any) -> Any:
        if isinstance(result, Command):
            update = result.update
            if not isinstance(update, dict) or not isinstance(update.get("messages"), list):
                return result
            messages = [await self._shorten(message) for message in update["messages"]]
            return replace(result, update={**update, "messages": messages})
        if not isinstance(result, ToolMessage):
            return result
        source = result.name or "tool"
        parts = [result.content] if isinstance(result.content, str) else result.content
        short = await self._shortener.shorten_texts(parts, source)
        if short == parts:
            return result
        keys = [
            reference_key(part if isinstance(part, str) else part.get("text", "")) for part in short
        ]
        artifact = result.artifact or {"context_key": next(filter(None, keys))}
        content = short[0] if isinstance(result.content, str) else short
        return result.model_copy(update={"content": content, "artifact": artifact})
