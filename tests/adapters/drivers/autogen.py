from __future__ import annotations

import json
from typing import Any

from autogen_agentchat.agents import AssistantAgent
from autogen_core import FunctionCall
from autogen_core.models import CreateResult, ModelFamily, ModelInfo, RequestUsage
from autogen_ext.models.replay import ReplayChatCompletionClient

from sharedctx.adapters.autogen import SharedModelContext, context_tool
from tests.adapters.drivers.base import Driver, Turn


class AutoGen(Driver):
    async def turn(self, output: str, tool: str = "search", **arguments: Any) -> Turn:
        def search() -> str:
            """Search."""
            return output

        call = FunctionCall(id="call-1", name=tool, arguments=json.dumps(arguments))
        usage = RequestUsage(prompt_tokens=0, completion_tokens=0)
        model = ReplayChatCompletionClient(
            [
                CreateResult(
                    finish_reason="function_calls", content=[call], usage=usage, cached=False
                ),
                "done",
            ],
            model_info=ModelInfo(
                vision=False,
                function_calling=True,
                json_output=False,
                family=ModelFamily.UNKNOWN,
                structured_output=False,
            ),
        )
        agent = AssistantAgent(
            "researcher",
            model,
            tools=[search, context_tool(self.context)],
            model_context=SharedModelContext(self.context, **self.options),
            reflect_on_tool_use=True,
        )
        await agent.run(task="go")
        messages = model.create_calls[1]["messages"]
        results = [
            result
            for message in messages
            if message.type == "FunctionExecutionResultMessage"
            for result in message.content
        ]
        prompt = "\n".join(result.content for result in results)
        return Turn(prompt, [call.id], [result.call_id for result in results])
