"""The replay: every handoff through real clients, a real server and a real worker."""

from __future__ import annotations

import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import nats
from nats.js import JetStreamContext

from sharedctx import SharedContext
from tests.benchmarks.handoff.facts import Fact
from tests.benchmarks.handoff.swarm import AGENTS, NOTE, Handoff

__all__ = ("FULL_SHARE", "LINES_SHARE", "QUERY_TOKENS", "Outcome", "Read", "Times", "replay")

LINES_SHARE: Final = 0.15
"""Share of the handoffs whose receiver reads a span exactly, as before an edit."""
FULL_SHARE: Final = 0.05
"""Share of the handoffs whose receiver reads the whole original whatever the rendition tells."""
QUERY_TOKENS: Final = 500
"""Budget of a question: ``get(key, query=..., max_tokens=500)``."""
_SPAN_LINES: Final = 40
_PATIENCE_S: Final = 120.0


@dataclass(frozen=True, slots=True)
class Read:
    """One read after the first.

    Attributes:
        how: ``query``, ``lines``, ``full``, or ``full after query`` where no view told the fact.
        tokens: What it moved into the context of the reader.
        size: The same in UTF-8 bytes.
    """

    how: str
    tokens: int
    size: int


@dataclass(slots=True)
class Times:
    """Milliseconds of one handoff; None where it did not happen.

    Attributes:
        put: Until `put` returned.
        ready: From the beginning of `put` until the rendition was in the putter's hand.
        get: Until the receiver had the rendition.
        publish: Of publishing the original to a stream of the same server.
        fetch: Until the receiver had the original from that stream.
    """

    put: float | None = None
    ready: float | None = None
    get: float = 0.0
    publish: float | None = None
    fetch: float = 0.0


@dataclass(slots=True)
class Outcome:
    """What one handoff cost, and what its receiver could tell.

    Attributes:
        handoff: The handoff.
        original_tokens: What it costs without sharedctx.
        rendition_tokens: What the receiver got instead.
        asked_tokens: The key in the message, and the questions that the receiver wrote.
        original_size: UTF-8 bytes of the original.
        rendition_size: UTF-8 bytes of the rendition.
        reads: What the receiver read after that.
        facts: For each fact whether it is a must, and where it was told: ``rendition``,
            ``query`` or ``original``.
        times: How long it took.
    """

    handoff: Handoff
    original_tokens: int
    rendition_tokens: int
    asked_tokens: int
    original_size: int
    rendition_size: int
    reads: list[Read] = field(default_factory=list)
    facts: list[tuple[bool, str]] = field(default_factory=list)
    times: Times = field(default_factory=Times)

    @property
    def followup_tokens(self) -> int:
        """Tokens of all reads after the first, and of what was written to ask for them."""
        return self.asked_tokens + sum(read.tokens for read in self.reads)

    @property
    def tokens(self) -> int:
        """All that the handoff cost with sharedctx."""
        return self.rendition_tokens + self.followup_tokens


async def replay(
    needs: Sequence[tuple[Handoff, Sequence[Fact]]],
    url: str,
    count: Callable[[str], int],
    *,
    model: str,
    seed: int,
) -> list[Outcome]:
    """Run handoffs one after the other on the server at `url`, which has a worker.

    Args:
        needs: The handoffs, and what the receiver of each needs to know.
        url: Of the server.
        count: Counts tokens.
        model: Whose tokens the namespace counts.
        seed: Decides who reads a span or the whole in any case.
    """
    async with _agents(url, model) as agents, _passing(url) as passing:
        await _warm_up(agents["planner"])
        run = _Run(agents, passing, count, seed)
        return [await run.hand_over(handoff, facts) for handoff, facts in needs]


@asynccontextmanager
async def _agents(url: str, model: str) -> AsyncIterator[Mapping[str, SharedContext]]:
    """Give each agent a client and a connection of its own."""
    async with AsyncExitStack() as stack:
        yield {
            name: await stack.enter_async_context(
                SharedContext(url, namespace="swarm", model=model, agent=name)
            )
            for name in AGENTS
        }


@asynccontextmanager
async def _passing(url: str) -> AsyncIterator[JetStreamContext]:
    """A plain stream for what is compared: passing the original."""
    client = await nats.connect(url)
    try:
        stream = client.jetstream()
        await stream.add_stream(
            name="KV_raw", subjects=["$KV.raw.*"], max_msgs_per_subject=1, allow_direct=True
        )
        yield stream
    finally:
        await client.close()


async def _warm_up(agent: SharedContext) -> None:
    """Have one text compressed, so that nothing is measured against the start of a worker."""
    await agent.put("warm-up", "\n".join(f"Line {n} warms the worker up." for n in range(60)))
    await agent.get("warm-up", timeout=_PATIENCE_S)
    await agent.delete("warm-up")


