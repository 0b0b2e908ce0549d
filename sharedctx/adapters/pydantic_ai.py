"""Pydantic AI: a capability that shortens what tools return.

```python
async with SharedContext("nats://127.0.0.1:4222", namespace="team") as ctx:
    agent = Agent("openai:gpt-5", capabilities=[SharedContextCapability(ctx, min_tokens=500)])

    @agent.tool_plain
    def search(question: str) -> list[dict[str, str]]: ...

    result = await agent.run("Why did it fail?")
```
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sharedctx.adapters.clients import AnyContext
from sharedctx.adapters.extras import extra
from sharedctx.adapters.retrieval import make_context_get
from sharedctx.adapters.shortening import Shortener

with extra("pydantic-ai"):
    from pydantic_ai import FunctionToolset, RunContext, ToolReturn
    from pydantic_ai.capabilities import AbstractCapability
    from pydantic_ai.messages import ToolCallPart, tool_return_ta
    from pydantic_ai.tools import ToolDefinition

__all__ = ("SharedContextCapability",)


class SharedContextCapability(AbstractCapability[Any]):
    """Shortens large tool results and gives the agent the tool `context_get`.

    A result that is not text is put as the JSON that the model would have read.

    Args:
        context: Where outputs are put.
        **options: `min_tokens` and `timeout` of `Shortener`.
    """

    def __init__(self, context: AnyContext, **options: Any) -> None:
        self._shortener = Shortener(context, **options)
        self._toolset: FunctionToolset[Any] = FunctionToolset([make_context_get(context)])

    def get_toolset(self) -> FunctionToolset[Any]:
        """Give the agent `context_get`."""
        return self._toolset

    async def after_tool_execute(
        self,
        ctx: RunContext[Any],
        *,
        call: ToolCallPart,
        tool_def: ToolDefinition,  # noqa: ARG002  # the signature is Pydantic AI's
        args: dict[str, Any],  # noqa: ARG002
        result: Any,
    ) -> Any:
        """Shorten what a tool returned."""
        if isinstance(result, ToolReturn):
            value = await self._shorten(result.return_value, call.tool_name, ctx)
            return replace(result, return_value=value)
        return await self._shorten(result, call.tool_name, ctx)

    async def _shorten(self, value: Any, source: str, ctx: RunContext[Any]) -> Any:
        text = value if isinstance(value, str) else tool_return_ta.dump_json(value).decode()
        agent = ctx.agent.name if ctx.agent else None
        short = await self._shortener.shorten(text, source, agent=agent)
        return value if short == text else short
