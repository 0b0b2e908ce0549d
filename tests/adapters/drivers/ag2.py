from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ag2 import Agent, tool
from ag2.events import BaseEvent, TextInput, ToolCallEvent, ToolResultsEvent
from ag2.middleware import BaseMiddleware, LLMCall, Middleware
from ag2.testing import TestConfig

from sharedctx.adapters.ag2 import context_tool, shared_context_middleware
from tests.adapters.drivers.base import Driver, Turn


class Recorder(BaseMiddleware):
    def __init__(self, event: BaseEvent, context: Any, seen: list[Sequence[BaseEvent]]) -> None:
        super().__init__(event, context)
        self.seen = seen

    async def on_llm_call(
        self, call_next: LLMCall, events: Sequence[BaseEvent], context: Any
    ) -> Any:
        self.seen.append(list(events))
        return await call_next(events, context)


class Ag2(Driver):
    async def turn(self, output: str, tool: str = "search", **arguments: Any) -> Turn:
        seen: list[Sequence[BaseEvent]] = []
        call = ToolCallEvent(name=tool, arguments=json.dumps(arguments))
        agent = Agent(
            "researcher",
            config=TestConfig(call, "done"),
            tools=[search_tool(output), context_tool(self.context)],
            middleware=[
                shared_context_middleware(self.context, **self.options),
                Middleware(Recorder, seen=seen),
            ],
        )
        await agent.ask("go")
        results = [
            result
            for event in seen[1]
            if isinstance(event, ToolResultsEvent)
            for result in event.results
        ]
        texts = [
            part.content
            for result in results
            for part in result.result.parts
            if isinstance(part, TextInput)
        ]
        return Turn("\n".join(texts), [call.id], [result.parent_id for result in results])


def search_tool(output: str) -> Any:
    @tool
    def search() -> str:
        """Search."""
        return output

    return search
