"""The three agents of the demo. Each runs in a process of its own and knows the others by key only.

Run as ``python -m sharedctx.cli.demo.agents AGENT NATS_URL``.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Final

import anyio

from sharedctx import SharedContext, State
from sharedctx.cli.demo.events import Check, Excerpt, Handoff, Step, emit
from sharedctx.cli.demo.material import (
    FILES,
    PACKAGES,
    QUESTION,
    README,
    SOURCE,
    TOPICS,
    Material,
)
from sharedctx.codec import content_bytes
from sharedctx.tokens import DEFAULT_ENCODING, load

__all__ = ()

_PATIENCE_SECONDS: Final = 60.0
_BUDGET_TOKENS: Final = 300
_LINES: Final = (40, 52)
_EXCERPT_CHARS: Final = 4_000
_VERDICT_KEY: Final = "review/verdict"


class _Agent:
    """What the agents can do."""

    def __init__(self, name: str, context: SharedContext) -> None:
        self.name = name
        self.context = context
        self._claims: list[str] = []

    def step(self, doing: str) -> None:
        emit(Step(self.name, doing))

    async def put(self, material: Material, to: str) -> None:
        """Hand `material` over and measure it."""
        content = await anyio.to_thread.run_sync(material.make)
        self.step(f"put {material.key}")
        started = time.perf_counter()
        await self.context.put(material.key, content)
        stored = time.perf_counter()
        await self.context.get(material.key, timeout=_PATIENCE_SECONDS)
        ready = time.perf_counter()
        entry = await self.context.get_entry(material.key)
        assert entry is not None, "it lives for a day"
        emit(
            Handoff(
                agent=self.name,
                to=to,
                key=material.key,
                title=material.title,
                kind=material.kind,
                size_bytes=len(content_bytes(content)),
                original_tokens=entry.original_tokens,
                handed_tokens=entry.compressed_tokens,
                savings_percent=entry.savings_percent,
                put_ms=1000 * (stored - started),
                ready_ms=1000 * (ready - started) if entry.state is State.READY else None,
                state=entry.state.value,
                guarantee=entry.guarantee.value,
                transforms=entry.transforms,
                reason=entry.reason,
                encoding=entry.encoding,
            )
        )

    async def take(self, key: str) -> str:
        """Wait until somebody puts `key`, and read it as an agent would."""
        self.step(f"wait for {key}")
        await self.context.wait_for(key, timeout=_PATIENCE_SECONDS)
        self.step(f"get {key}")
        text = await self.context.get(key, timeout=_PATIENCE_SECONDS)
        assert text is not None, "it lives for a day"
        return text

    async def view(self, key: str, **how: object) -> str:
        """Read `key` in some other way than `take`."""
        shown = ", ".join(f"{name}={value!r}" for name, value in how.items())
        self.step(f"get {key} {shown}")
        text = await self.context.get(key, timeout=_PATIENCE_SECONDS, **how)  # type: ignore[arg-type]
        assert text is not None, "it lives for a day"
        return text

    def check(self, claim: str, held: bool, detail: str) -> None:  # noqa: FBT001 - reads as a claim
        self._claims.append(f"{'yes' if held else 'NO'}: {claim} ({detail})")
        emit(Check(self.name, claim, held, detail))

    def verdict(self) -> str:
        """Return what was checked, as text for the others."""
        return "\n".join(["Checked in review:", *self._claims])


async def _researcher(agent: _Agent) -> None:
    agent.step("wait for a worker")
    await _warm_up(agent.context)
    for material in (FILES, PACKAGES, TOPICS):
        await agent.put(material, "coder")
    verdict = await agent.take(_VERDICT_KEY)
    agent.step(f"read the verdict: {verdict.count('yes:')} claims hold")


async def _warm_up(context: SharedContext) -> None:
    """Have one document compressed, so that no handoff is measured against a worker's start."""
    text = "\n".join(f"Line {number} of a text that warms the worker up." for number in range(40))
    await context.put("warm-up", text)
    await context.get("warm-up", timeout=_PATIENCE_SECONDS)
    await context.delete("warm-up")


