"""LlamaIndex: tools whose large outputs are shortened, and a memory block.

```python
async with SharedContext("nats://127.0.0.1:4222", namespace="team") as ctx:
    tools = [share_output(FunctionTool.from_defaults(search), ctx), context_tool(ctx)]
    agent = FunctionAgent(tools=tools, llm=llm)
    block = SharedContextBlock(name="past", context=ctx, key="chats/ticket-7")
    memory = Memory.from_defaults(memory_blocks=[block], insert_method="system")
    answer = await agent.run("Why did it fail?", memory=memory)
```
"""

from __future__ import annotations

from functools import partial
from typing import Any

from sharedctx.adapters.clients import AnyContext, call, run, update
from sharedctx.adapters.extras import extra
from sharedctx.adapters.retrieval import make_blocking_context_get, make_context_get
from sharedctx.adapters.shortening import Shortener

with extra("llama-index"):
    from llama_index.core.base.llms.types import ChatMessage, TextBlock
    from llama_index.core.memory import BaseMemoryBlock
    from llama_index.core.tools import AsyncBaseTool, FunctionTool, ToolMetadata, ToolOutput

__all__ = ("SharedContextBlock", "context_tool", "share_output")


def context_tool(context: AnyContext) -> FunctionTool:
    """Return the tool `context_get`, with which an agent reads what references stand for."""
    return FunctionTool.from_defaults(
        make_blocking_context_get(context), async_fn=make_context_get(context)
    )


def share_output(tool: AsyncBaseTool, context: AnyContext, **options: Any) -> AsyncBaseTool:
    """Return `tool` with the large texts of its outputs shortened.

    Args:
        tool: Any tool of an agent.
        context: Where outputs are put; ``tool.call`` needs the blocking one.
        **options: `min_tokens` and `timeout` of `Shortener`.
    """
    return _SharedTool(tool, context, Shortener(context, **options))


class _SharedTool(AsyncBaseTool):
    def __init__(self, tool: AsyncBaseTool, context: AnyContext, shortener: Shortener) -> None:
        self._tool = tool
        self._context = context
        self._shortener = shortener

    @property
    def metadata(self) -> ToolMetadata:
        return self._tool.metadata

    def call(self, *args: Any, **kwargs: Any) -> ToolOutput:
        output = self._tool.call(*args, **kwargs)
        return run(self._context, partial(self._shorten, output))

    async def acall(self, *args: Any, **kwargs: Any) -> ToolOutput:
        return await self._shorten(await self._tool.acall(*args, **kwargs))

    async def _shorten(self, output: ToolOutput) -> ToolOutput:
        blocks = [
            TextBlock(text=await self._shortener.shorten(block.text, output.tool_name))
            if isinstance(block, TextBlock)
            else block
            for block in output.blocks
        ]
        return output.model_copy(update={"blocks": blocks})


class SharedContextBlock(BaseMemoryBlock[str]):
    """Long-term memory: messages that leave short-term memory are appended to one entry.

    The model reads the rendition of that entry, so old turns shrink instead of vanishing.

    Attributes:
        context: Where the entry is.
        key: Its key; agents that share it share the memory.
    """

    context: Any
    key: str

    async def _aget(self, messages: list[ChatMessage] | None = None, **_: Any) -> str:  # noqa: ARG002
        text: str | None = await call(self.context.get, self.key)
        return text or ""

    async def _aput(self, messages: list[ChatMessage]) -> None:
        turns = "\n".join(f"{message.role.value}: {message.content}" for message in messages)
        await update(self.context, self.key, lambda text: f"{text}\n{turns}" if text else turns)
