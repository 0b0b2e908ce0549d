"""OpenAI Agents SDK: filters for handoffs and model calls, and the tool `context_get`.

```python
async with SharedContext("nats://127.0.0.1:4222", namespace="team") as ctx:
    writer = Agent(name="writer", tools=[context_tool(ctx)])
    to_writer = handoff(writer, input_filter=handoff_filter(ctx))
    researcher = Agent(name="researcher", tools=[search], handoffs=[to_writer])
    every_call = RunConfig(call_model_input_filter=model_input_filter(ctx))
    result = await Runner.run(researcher, "Why did it fail?", run_config=every_call)
```

`sharedctx.adapters.openai_session` keeps the history of a conversation.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Any

from sharedctx.adapters.clients import AnyContext
from sharedctx.adapters.extras import extra
from sharedctx.adapters.retrieval import make_context_get
from sharedctx.adapters.shortening import Shortener

with extra("openai-agents"):
    from agents import FunctionTool, HandoffInputData, function_tool
    from agents.run_config import CallModelData, ModelInputData

__all__ = ("context_tool", "handoff_filter", "model_input_filter")


def context_tool(context: AnyContext) -> FunctionTool:
    """Return the tool `context_get`, with which an agent reads what references stand for."""
    return function_tool(make_context_get(context))


def handoff_filter(
    context: AnyContext, **options: Any
) -> Callable[[HandoffInputData], Awaitable[HandoffInputData]]:
    """Return an ``input_filter`` that shortens large tool outputs and agents' messages.

    Args:
        context: Where outputs are put, open on the loop of the run, or a blocking one.
        **options: `min_tokens` and `timeout` of `Shortener`.
    """
    shortener = Shortener(context, **options)

    async def shorten_handoff(data: HandoffInputData) -> HandoffInputData:
        history, chosen = data.input_history, data.input_items
        past = () if isinstance(history, str) else history
        names = _tool_names((*past, *data.pre_handoff_items, *data.new_items, *(chosen or ())))

        async def shorten_all(items: Iterable[Any]) -> tuple[Any, ...]:
            return tuple([await _shorten_item(shortener, item, names) for item in items])

        return data.clone(
            input_history=history if isinstance(history, str) else await shorten_all(history),
            pre_handoff_items=await shorten_all(data.pre_handoff_items),
            new_items=await shorten_all(data.new_items),
            input_items=None if chosen is None else await shorten_all(chosen),
        )

    return shorten_handoff


def model_input_filter(
    context: AnyContext, **options: Any
) -> Callable[[CallModelData[Any]], Awaitable[ModelInputData]]:
    """Return a ``call_model_input_filter`` that does the same before every model call of a run."""
    shortener = Shortener(context, **options)

    async def shorten_input(data: CallModelData[Any]) -> ModelInputData:
        names = _tool_names(data.model_data.input)
        items = [await _shorten_item(shortener, item, names) for item in data.model_data.input]
        return replace(data.model_data, input=items)

    return shorten_input


def _field(raw: Any, name: str) -> Any:
    return raw.get(name) if isinstance(raw, dict) else getattr(raw, name, None)


def _tool_names(items: Iterable[Any]) -> dict[str, str]:
    """Return which tool each call id of `items` called."""
    calls = [raw for item in items if _field(raw := getattr(item, "raw_item", item), "name")]
    return {_field(raw, "call_id"): _field(raw, "name") for raw in calls}


async def _shorten_item(shortener: Shortener, item: Any, names: dict[str, str]) -> Any:
    raw = getattr(item, "raw_item", item)
    if _field(raw, "type") == "function_call_output":
        field, source = "output", names.get(_field(raw, "call_id"), "tool")
    elif _field(raw, "role") == "assistant":
        field, source = "content", "message"
    else:
        return item
    value = _field(raw, field)
    parts = [value] if isinstance(value, str) else list(value or ())
    plain = [part if isinstance(part, str | dict) else part.model_dump() for part in parts]
    short = await shortener.shorten_texts(plain, source)
    if short == plain:
        return item
    new = short[0] if isinstance(value, str) else short
    if isinstance(raw, dict):
        changed = {**raw, field: new}
    else:
        changed = type(raw).model_validate({**raw.model_dump(), field: new})
    return changed if raw is item else replace(item, raw_item=changed)