async def _coder(agent: _Agent) -> None:
    for material in (FILES, PACKAGES, TOPICS):
        text = await agent.take(material.key)
        if material is FILES:
            await _show(agent, material, text, f"{material.title}, as the coder read it")
        elif material is TOPICS:
            middle = text.find("\n", len(text) // 2) + 1
            await _show(agent, material, text, f"{material.title}, from the middle", middle)
    await agent.put(SOURCE, "reviewer")
    await agent.put(README, "reviewer")


async def _show(agent: _Agent, material: Material, text: str, title: str, start: int = 0) -> None:
    """Report `text`, from `start` on, for people to look at."""
    count = load(DEFAULT_ENCODING).count
    entry = await agent.context.get_entry(material.key)
    assert entry is not None, "it lives for a day"
    part = text[start : start + _EXCERPT_CHARS]
    emit(Excerpt(agent.name, title, part, count(text), entry.original_tokens))


async def _reviewer(agent: _Agent) -> None:
    for material in (SOURCE, README):
        await agent.take(material.key)
    await _check_originals(agent)
    await _check_budget(agent)
    await _check_question(agent)
    await _check_lines(agent)
    verdict = agent.verdict()
    await agent.put(Material(_VERDICT_KEY, "Verdict", "text", lambda: verdict), "researcher")


async def _check_originals(agent: _Agent) -> None:
    """Read every original and compare it with where it came from."""
    total = 0
    differing = []
    for material in (FILES, PACKAGES, TOPICS, SOURCE, README):
        full = await agent.view(material.key, full=True)
        origin = await anyio.to_thread.run_sync(material.make)
        if content_bytes(full) != content_bytes(origin):
            differing.append(material.key)
        total += len(content_bytes(full))
    detail = f"differs: {', '.join(differing)}" if differing else f"5 documents, {total:,} bytes"
    agent.check("full=True is the original, byte for byte", not differing, detail)


async def _check_budget(agent: _Agent) -> None:
    text = await agent.view(TOPICS.key, max_tokens=_BUDGET_TOKENS)
    tokens = load(DEFAULT_ENCODING).count(text)
    claim = f"max_tokens={_BUDGET_TOKENS} fits"
    agent.check(claim, 0 < tokens <= _BUDGET_TOKENS, f"{tokens} tokens of {TOPICS.key}")
    await _show(agent, TOPICS, text, f"{TOPICS.title}, max_tokens={_BUDGET_TOKENS}")


async def _check_question(agent: _Agent) -> None:
    text = await agent.view(TOPICS.key, query=QUESTION, max_tokens=_BUDGET_TOKENS)
    found = "UnboundLocalError" in text
    agent.check(f'query="{QUESTION}" finds it', found, f"in {_BUDGET_TOKENS} tokens")
    await _show(agent, TOPICS, text, f'{TOPICS.title}, query="{QUESTION}"')


async def _check_lines(agent: _Agent) -> None:
    first, last = _LINES
    text = await agent.view(SOURCE.key, lines=_LINES)
    expected = SOURCE.make().splitlines(keepends=True)[first - 1 : last]
    held = text.rstrip("\n") == "".join(expected).rstrip("\n")
    agent.check(f"lines=({first}, {last}) are those lines", held, SOURCE.key)


_AGENTS: Final[dict[str, Callable[[_Agent], Awaitable[None]]]] = {
    "researcher": _researcher,
    "coder": _coder,
    "reviewer": _reviewer,
}


async def _main(name: str, url: str) -> None:
    # Building the vocabulary takes half a second; done before anything is measured.
    await anyio.to_thread.run_sync(load)
    async with SharedContext(url, namespace="demo", agent=name) as context:
        await _AGENTS[name](_Agent(name, context))
    emit(Step(name, "done"))


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], sys.argv[2]))
