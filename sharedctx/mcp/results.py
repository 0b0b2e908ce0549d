"""What the tools return: structured for programs, and as plain text for models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from mcp.types import CallToolResult, TextContent
from typing_extensions import TypedDict

__all__ = (
    "EntryInfo",
    "GetResult",
    "ListResult",
    "Passage",
    "PutResult",
    "SearchResult",
    "StatsResult",
    "result",
    "uri_of",
)


class PutResult(TypedDict):
    """What was stored."""

    key: str
    revision: int
    state: str
    uri: str


class GetResult(TypedDict):
    """A text and what it is of the entry; `note` says how to read the rest."""

    key: str
    revision: int
    agent: str | None
    view: str
    text: str
    tokens: int
    original_tokens: int
    original_lines: int
    lines: list[int] | None
    complete: bool
    note: str | None
    uri: str


class Passage(TypedDict):
    """A passage that was found."""

    key: str
    revision: int
    agent: str | None
    lines: list[int]
    text: str
    score: float
    also_in: list[str]


class SearchResult(TypedDict):
    """Passages, best first."""

    passages: list[Passage]
    note: str | None


class EntryInfo(TypedDict):
    """An entry without its content; tokens are null until a worker has counted them."""

    key: str
    revision: int
    agent: str | None
    age_seconds: float
    size_bytes: int
    state: str
    original_tokens: int | None
    tokens: int | None
    uri: str


class ListResult(TypedDict):
    """Entries by key, the total of those that match, and where to go on if there are more."""

    entries: list[EntryInfo]
    total: int
    next_after: str | None
    note: str | None


class StatsResult(TypedDict):
    """Totals of the namespace."""

    namespace: str
    entries: int
    original_tokens: int
    tokens: int
    tokens_saved: int
    savings_percent: float
    ready: int
    pending: int
    passthrough: int
    failed: int
    jobs_waiting: int
    stored_bytes: int


def result(structured: Mapping[str, Any], text: str, note: str | None = None) -> CallToolResult:
    """Return `structured`, with `text` for models, exactly, and `note` as a block of its own."""
    blocks = [TextContent(type="text", text=each) for each in (text, note) if each is not None]
    return CallToolResult.model_validate({"content": blocks, "structuredContent": structured})


def uri_of(key: str) -> str:
    """Return the URI of the resource of `key`."""
    return f"ctx://{quote(key, safe='', errors='surrogatepass')}"
