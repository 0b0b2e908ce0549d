from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.base.llms.types import ChatMessage, MessageRole, ToolCallBlock
from llama_index.core.llms.mock import MockFunctionCallingLLM
from llama_index.core.tools import FunctionTool

from sharedctx.adapters.llama_index import context_tool, share_output
from tests.adapters.drivers.base import Driver, Turn


class LlamaIndex(Driver):
    async def turn(self, output: str, tool: str = "search", **arguments: Any) -> Turn:
        seen: list[list[ChatMessage]] = []

        def search() -> str:
            """Search."""
            return output

        def answer(messages: Sequence[ChatMessage], **_: Any) -> ChatMessage:
            seen.append(list(messages))
            if len(seen) > 1:
                return ChatMessage(role=MessageRole.ASSISTANT, content="done")
            call = ToolCallBlock(tool_call_id="call-1", tool_name=tool, tool_kwargs=arguments)
            return ChatMessage(role=MessageRole.ASSISTANT, blocks=[call])

        agent = FunctionAgent(
            tools=[
                share_output(FunctionTool.from_defaults(search), self.context, **self.options),
                context_tool(self.context),
            ],
            llm=MockFunctionCallingLLM(response_generator=answer),
            streaming=False,
        )
        await agent.run("go")
        results = [message for message in seen[1] if message.role is MessageRole.TOOL]
        calls = [
            str(block.tool_call_id)
            for message in seen[1]
            for block in message.blocks
            if isinstance(block, ToolCallBlock)
        ]
        ids = [str(result.additional_kwargs["tool_call_id"]) for result in results]
        return Turn("\n".join(str(message.content) for message in results), calls, ids)