class _Run:
    def __init__(
        self,
        agents: Mapping[str, SharedContext],
        passing: JetStreamContext,
        count: Callable[[str], int],
        seed: int,
    ) -> None:
        self._agents = agents
        self._passing = passing
        self._count = count
        self._seed = seed
        self._subjects: dict[str, str] = {}
        self._sums: dict[str, int] = {}

    async def hand_over(self, handoff: Handoff, facts: Sequence[Fact]) -> Outcome:
        """Put what is new, let the receiver read it, and let it ask for what it cannot tell."""
        content, receiver = handoff.content, self._agents[handoff.receiver]
        times = Times()
        if content.key not in self._subjects:
            await self._put(handoff, times)
        rendition = await _clocked(receiver.get(content.key, timeout=_PATIENCE_S))
        times.get = rendition.ms
        fetched = await _clocked(self._fetch(content.key))
        times.fetch = fetched.ms
        assert fetched.text == content.text
        outcome = Outcome(
            handoff,
            self._tokens(content.text),
            self._tokens(rendition.text),
            self._tokens(content.key),
            _size(content.text),
            _size(rendition.text),
            times=times,
        )
        await _Receiver(receiver, outcome, rendition.text, self._tokens).work(facts, self._seed)
        return outcome

    async def _put(self, handoff: Handoff, times: Times) -> None:
        content, sender = handoff.content, self._agents[handoff.sender]
        started = time.perf_counter()
        await sender.put(content.key, content.text)
        stored = time.perf_counter()
        await sender.get(content.key, timeout=_PATIENCE_S)
        if content.kind != NOTE:
            times.ready = 1000 * (time.perf_counter() - started)
        times.put = 1000 * (stored - started)
        subject = f"$KV.raw.c{len(self._subjects)}"
        self._subjects[content.key] = subject
        started = time.perf_counter()
        await self._passing.publish(subject, content.text.encode())
        times.publish = 1000 * (time.perf_counter() - started)

    async def _fetch(self, key: str) -> str:
        subject = f"$JS.API.DIRECT.GET.KV_raw.{self._subjects[key]}"
        return (await self._passing._nc.request(subject, timeout=10)).data.decode()

    def _tokens(self, text: str) -> int:
        if text not in self._sums:
            self._sums[text] = self._count(text)
        return self._sums[text]


class _Receiver:
    """What the receiver of one handoff does with it."""

    def __init__(
        self,
        context: SharedContext,
        outcome: Outcome,
        rendition: str,
        count: Callable[[str], int],
    ) -> None:
        self._context = context
        self._outcome = outcome
        self._content = outcome.handoff.content
        self._had = [rendition]
        self._count = count

    @property
    def _whole(self) -> bool:
        """Whether the original is in the context already."""
        return self._content.text in self._had

    async def work(self, facts: Sequence[Fact], seed: int) -> None:
        """Find out the facts, then read what such an agent reads anyway."""
        for fact in facts:
            self._outcome.facts.append((fact.must, await self._find_out(fact)))
        numbers = random.Random(f"habits {seed} {self._outcome.handoff.number}")
        if numbers.random() < LINES_SHARE and not self._whole:
            last = self._content.text.count("\n") + 1
            first = numbers.randint(1, max(1, last - _SPAN_LINES))
            await self._read("lines", lines=(first, first + _SPAN_LINES - 1))
        if numbers.random() < FULL_SHARE and not self._whole:
            await self._read("full", full=True)

    async def _find_out(self, fact: Fact) -> str:
        """Return where the fact is told; ask first, then read the original."""
        if fact.told(self._had[0]):
            return "rendition"
        if not self._whole:
            self._outcome.asked_tokens += self._count(fact.question)
            await self._read("query", query=fact.question, max_tokens=QUERY_TOKENS)
        if any(fact.told(view) for view in self._had if view != self._content.text):
            return "query"
        if not self._whole:
            await self._read("full after query", full=True)
        return "original"

    async def _read(self, how: str, **view: object) -> None:
        text = await self._context.get(self._content.key, **view)  # type: ignore[arg-type]
        assert text is not None, "it lives for a day"
        assert how in {"query", "lines"} or text == self._content.text
        self._had.append(text)
        self._outcome.reads.append(Read(how, self._count(text), _size(text)))


@dataclass(frozen=True, slots=True)
class _Clocked:
    text: str
    ms: float


async def _clocked(reading: Awaitable[str | None]) -> _Clocked:
    started = time.perf_counter()
    text = await reading
    took = 1000 * (time.perf_counter() - started)
    assert text is not None, "it lives for a day"
    return _Clocked(text, took)


def _size(text: str) -> int:
    return len(text.encode(errors="surrogatepass"))
