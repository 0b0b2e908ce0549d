"""AutoGen: a model context that shortens what tools return, and a memory that agents share.

```python
async with SharedContext("nats://127.0.0.1:4222", namespace="team") as ctx:
    agent = AssistantAgent(
        "researcher", model_client, tools=[search, context_tool(ctx)],
        model_context=SharedModelContext(ctx), memory=[SharedContextMemory(ctx, "findings/")],
    )
    result = await agent.run(task="Why did it fail?")
```
"""

from __future__ import annotations

from typing import Any

from sharedctx.adapters.clients import AnyContext, call
from sharedctx.adapters.extras import extra
from sharedctx.adapters.retrieval import ContextGet, make_context_get
from sharedctx.adapters.shortening import Shortener

with extra("autogen"):
    from autogen_core.memory import (
        Memory,
        MemoryContent,
        MemoryMimeType,
        MemoryQueryResult,
        UpdateContextResult,
    )
    from autogen_core.model_context import ChatCompletionContext, UnboundedChatCompletionContext
    from autogen_core.models import FunctionExecutionResultMessage, LLMMessage, SystemMessage

__all__ = ("SharedContextMemory", "SharedModelContext", "context_tool")


def context_tool(context: AnyContext) -> ContextGet:
    """Return the tool `context_get`, with which an agent reads what references stand for."""
    return make_context_get(context)


class SharedModelContext(UnboundedChatCompletionContext):
    """Keeps all messages of an agent, the large tool results among them shortened.

    Args:
        context: Where outputs are put.
        **options: `min_tokens` and `timeout` of `Shortener`.
    """

    def __init__(self, context: AnyContext, **options: Any) -> None:
        super().__init__()
        self._shortener = Shortener(context, **options)

    async def add_message(self, message: LLMMessage) -> None:
        """Add a message; tool results keep their call ids."""
        if isinstance(message, FunctionExecutionResultMessage):
            results = []
            for result in message.content:
                content = await self._shortener.shorten(result.content, result.name)
                results.append(result.model_copy(update={"content": content}))
            message = message.model_copy(update={"content": results})
        await super().add_message(message)


class SharedContextMemory(Memory):
    """Shows an agent the renditions of all entries under `prefix`, whoever put them.

    Args:
        context: Where the entries are.
        prefix: Start of their keys.
    """

    component_type = "memory"

    def __init__(self, context: AnyContext, prefix: str) -> None:
        self._context = context
        self._prefix = prefix

    async def add(self, content: MemoryContent, cancellation_token: Any = None) -> None:  # noqa: ARG002
        """Put `content` under `prefix` and the ``key`` of its metadata."""
        key = (content.metadata or {}).get("key", "memory")
        await call(self._context.put, f"{self._prefix}{key}", str(content.content))

    async def query(
        self,
        query: str | MemoryContent = "",
        cancellation_token: Any = None,  # noqa: ARG002
        **_: Any,
    ) -> MemoryQueryResult:
        """Return the rendition of every entry; with `query`, what answers it, best first."""
        question = query if isinstance(query, str) else str(query.content)
        if question:
            hits = await call(self._context.search, question, prefix=self._prefix)
            found = [(hit.key, hit.text) for hit in hits]
        else:
            keys = await call(self._context.keys, self._prefix)
            found = [(key, await call(self._context.get, key)) for key in keys]
        return MemoryQueryResult(
            results=[
                MemoryContent(content=text, mime_type=MemoryMimeType.TEXT, metadata={"key": key})
                for key, text in found
                if text is not None
            ]
        )

    async def update_context(self, model_context: ChatCompletionContext) -> UpdateContextResult:
        """Add the entries to what the model reads, as one system message."""
        memories = await self.query()
        texts = [f"[ctx:{found.metadata['key']}]\n{found.content}" for found in memories.results]
        if texts:
            await model_context.add_message(SystemMessage(content="\n\n".join(texts)))
        return UpdateContextResult(memories=memories)

    async def clear(self) -> None:
        """Delete the entries."""
        for key in await call(self._context.keys, self._prefix):
            await call(self._context.delete, key)

    async def close(self) -> None:
        """Do nothing: the context belongs to who opened it."""
