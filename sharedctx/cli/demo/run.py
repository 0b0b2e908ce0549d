"""Start the agents of the demo and collect what they report."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, field
from typing import Final, Protocol

from sharedctx.cli.demo.events import STEPS, Check, Event, Excerpt, Handoff, parse
from sharedctx.embedded.children import child_environment
from sharedctx.embedded.leash import leashed
from sharedctx.errors import SharedContextError

__all__ = ("Story", "Watcher", "run_agents")

_PATIENCE_SECONDS: Final = 180.0
_LONGEST_LINE: Final = 1 << 20


class Watcher(Protocol):
    """Shows what happens while it happens."""

    def saw(self, event: Event) -> None:
        """Show `event`."""
        ...


@dataclass(slots=True)
class Story:
    """Everything that the agents reported."""

    handoffs: list[Handoff] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)
    excerpts: list[Excerpt] = field(default_factory=list)

    @property
    def held(self) -> bool:
        """Whether there were checks, and all of them held."""
        return bool(self.checks) and all(check.held for check in self.checks)

    def add(self, event: Event) -> None:
        """Keep `event` if it is part of the result."""
        if isinstance(event, Handoff):
            self.handoffs.append(event)
        elif isinstance(event, Check):
            self.checks.append(event)
        elif isinstance(event, Excerpt):
            self.excerpts.append(event)


async def run_agents(url: str, watcher: Watcher) -> Story:
    """Run all agents to their end, each in its own process.

    Raises:
        SharedContextError: an agent failed, or they took more than three minutes.
    """
    story = Story()
    failure: BaseException | None = None
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS), asyncio.TaskGroup() as agents:
            for name in STEPS:
                agents.create_task(_run_agent(name, url, story, watcher))
    except* SharedContextError as errors:
        failure = errors.exceptions[0]
    except* TimeoutError:
        failure = SharedContextError(
            f"The agents of the demo did not finish within {_PATIENCE_SECONDS:g} s. "
            "Is this machine very busy?"
        )
    if failure is not None:
        raise failure
    return story


async def _run_agent(name: str, url: str, story: Story, watcher: Watcher) -> None:
    command = [sys.executable, "-P", "-m", "sharedctx.cli.demo.agents", name, url]
    process = await asyncio.create_subprocess_exec(
        *leashed(command),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=_LONGEST_LINE,
        env=child_environment(),
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        complaint = asyncio.create_task(process.stderr.read())
        async for line in process.stdout:
            event = parse(line)
            story.add(event)
            watcher.saw(event)
        said = (await complaint).decode(errors="replace").strip()
        if await process.wait() != 0:
            raise SharedContextError(f"The agent {name} of the demo failed:\n{said}")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
