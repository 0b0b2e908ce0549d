from __future__ import annotations

import asyncio
import json
from typing import Any

from crewai import Agent, BaseLLM, Crew, Task
from crewai.tools import tool as crewai_tool
from pydantic import Field

from sharedctx.adapters.crewai import context_tool, share_task_output, shared_tool_outputs
from tests.adapters.drivers.base import Driver, Turn


class ScriptedModel(BaseLLM):
    answers: list[Any] = Field(default_factory=list)
    seen: list[Any] = Field(default_factory=list)

    def call(self, messages: Any, *_: Any, **__: Any) -> Any:
        self.seen.append([dict(message) for message in messages])
        return self.answers.pop(0)

    async def acall(self, messages: Any, *args: Any, **options: Any) -> Any:
        return self.call(messages, *args, **options)

    def supports_function_calling(self) -> bool:
        return False

    def get_context_window_size(self) -> int:
        return 200_000


def model(*answers: str) -> ScriptedModel:
    return ScriptedModel(model="scripted", answers=list(answers))


def final(text: str) -> str:
    return f"Thought: I now can give a great answer\nFinal Answer: {text}"


class CrewAI(Driver):
    blocking = True
    mode = "kickoff"

    async def run(self, crew: Crew) -> None:
        if self.mode == "kickoff":
            await asyncio.to_thread(crew.kickoff)
        else:
            await getattr(crew, self.mode)()


class TaskOutputs(CrewAI):
    has_tools = False

    async def turn(self, output: str, tool: str = "search", **_: Any) -> Turn:
        first, second = model(final(output)), model(final("done"))
        researcher = Agent(role="researcher", goal="g", backstory="b", llm=first)
        writer = Agent(role="writer", goal="g", backstory="b", llm=second)
        research = Task(
            name=tool,
            description="find out",
            expected_output="findings",
            agent=researcher,
            callback=share_task_output(self.context, **self.options),
        )
        write = Task(description="write", expected_output="text", agent=writer, context=[research])
        await self.run(Crew(agents=[researcher, writer], tasks=[research, write]))
        return Turn("\n".join(message["content"] for message in second.seen[0]), [], [])


class ToolOutputs(CrewAI):
    async def turn(self, output: str, tool: str = "search", **arguments: Any) -> Turn:
        @crewai_tool("search")
        def search() -> str:
            """Search."""
            return output

        action = f"Thought: look\nAction: {tool}\nAction Input: {json.dumps(arguments)}"
        llm = model(action, final("done"))
        agent = Agent(
            role="researcher",
            goal="g",
            backstory="b",
            llm=llm,
            tools=[search, context_tool(self.context)],
        )
        task = Task(description="find out", expected_output="findings", agent=agent)
        with shared_tool_outputs(self.context, **self.options):
            await self.run(Crew(agents=[agent], tasks=[task]))
        return Turn("\n".join(message["content"] for message in llm.seen[1]), [], [])


class TaskOutputsAsync(TaskOutputs):
    mode = "kickoff_async"


class TaskOutputsNative(TaskOutputs):
    mode = "akickoff"


class ToolOutputsAsync(ToolOutputs):
    mode = "kickoff_async"


class ToolOutputsNative(ToolOutputs):
    mode = "akickoff"
