"""CrewAI: a task callback that shortens what later tasks read, and a hook for tools.

```python
with sharedctx.sync.SharedContext("nats://127.0.0.1:4222", namespace="team") as ctx:
    research = Task(..., callback=share_task_output(ctx))
    write = Task(..., context=[research], tools=[context_tool(ctx)])
    with shared_tool_outputs(ctx):
        crew = Crew(agents=[researcher, writer], tasks=[research, write])
        crew.kickoff()  # or await crew.kickoff_async(), await crew.akickoff()
```
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial, wraps
from typing import Any

from sharedctx import sync
from sharedctx.adapters.clients import run
from sharedctx.adapters.extras import extra
from sharedctx.adapters.retrieval import make_blocking_context_get
from sharedctx.adapters.shortening import Shortener

with extra("crewai"):
    from crewai import TaskOutput
    from crewai.hooks import (
        ToolCallHookContext,
        register_after_tool_call_hook,
        unregister_after_tool_call_hook,
    )
    from crewai.tools import BaseTool, tool

__all__ = ("context_tool", "share_task_output", "shared_tool_outputs")


def share_task_output(
    context: sync.SharedContext, **options: Any
) -> Callable[[TaskOutput], Awaitable[None]]:
    """Return a callback for a `Task` that others have in their ``context``.

    Later tasks, and ``output_file``, get the shortened text. Do not give it to the last task of a
    crew unless its result may be shortened too.

    Args:
        context: Where outputs are put. CrewAI runs callbacks on loops of its own, so only the
            blocking context serves all of ``kickoff``, ``kickoff_async`` and ``akickoff``.
        **options: `min_tokens` and `timeout` of `Shortener`.
    """
    shortener = Shortener(context, **options)

    async def shorten_output(output: TaskOutput) -> None:
        output.raw = await shortener.shorten(output.raw, output.name or "task", agent=output.agent)

    return shorten_output


@contextmanager
def shared_tool_outputs(context: sync.SharedContext, **options: Any) -> Generator[None, None, None]:
    """Shorten the large outputs of every tool that crews of this process call inside the block."""
    shortener = Shortener(context, **options)

    def shorten_result(call: ToolCallHookContext) -> str | None:
        if call.tool_result is None:
            return None
        work = partial(shortener.shorten, call.tool_result, call.tool_name)
        return _in_thread(partial(run, context, work))

    register_after_tool_call_hook(shorten_result)
    try:
        yield
    finally:
        unregister_after_tool_call_hook(shorten_result)


def context_tool(context: sync.SharedContext) -> BaseTool:
    """Return the tool `context_get`, with which an agent reads what references stand for."""
    read = make_blocking_context_get(context)

    @wraps(read)
    def context_get(*args: Any, **options: Any) -> str:
        return _in_thread(partial(read, *args, **options))

    return tool("context_get")(context_get)


def _in_thread(work: Callable[[], str]) -> str:
    # Hooks and tools are called without a loop by kickoff(), but on the loop by akickoff().
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()
