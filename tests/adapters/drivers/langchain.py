from __future__ import annotations

import asyncio
from typing import Any

from langchain.agents import create_agent
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool as langchain_tool
from pydantic import Field

from sharedctx.adapters.langchain import SharedContextMiddleware
from tests.adapters.drivers.base import Driver, Turn


class ScriptedModel(GenericFakeChatModel):
    seen: list[list[BaseMessage]] = Field(default_factory=list)

    def _generate(self, messages: list[BaseMessage], *args: Any, **options: Any) -> Any:
        self.seen.append(list(messages))
        return super()._generate(messages, *args, **options)

    def bind_tools(self, *_: Any, **__: Any) -> Any:
        return self


def turn_of(messages: list[BaseMessage]) -> Turn:
    results = [message for message in messages if isinstance(message, ToolMessage)]
    calls = [
        call["id"] or ""
        for message in messages
        if isinstance(message, AIMessage)
        for call in message.tool_calls
    ]
    texts = [str(message.text) for message in messages]
    return Turn("\n".join(texts), calls, [message.tool_call_id for message in results])


class LangChain(Driver):
    async def turn(self, output: str, tool: str = "search", **arguments: Any) -> Turn:
        @langchain_tool
        def search() -> str:
            """Search."""
            return output

        call = {"name": tool, "args": arguments, "id": "call-1"}
        answers = iter([AIMessage("", tool_calls=[call]), AIMessage("done")])
        model = ScriptedModel(messages=answers)
        agent = create_agent(
            model,
            [search],
            middleware=[SharedContextMiddleware(self.context, **self.options)],
        )
        await self.invoke(agent)
        return turn_of(model.seen[1])

    async def invoke(self, agent: Any) -> None:
        await agent.ainvoke({"messages": [HumanMessage("go")]})


class BlockingLangChain(LangChain):
    blocking = True

    async def invoke(self, agent: Any) -> None:
        await asyncio.to_thread(agent.invoke, {"messages": [HumanMessage("go")]})
