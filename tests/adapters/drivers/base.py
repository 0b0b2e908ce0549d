"""What the contract asks of every framework: run one tool call, show the next model call."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

__all__ = ("Driver", "Turn")


@dataclass(frozen=True)
class Turn:
    """The model call after a tool was called, or an agent handed on.

    Attributes:
        prompt: All text that the model was given.
        calls: Ids of the tool calls in it.
        results: Ids of the tool results in it.
    """

    prompt: str
    calls: list[str]
    results: list[str]


class Driver(ABC):
    """An agent of one framework with its adapter, and a scripted model.

    Args:
        context: What the adapter gets: the blocking context if `blocking`, else the async one.
        **options: What else it gets.
    """

    blocking = False
    """Whether the adapter needs the blocking context."""
    has_tools = True
    """Whether it is the output of tools that is shortened, not what agents hand on."""

    def __init__(self, context: Any, **options: Any) -> None:
        self.context = context
        self.options = options

    @abstractmethod
    async def turn(self, output: str, tool: str = "search", **arguments: Any) -> Turn:
        """Let the agent call `tool`: `search` returns `output`, `context_get` is the real one."""
