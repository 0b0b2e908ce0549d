from __future__ import annotations

import asyncio
from typing import Any

import pytest

pytest.importorskip("agents")

from agents import Agent, RunConfig, Runner, Session
from agents.memory import SessionSettings

from sharedctx import SharedContext
from sharedctx.adapters.openai_agents import context_tool
from sharedctx.adapters.openai_session import SharedContextSession
from tests.adapters.drivers.openai_agents import ScriptedModel, message

pytestmark = pytest.mark.filterwarnings("ignore")


def said(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


async def test_a_session_keeps_items_in_order(shared: SharedContext) -> None:
    session = SharedContextSession("ticket-7", shared)
    assert isinstance(session, Session)
    assert await session.get_items() == []
    assert await session.pop_item() is None
    await session.add_items([said("a"), said("b")])
    await session.add_items([said("c ✓")])
    await session.add_items([])
    assert await session.get_items() == [said("a"), said("b"), said("c ✓")]
    assert await session.get_items(2) == [said("b"), said("c ✓")]
    assert await session.get_items(0) == []
    assert await session.pop_item() == said("c ✓")
    limited = SharedContextSession("ticket-7", shared, SessionSettings(limit=1))
    assert await limited.get_items() == [said("b")]
    await session.clear_session()
    assert await session.get_items() == []


async def test_writers_on_two_hosts_lose_nothing(shared: SharedContext) -> None:
    sessions = [SharedContextSession("busy", shared) for _ in range(2)]
    await asyncio.gather(
        *(sessions[number % 2].add_items([said(str(number))]) for number in range(12))
    )
    items = await sessions[0].get_items()
    assert sorted(int(item["content"]) for item in items) == list(range(12))
    popped = await asyncio.gather(*(session.pop_item() for session in sessions * 6))
    assert sorted(int(item["content"]) for item in popped if item) == list(range(12))


async def test_runs_continue_the_conversation(shared: SharedContext) -> None:
    model = ScriptedModel(message("the linker"), message("more memory"))
    agent = Agent(name="helper", model=model, tools=[context_tool(shared)])
    config = RunConfig(tracing_disabled=True)
    for question in ("why did it fail?", "what fixed it?"):
        session = SharedContextSession("ticket-8", shared)
        await Runner.run(agent, question, session=session, run_config=config)
    texts = [item["content"] for item in model.seen[1]]
    assert texts[0] == "why did it fail?"
    assert texts[1][0]["text"] == "the linker"
    assert texts[2] == "what fixed it?"
