from __future__ import annotations

import pytest

pytest.importorskip("autogen_core")
pytest.importorskip("llama_index")

from autogen_agentchat.agents import AssistantAgent
from autogen_core.memory import MemoryContent, MemoryMimeType
from autogen_ext.models.replay import ReplayChatCompletionClient
from llama_index.core.llms import ChatMessage
from llama_index.core.memory import Memory
from llama_index.core.storage.chat_store.sql import SQLAlchemyChatStore
from sqlalchemy.ext.asyncio import create_async_engine

from sharedctx import SharedContext
from sharedctx.adapters.autogen import SharedContextMemory
from sharedctx.adapters.llama_index import SharedContextBlock

pytestmark = pytest.mark.filterwarnings("ignore")


async def test_autogen_agents_read_what_others_put(shared: SharedContext) -> None:
    await shared.put("findings/linker", "the linker ran out of memory", agent="researcher")
    memory = SharedContextMemory(shared, "findings/")
    note = MemoryContent(
        content="lunch is at noon", mime_type=MemoryMimeType.TEXT, metadata={"key": "lunch"}
    )
    await memory.add(note)
    model = ReplayChatCompletionClient(["done"])
    await AssistantAgent("writer", model, memory=[memory]).run(task="go")
    prompt = "\n".join(str(message.content) for message in model.create_calls[0]["messages"])
    assert "[ctx:findings/linker]\nthe linker ran out of memory" in prompt
    assert "[ctx:findings/lunch]\nlunch is at noon" in prompt
    found = await memory.query("what did the linker do")
    assert found.results[0].metadata == {"key": "findings/linker"}
    await memory.clear()
    assert await shared.keys() == []


async def test_llama_index_messages_that_leave_go_into_the_entry(shared: SharedContext) -> None:
    block = SharedContextBlock(name="past", context=shared, key="chats/1")
    engine = create_async_engine("sqlite+aiosqlite:///:memory:")
    memory = Memory.from_defaults(
        session_id="1",
        chat_store=SQLAlchemyChatStore("chats", async_engine=engine),
        token_limit=300,
        chat_history_token_ratio=0.5,
        token_flush_size=100,
        memory_blocks=[block],
        insert_method="system",
        tokenizer_fn=str.split,
    )
    for number in range(30):
        role = "user" if number % 2 == 0 else "assistant"
        await memory.aput(ChatMessage(role=role, content=f"message {number} " + "word " * 20))
    past = await shared.get("chats/1", full=True)
    assert past is not None
    assert past.startswith("user: message 0 ")
    gone = past.count("message ")
    assert 10 < gone < 30
    assert f"message {gone - 1} " in past.splitlines()[-1]
    system = (await memory.aget())[0]
    assert system.role == "system"
    assert "message 0 " in str(system.content)
    await engine.dispose()
