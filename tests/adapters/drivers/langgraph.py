from __future__ import annotations

from typing import Any, TypedDict

from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.tools import tool as langchain_tool
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode
from langgraph.runtime import Runtime

from sharedctx.adapters.langgraph import NodeContext, context_tool, share_output
from tests.adapters.drivers.base import Driver, Turn
from tests.adapters.drivers.langchain import ScriptedModel, turn_of


class Findings(TypedDict, total=False):
    findings: str


class Tools(Driver):
    async def turn(self, output: str, tool: str = "search", **arguments: Any) -> Turn:
        @langchain_tool
        def search() -> str:
            """Search."""
            return output

        call = {"name": tool, "args": arguments, "id": "call-1"}
        answers = iter([AIMessage("", tool_calls=[call]), AIMessage("done")])
        model = ScriptedModel(messages=answers, seen=[])

        async def think(state: MessagesState) -> dict[str, Any]:
            return {"messages": [await model.ainvoke(state["messages"])]}

        shared = share_output(search, self.context, **self.options)
        builder = StateGraph(MessagesState)
        builder.add_node("think", think)
        builder.add_node("tools", ToolNode([shared, context_tool(self.context)]))
        builder.add_node("answer", think)
        builder.add_edge(START, "think")
        builder.add_edge("think", "tools")
        builder.add_edge("tools", "answer")
        builder.add_edge("answer", END)
        await builder.compile().ainvoke({"messages": [HumanMessage("go")]})
        return turn_of(model.seen[1])


class Nodes(Driver):
    has_tools = False

    async def turn(self, output: str, tool: str = "search", **_: Any) -> Turn:
        model = ScriptedModel(messages=iter([AIMessage("done")]), seen=[])

        async def research(_: Findings, runtime: Runtime[NodeContext]) -> Findings:
            return {"findings": await runtime.context.hand_on(output, tool)}

        async def write(state: Findings) -> Findings:
            await model.ainvoke([HumanMessage(state["findings"])])
            return {}

        builder = StateGraph(Findings, context_schema=NodeContext)
        builder.add_node("research", research)
        builder.add_node("write", write)
        builder.add_edge(START, "research")
        builder.add_edge("research", "write")
        builder.add_edge("write", END)
        await builder.compile().ainvoke({}, context=NodeContext(self.context, **self.options))
        return turn_of(model.seen[0])
