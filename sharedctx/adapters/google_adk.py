"""Google ADK: a plugin that shortens what the tools of every agent return.

```python
async with SharedContext("nats://127.0.0.1:4222", namespace="team") as ctx:
    agent = LlmAgent(name="researcher", model=model, tools=[search, context_tool(ctx)])
    app = App(name="app", root_agent=agent, plugins=[SharedContextPlugin(ctx)])
    runner = InMemoryRunner(app=app)
    async for event in runner.run_async(user_id="u", session_id=session.id, new_message=ask):
        print(event)
```
"""

from __future__ import annotations

import json
from typing import Any

from sharedctx.adapters.clients import AnyContext
from sharedctx.adapters.extras import extra
from sharedctx.adapters.retrieval import ContextGet, make_context_get
from sharedctx.adapters.shortening import Shortener

with extra("google-adk"):
    from google.adk.plugins.base_plugin import BasePlugin
    from google.adk.tools.base_tool import BaseTool
    from google.adk.tools.tool_context import ToolContext

__all__ = ("SharedContextPlugin", "context_tool")


def context_tool(context: AnyContext) -> ContextGet:
    """Return the tool `context_get`, with which an agent reads what references stand for."""
    return make_context_get(context)


class SharedContextPlugin(BasePlugin):
    """Shortens large tool results, for all agents of an `App`.

    The large strings of a result are shortened one by one. A result that is large without them is
    put as JSON and becomes ``{"result": ...}``.

    Args:
        context: Where outputs are put.
        **options: `min_tokens` and `timeout` of `Shortener`.
    """

    def __init__(self, context: AnyContext, **options: Any) -> None:
        super().__init__(name="sharedctx")
        self._shortener = Shortener(context, **options)

    async def after_tool_callback(
        self,
        *,
        tool: BaseTool,
        tool_args: dict[str, Any],  # noqa: ARG002  # the signature is ADK's
        tool_context: ToolContext,
        result: Any,
    ) -> dict[str, Any] | None:
        """Return what stands for `result`, or None to leave it as it is."""
        values = result if isinstance(result, dict) else {"result": result}
        agent = tool_context.agent_name
        short = {
            name: await self._shortener.shorten(value, tool.name, agent=agent)
            if isinstance(value, str)
            else value
            for name, value in values.items()
        }
        if short != values:
            return short
        text = json.dumps(values, ensure_ascii=False, default=str)
        whole = await self._shortener.shorten(text, tool.name, agent=agent)
        return None if whole == text else {"result": whole}
