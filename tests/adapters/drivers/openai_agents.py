from __future__ import annotations

import json
from typing import Any

from agents import Agent, ModelResponse, RunConfig, Runner, function_tool, handoff
from agents.models.interface import Model
from agents.usage import Usage
from openai.types.responses import (
    ResponseFunctionToolCall,
    ResponseOutputMessage,
    ResponseOutputText,
)

from sharedctx.adapters.openai_agents import context_tool, handoff_filter, model_input_filter
from tests.adapters.drivers.base import Driver, Turn


class ScriptedModel(Model):
    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.seen: list[Any] = []

    async def get_response(self, system_instructions: Any, input: Any, *_: Any, **__: Any) -> Any:  # noqa: A002, ARG002
        self.seen.append(input)
        return ModelResponse(output=[self.answers.pop(0)], usage=Usage(), response_id=None)

    def stream_response(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError


def message(text: str) -> ResponseOutputMessage:
    part = ResponseOutputText(text=text, type="output_text", annotations=[], logprobs=[])
    return ResponseOutputMessage(
        id="message", type="message", role="assistant", status="completed", content=[part]
    )


def call(tool: str, **arguments: Any) -> ResponseFunctionToolCall:
    return ResponseFunctionToolCall(
        id=f"item-{tool}",
        call_id=f"call-{tool}",
        type="function_call",
        name=tool,
        arguments=json.dumps(arguments),
    )


def turn_of(items: list[Any]) -> Turn:
    outputs = [item for item in items if item.get("type") == "function_call_output"]
    said = [
        part["text"]
        for item in items
        if item.get("role") == "assistant"
        for part in item["content"]
    ]
    calls = [item["call_id"] for item in items if item.get("type") == "function_call"]
    texts = [item["output"] for item in outputs]
    return Turn("\n".join([*texts, *said]), calls, [item["call_id"] for item in outputs])


def search_tool(output: str) -> Any:
    @function_tool
    def search() -> str:
        """Search."""
        return output

    return search


class Handoffs(Driver):
    async def turn(self, output: str, tool: str = "search", **arguments: Any) -> Turn:
        second = ScriptedModel(message("done"))
        writer = Agent(name="writer", model=second)
        to_writer = handoff(writer, input_filter=handoff_filter(self.context, **self.options))
        researcher = Agent(
            name="researcher",
            model=ScriptedModel(call(tool, **arguments), call("transfer_to_writer")),
            tools=[search_tool(output), context_tool(self.context)],
            handoffs=[to_writer],
        )
        await Runner.run(researcher, "go", run_config=RunConfig(tracing_disabled=True))
        return turn_of(second.seen[0])


class Messages(Driver):
    """What the first agent says itself is large."""

    has_tools = False

    async def turn(self, output: str, tool: str = "search", **_: Any) -> Turn:
        second = ScriptedModel(message("done"))
        writer = Agent(name="writer", model=second)
        to_writer = handoff(writer, input_filter=handoff_filter(self.context, **self.options))
        first = ScriptedModel(call("transfer_to_writer"))
        researcher = Agent(name=tool, model=first, handoffs=[to_writer])
        history: list[Any] = [
            {"role": "user", "content": "go"},
            message(output).model_dump(),
        ]
        await Runner.run(researcher, history, run_config=RunConfig(tracing_disabled=True))
        return turn_of(second.seen[0])


class ModelInputs(Driver):
    async def turn(self, output: str, tool: str = "search", **arguments: Any) -> Turn:
        model = ScriptedModel(call(tool, **arguments), message("done"))
        agent = Agent(
            name="researcher",
            model=model,
            tools=[search_tool(output), context_tool(self.context)],
        )
        config = RunConfig(
            tracing_disabled=True,
            call_model_input_filter=model_input_filter(self.context, **self.options),
        )
        await Runner.run(agent, "go", run_config=config)
        return turn_of(model.seen[1])
