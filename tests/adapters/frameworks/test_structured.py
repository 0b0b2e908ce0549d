"""Outputs that are not one string: content blocks, commands, JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytest.importorskip("langchain")

from google.adk.tools.function_tool import FunctionTool as AdkTool
from langchain_core.messages import ToolMessage
from langgraph.types import Command
from pydantic_ai import Agent, ToolReturn
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart, ToolReturnPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from sharedctx import SharedContext
from sharedctx.adapters.google_adk import SharedContextPlugin
from sharedctx.adapters.langchain import SharedContextMiddleware
from sharedctx.adapters.pydantic_ai import SharedContextCapability
from sharedctx.adapters.shortening import reference_key

pytestmark = pytest.mark.filterwarnings("ignore")
RECORDS = [{"row": row, "state": "passed", "log": None} for row in range(300)]
LARGE = json.dumps(RECORDS, indent=2)


async def test_langchain_content_blocks_and_commands(shared: SharedContext) -> None:
    middleware = SharedContextMiddleware(shared, min_tokens=300)
    blocks = [{"type": "text", "text": LARGE}, {"type": "image", "url": "http://host/a.png"}]
    message = ToolMessage(blocks, name="search", tool_call_id="1")

    async def in_command(_: Any) -> Command[Any]:
        return Command(update={"messages": [message], "seen": 1})

    async def failing(_: Any) -> str:
        return "no tool message"

    command = await middleware.awrap_tool_call(None, in_command)
    short = command.update["messages"][0]
    key = reference_key(short.content[0]["text"])
    assert key is not None
    assert short.artifact == {"context_key": key}
    assert short.content[1] == blocks[1]
    assert short.tool_call_id == "1"
    assert command.update["seen"] == 1
    assert await shared.get(key, full=True) == LARGE
    assert await middleware.awrap_tool_call(None, failing) == "no tool message"


@pytest.mark.parametrize("wrapped", [False, True])
async def test_pydantic_ai_puts_what_is_not_text_as_json(
    shared: SharedContext,
    wrapped: bool,  # noqa: FBT001
) -> None:
    seen: list[Any] = []

    def answer(messages: list[ModelMessage], _: AgentInfo) -> ModelResponse:
        seen[:] = [part for part in messages[-1].parts if isinstance(part, ToolReturnPart)]
        calls = [ToolCallPart("search", {}), ToolCallPart("count", {})]
        return ModelResponse(parts=[TextPart("done")] if seen else calls)

    agent = Agent(
        FunctionModel(answer), capabilities=[SharedContextCapability(shared, min_tokens=300)]
    )

    @agent.tool_plain
    def search() -> Any:
        return ToolReturn(RECORDS, metadata="kept") if wrapped else RECORDS

    @agent.tool_plain
    def count() -> int:
        return 3

    await agent.run("go")
    key = reference_key(seen[0].content)
    assert key is not None
    assert json.loads(await shared.get(key, full=True) or "") == RECORDS
    assert seen[0].metadata == ("kept" if wrapped else None)
    assert seen[1].content == 3


async def test_adk_results_without_one_large_string(shared: SharedContext) -> None:
    class Call:
        agent_name = "researcher"

    def search() -> None:
        """Search."""

    plugin = SharedContextPlugin(shared, min_tokens=300)

    async def shorten(result: Any) -> Any:
        return await plugin.after_tool_callback(
            tool=AdkTool(search), tool_args={}, tool_context=Call(), result=result
        )

    short = await shorten({"rows": RECORDS})
    key = reference_key(short["result"])
    assert key is not None
    assert json.loads(await shared.get(key, full=True) or "") == {"rows": RECORDS}
    entry = await shared.get_entry(key)
    assert entry is not None
    assert entry.agent == "researcher"
    assert await shorten({"rows": RECORDS[:2]}) is None
    assert await shorten(None) is None
    assert reference_key((await shorten(LARGE))["result"])
