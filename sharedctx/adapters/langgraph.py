"""LangGraph: a run context for nodes, and tools with content and artifact.

::

    async with SharedContext("nats://127.0.0.1:4222", namespace="team") as ctx:
        builder = StateGraph(State, context_schema=NodeContext)
        builder.add_node("tools", ToolNode([share_output(search, ctx), context_tool(ctx)]))
        builder.add_node("research", research)  # awaits runtime.context.hand_on(report, "research")
        await builder.compile().ainvoke({"task": task}, context=NodeContext(ctx))

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
    """Return `tool` with large string results shortened, and their key as the artifact."""
    shortener = Shortener(context, **options)

    async def invoke(**arguments: Any) -> tuple[Any, Any]:
        result = await tool.ainvoke(arguments)
        if isinstance(result, str):
            result = await shortener.shorten(result, tool.name)
        key = reference_key(result) if isinstance(result, str) else None
        return result, key and {"context_key": key}

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
