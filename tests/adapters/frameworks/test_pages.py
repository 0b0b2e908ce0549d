"""The how-to of each framework runs as it stands, with a nats-server and a real worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sharedctx.embedded import Stack
from tests.adapters.test_contract import installed
from tests.pages import DOCS, run_page

PACKAGES = {
    "ag2": "ag2",
    "autogen": "autogen_agentchat",
    "crewai": "crewai",
    "google-adk": "google.adk",
    "langchain": "langchain",
    "langgraph": "langgraph",
    "llama-index": "llama_index",
    "openai-agents": "agents",
    "pydantic-ai": "pydantic_ai",
}
OFFLINE = "from tests.adapters.offline import stay_offline; stay_offline()"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Stack(workers=1) as stack:
        yield stack.url


@pytest.mark.parametrize("name", [name for name in PACKAGES if installed(PACKAGES[name])])
def test_the_page_runs(name: str, url: str) -> None:
    printed = run_page(DOCS / "howto" / f"{name}.md", url, before=OFFLINE)
    assert "[ctx:outputs/" in printed or "'context_key': 'outputs/" in printed
