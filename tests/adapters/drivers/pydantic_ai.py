from __future__ import annotations

from typing import Any

from pydantic_ai import Agent, models
from pydantic_ai.messages import (
    ModelMessage,
    ModelResponse,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
)
from pydantic_ai.models.function import AgentInfo, FunctionModel

from sharedctx.adapters.pydantic_ai import SharedContextCapability
from tests.adapters.drivers.base import Driver, Turn

models.ALLOW_MODEL_REQUESTS = False


class PydanticAI(Driver):
    async def turn(self, output: str, tool: str = "search", **arguments: Any) -> Turn:
        seen: list[list[ModelMessage]] = []

        def answer(messages: list[ModelMessage], _: AgentInfo) -> ModelResponse:
            seen.append(list(messages))
            if len(seen) > 1:
                return ModelResponse(parts=[TextPart("done")])
            return ModelResponse(parts=[ToolCallPart(tool, arguments, tool_call_id="call-1")])

        agent = Agent(
            FunctionModel(answer),
            name="researcher",
            capabilities=[SharedContextCapability(self.context, **self.options)],
        )

        @agent.tool_plain
        def search() -> str:
            return output

        await agent.run("go")
        parts = [part for message in seen[1] for part in message.parts]
        results = [part for part in parts if isinstance(part, ToolReturnPart)]
        calls = [part.tool_call_id for part in parts if isinstance(part, ToolCallPart)]
        prompt = "\n".join(result.model_response_str() for result in results)
        return Turn(prompt, calls, [result.tool_call_id for result in results])
