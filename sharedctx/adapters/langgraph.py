"""LangGraph: a run context for nodes, and tools with content and artifact.

```python
async with SharedContext("nats://127.0.0.1:4222", namespace="team") as ctx:
    builder = StateGraph(State, context_schema=NodeContext)
    builder.add_node("tools", ToolNode([share_output(search, ctx), context_tool(ctx)]))
    builder.add_node("research", research)  # awaits runtime.context.hand_on(report, "research")
    await builder.compile().ainvoke({"task": task}, context=NodeContext(ctx))
```

`sharedctx.adapters.langgraph_store` is the store for what graphs remember.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from sharedctx.adapters.clients import AnyContext, run
from sharedctx.adapters.extras import extra
from sharedctx.adapters.retrieval import make_blocking_context_get, make_context_get
from sharedctx.adapters.shortening import Shortener, reference_key

with extra("langgraph"):
    from langchain_core.messages import ToolMessage
    from langchain_core.tools import BaseTool, StructuredTool

__all__ = ("NodeContext", "context_tool", "share_output")


class NodeContext:
    """Run context through which nodes hand on large texts by ``runtime.context.hand_on``.

    Args:
        context: Where texts are put; nodes reach it as `shared`.
        **options: `min_tokens` and `timeout` of `Shortener`.
    """

    def __init__(self, context: AnyContext, **options: Any) -> None:
        self.shared = context
        self._shortener = Shortener(context, **options)

    async def hand_on(self, text: str, source: str, *, agent: str | None = None) -> str:
        """Return what to write into the state: `text`, or its rendition and a reference."""
        return await self._shortener.shorten(text, source, agent=agent)


def share_output(tool: BaseTool, context: AnyContext, **options: Any) -> BaseTool:
    """Return `tool` with large text content shortened, and its key in the artifact.

    The artifact is ``{"context_key": key}``, unless the tool makes its own.

    Args:
        tool: Any tool, also one with injected arguments.
        context: Where outputs are put; ``tool.invoke`` needs the blocking one.
        **options: `min_tokens` and `timeout` of `Shortener`.
    """
    shortener = Shortener(context, **options)

    async def invoke(**arguments: Any) -> tuple[Any, Any]:
        call = {"name": tool.name, "args": arguments, "id": "shared", "type": "tool_call"}
        message = await tool.ainvoke(call)
        if not isinstance(message, ToolMessage):
            return message, None
        content, artifact = message.content, message.artifact
        if isinstance(content, str):
            content = await shortener.shorten(content, tool.name)
            key = reference_key(content)
            artifact = {"context_key": key} if key and artifact is None else artifact
        return content, artifact

    return StructuredTool(
        name=tool.name,
        description=tool.description,
        args_schema=tool.args_schema,
        return_direct=tool.return_direct,
        func=lambda **arguments: run(context, partial(invoke, **arguments)),
        coroutine=invoke,
        response_format="content_and_artifact",
    )


def context_tool(context: AnyContext) -> BaseTool:
    """Return the tool `context_get`, with which an agent reads what references stand for."""
    return StructuredTool.from_function(
        make_blocking_context_get(context), coroutine=make_context_get(context)
    )
