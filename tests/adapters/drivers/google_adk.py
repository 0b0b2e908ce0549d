from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from google.adk.agents import LlmAgent
from google.adk.apps import App
from google.adk.models.base_llm import BaseLlm
from google.adk.models.llm_request import LlmRequest
from google.adk.models.llm_response import LlmResponse
from google.adk.runners import InMemoryRunner
from google.genai import types
from pydantic import Field

from sharedctx.adapters.google_adk import SharedContextPlugin, context_tool
from tests.adapters.drivers.base import Driver, Turn


class ScriptedModel(BaseLlm):
    turns: list[Any] = Field(default_factory=list)
    seen: list[Any] = Field(default_factory=list)

    async def generate_content_async(
        self,
        llm_request: LlmRequest,
        stream: bool = False,  # noqa: ARG002, FBT001, FBT002
    ) -> AsyncGenerator[LlmResponse, None]:
        self.seen.append(list(llm_request.contents))
        yield LlmResponse(content=types.Content(role="model", parts=[self.turns.pop(0)]))


class GoogleAdk(Driver):
    async def turn(self, output: str, tool: str = "search", **arguments: Any) -> Turn:
        def search() -> dict[str, str]:
            """Search."""
            return {"status": "success", "report": output}

        call = types.Part(function_call=types.FunctionCall(id="call-1", name=tool, args=arguments))
        llm = ScriptedModel(model="scripted", turns=[call, types.Part(text="done")])
        agent = LlmAgent(name="researcher", model=llm, tools=[search, context_tool(self.context)])
        plugin = SharedContextPlugin(self.context, **self.options)
        runner = InMemoryRunner(app=App(name="app", root_agent=agent, plugins=[plugin]))
        session = await runner.session_service.create_session(app_name="app", user_id="user")
        ask = types.Content(role="user", parts=[types.Part(text="go")])
        async for _ in runner.run_async(user_id="user", session_id=session.id, new_message=ask):
            pass
        parts = [part for content in llm.seen[1] for part in content.parts]
        results = [part.function_response for part in parts if part.function_response]
        calls = [part.function_call for part in parts if part.function_call]
        texts = [str(value) for result in results for value in result.response.values()]
        return Turn(
            "\n".join(texts), [call.name for call in calls], [result.name for result in results]
        )
