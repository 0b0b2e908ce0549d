"""What every adapter promises, with the real framework, its scripted model, and real NATS."""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import sys
from collections.abc import Callable
from importlib.util import find_spec

import pytest

from sharedctx import SharedContext, sync
from sharedctx.adapters.shortening import REFERENCE
from sharedctx.embedded import NatsServer
from tests.adapters.drivers.base import Driver

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.filterwarnings("error:::sharedctx"),
]

DRIVERS = {
    "ag2": ["ag2.Ag2"],
    "autogen_agentchat": ["autogen.AutoGen"],
    "crewai": [
        "crewai.TaskOutputs",
        "crewai.TaskOutputsAsync",
        "crewai.TaskOutputsNative",
        "crewai.ToolOutputs",
        "crewai.ToolOutputsAsync",
        "crewai.ToolOutputsNative",
    ],
    "google.adk": ["google_adk.GoogleAdk"],
    "langchain": ["langchain.LangChain", "langchain.BlockingLangChain"],
    "langgraph": ["langgraph.Tools", "langgraph.Nodes"],
    "llama_index": ["llama_index.LlamaIndex"],
    "agents": ["openai_agents.Handoffs", "openai_agents.Messages", "openai_agents.ModelInputs"],
    "pydantic_ai": ["pydantic_ai.PydanticAI"],
}


def installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False


HERE = {package for package in DRIVERS if installed(package)}
NAMES = [name for package in DRIVERS if package in HERE for name in DRIVERS[package]]
RECORDS = [
    {"module": name, "builtin": name in sys.builtin_module_names, "rank": rank, "license": "PSF"}
    for rank, name in enumerate(sorted(sys.stdlib_module_names))
]
LARGE = json.dumps(RECORDS, indent=2)
SMALL = json.dumps(RECORDS[:2], indent=2)

MakeDriver = Callable[..., Driver]


@pytest.fixture(params=NAMES)
def driver(
    request: pytest.FixtureRequest, shared: SharedContext, blocking: sync.SharedContext
) -> Driver:
    kind = driver_class(request.param)
    return kind(blocking if kind.blocking else shared, min_tokens=300)


def driver_class(name: str) -> type[Driver]:
    module, _, kind = name.partition(".")
    found: type[Driver] = getattr(importlib.import_module(f"tests.adapters.drivers.{module}"), kind)
    return found


def raw_part(text: str, original: str) -> str | None:
    """Return 100 consecutive characters of `original` that stand in `text`."""
    windows = {original[start : start + 100] for start in range(len(original) - 99)}
    for start in range(len(text) - 99):
        if text[start : start + 100] in windows:
            return text[start : start + 100]
    return None


def test_this_environment_has_all_frameworks_or_crewai() -> None:
    expected = {"crewai"} if "crewai" in HERE else DRIVERS.keys() - {"crewai"}
    assert expected == HERE


async def test_a_large_output_becomes_rendition_and_reference(
    driver: Driver, shared: SharedContext
) -> None:
    turn = await driver.turn(LARGE)
    assert raw_part(turn.prompt, LARGE) is None
    found = REFERENCE.search(turn.prompt)
    assert found is not None, turn.prompt[-500:]
    rendition = await shared.get(found[1])
    assert rendition is not None
    assert rendition.rstrip() in turn.prompt
    assert await shared.get(found[1], full=True) == LARGE
    assert turn.calls == turn.results


async def test_a_short_output_is_left_alone(driver: Driver, shared: SharedContext) -> None:
    turn = await driver.turn(SMALL)
    assert SMALL in turn.prompt
    assert turn.calls == turn.results
    assert await shared.keys() == []


async def test_our_own_output_is_left_alone(driver: Driver, shared: SharedContext) -> None:
    first = await driver.turn(LARGE)
    found = REFERENCE.search(first.prompt)
    assert found is not None
    stored = await shared.get_entry(found[1])
    assert stored is not None
    if driver.has_tools:
        expected = LARGE
        again = await driver.turn("", "context_get", key=stored.key, full=True)
    else:
        expected = f"{stored.compressed.rstrip()}\n{found[0]}"
        again = await driver.turn(expected)
    assert expected in again.prompt
    assert again.calls == again.results
    assert await shared.keys() == [stored.key]
    assert (await shared.history(stored.key))[0].revision == stored.revision


@pytest.mark.parametrize("name", NAMES)
async def test_an_outage_passes_outputs_through_and_is_logged_once(
    name: str, own_server: NatsServer, caplog: pytest.LogCaptureFixture
) -> None:
    kind = driver_class(name)
    blocking = sync.SharedContext(own_server.url, namespace="outage", retry_budget=1)
    async with SharedContext(own_server.url, namespace="outage") as shared:
        await asyncio.to_thread(blocking.open)
        driver = kind(blocking if kind.blocking else shared, min_tokens=300, timeout=0.3)
        await asyncio.to_thread(own_server.stop)
        with caplog.at_level(logging.INFO, "sharedctx.adapters"):
            for _ in range(3):
                turn = await driver.turn(LARGE)
                assert LARGE in turn.prompt
                assert turn.calls == turn.results
        await asyncio.to_thread(blocking.close)
    logged = [record for record in caplog.records if record.name == "sharedctx.adapters"]
    assert len(logged) == 1
    assert "handed on whole" in logged[0].message
