from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any

import pytest

pytest.importorskip("langgraph")

from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import BaseTool, tool
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import InjectedState, ToolNode
from langgraph.types import Command

from sharedctx import SharedContext, sync
from sharedctx.adapters.langgraph import share_output
from sharedctx.adapters.shortening import reference_key

pytestmark = pytest.mark.filterwarnings("ignore")
LARGE = json.dumps([{"row": row, "state": "passed"} for row in range(400)], indent=2)


async def call_in_graph(shared_tool: BaseTool, **arguments: Any) -> dict[str, Any]:
    builder = StateGraph(MessagesState)
    builder.add_node("tools", ToolNode([shared_tool]))
    builder.add_edge(START, "tools")
    builder.add_edge("tools", END)
    call = {"name": shared_tool.name, "args": arguments, "id": "call-1", "type": "tool_call"}
    messages = [HumanMessage("go"), AIMessage("", tool_calls=[call])]
    state: dict[str, Any] = await builder.compile().ainvoke({"messages": messages})
    return state


async def test_injected_arguments_and_own_artifacts_arrive(shared: SharedContext) -> None:
    @tool(response_format="content_and_artifact")
    def search(repeat: int, state: Annotated[dict[str, Any], InjectedState]) -> Any:
        """Search."""
        return LARGE * repeat, {"messages": len(state["messages"])}

    state = await call_in_graph(share_output(search, shared, min_tokens=300), repeat=1)
    message = state["messages"][-1]
    assert isinstance(message, ToolMessage)
    assert message.tool_call_id == "call-1"
    assert message.artifact == {"messages": 2}
    key = reference_key(str(message.content))
    assert key is not None
    assert await shared.get(key, full=True) == LARGE


async def test_commands_pass(shared: SharedContext) -> None:
    @tool
    def move() -> Any:
        """Move on."""
        return Command(update={"messages": [ToolMessage("moved", tool_call_id="call-1")]})

    state = await call_in_graph(share_output(move, shared))
    assert state["messages"][-1].content == "moved"


async def test_without_a_loop(blocking: sync.SharedContext) -> None:
    @tool
    def search() -> str:
        """Search."""
        return LARGE

    shared_tool = share_output(search, blocking, min_tokens=300)
    assert reference_key(await asyncio.to_thread(shared_tool.invoke, {}))
