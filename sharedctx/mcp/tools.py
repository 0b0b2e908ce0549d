"""The tools and the resource template. Their docstrings are what models read."""

from __future__ import annotations

import difflib
import functools
import time
from collections.abc import Awaitable, Callable
from importlib import metadata
from typing import Annotated, Any, Final, ParamSpec, TypeVar

from mcp.types import CallToolResult, ToolAnnotations
from pydantic import Field

from sharedctx.errors import InvalidRequest, SharedContextError
from sharedctx.mcp import sdk
from sharedctx.mcp.gateway import Gateway, Opened
from sharedctx.mcp.results import (
    EntryInfo,
    GetResult,
    ListResult,
    Passage,
    PutResult,
    SearchResult,
    StatsResult,
    result,
    uri_of,
)
from sharedctx.mcp.views import Budget, parse_lines, read_view
from sharedctx.statistics import ListedEntry, list_entries

__all__ = ("MOST_TOKENS", "USUAL_TOKENS", "create_server")

USUAL_TOKENS: Final = 5_000
MOST_TOKENS: Final = 20_000
"""What a call can ask for at most; clients cut longer results, or refuse them."""
_SEARCH_TOKENS = 1_500
_MOST_LISTED = 500
_P = ParamSpec("_P")
_R = TypeVar("_R")

Key = Annotated[str, Field(description="The key, exactly as context_list shows it.")]
Prefix = Annotated[str, Field(description="Only keys that start with this.")]


def create_server(
    gateway: Gateway,
    *,
    allow_writes: bool = False,
    max_tokens: int = USUAL_TOKENS,
    host: str = "127.0.0.1",
) -> Any:
    """Return an MCP server (an `MCPServer` of SDK 2.x, a `FastMCP` of 1.x) for one namespace.

    Args:
        gateway: The client that it uses.
        allow_writes: Offer `context_put` too.
        max_tokens: Tokens that `context_get` returns unless it is asked for more or less.
        host: Host that it will be served on, if over HTTP.
    """
    most = max(MOST_TOKENS, max_tokens)
    tools = _Tools(gateway, Budget(max_tokens, most))
    server = sdk.new_server(
        "sharedctx", _instructions(gateway.namespace, allow_writes), version=_version(), host=host
    )
    reads = ToolAnnotations.model_validate({"readOnlyHint": True, "openWorldHint": False})
    for tool in (tools.context_get, tools.context_search, tools.context_list, tools.context_stats):
        server.add_tool(tool, annotations=reads)
    if allow_writes:
        writes = {"readOnlyHint": False, "destructiveHint": True, "openWorldHint": False}
        server.add_tool(tools.context_put, annotations=ToolAnnotations.model_validate(writes))
    sdk.add_template(
        server,
        "ctx://{key}",
        tools.read_resource,
        "The short rendition of an entry, or the whole of it while there is none. "
        "The key is percent-encoded.",
    )
    return server


def _version() -> str:
    try:
        return metadata.version("sharedctx")
    except metadata.PackageNotFoundError:
        return "source"  # run from a checkout that is not installed


def _instructions(namespace: str, allow_writes: bool) -> str:  # noqa: FBT001 - as it is given
    writing = "You can read it; writing is switched off."
    if allow_writes:
        writing = (
            "Store what others need, or what is too long to repeat, with context_put, and hand on "
            "its key instead of its text."
        )
    return (
        f"Context that agents share, under keys, in the namespace {namespace!r}. {writing} "
        "context_get returns a short rendition that marks what it leaves out; read the details you "
        "need by lines or by a question. context_search finds passages over all entries."
    )


def _told(tool: Callable[_P, Awaitable[_R]]) -> Callable[_P, Awaitable[_R]]:
    """Make errors of sharedctx, whose messages name the remedy, errors that the model is told."""

    @functools.wraps(tool)
    async def telling(*args: _P.args, **options: _P.kwargs) -> _R:
        try:
            return await tool(*args, **options)
        except SharedContextError as error:
            raise sdk.ToolError(str(error)) from error

    return telling


class _Tools:
    """The tools over one gateway; `budget` bounds what `context_get` returns."""

    def __init__(self, gateway: Gateway, budget: Budget) -> None:
        self._gateway = gateway
        self._budget = budget

    @_told
    async def context_get(
        self,
        key: Key,
        *,
        full: Annotated[
            bool, Field(description="The original, from its first line, instead of a rendition.")
        ] = False,
        query: Annotated[
            str | None, Field(description="A question: keep first what answers it.")
        ] = None,
        lines: Annotated[
            str | None,
            Field(description="Exact lines of the original, such as '120-164' or '7'."),
        ] = None,
        max_tokens: Annotated[
            int | None,
            Field(description=f"Tokens to fit into, at most {MOST_TOKENS}.", ge=16),
        ] = None,
    ) -> Annotated[CallToolResult, GetResult]:
        """Read an entry of the shared context.

        Without options it returns a short rendition in which everything that was left out is marked
        with its lines. To see more, ask again: `lines` for exact lines, `query` for what answers a
        question, `full` for the original. A text that does not fit into `max_tokens` is cut, and a
        second block of the result says how to read on.
        """
        opened = await self._gateway.open()
        span = None if lines is None else parse_lines(lines)
        if query is not None and (full or span is not None):
            raise InvalidRequest("Give `query`, or `full`, or `lines`, but not them together.")
        entry = await opened.context.get_entry(key)
        if entry is None:
            raise sdk.ToolError(await _missing(opened, key))
        view = await read_view(
            opened.context,
            entry,
            full=full,
            lines=span,
            query=query,
            max_tokens=max_tokens,
            budget=self._budget,
        )
        return result(view, view["text"], view["note"])

    @_told
    async def context_search(
        self,
        query: Annotated[str, Field(description="A question, or words to look for.", min_length=1)],
        *,
        prefix: Prefix = "",
        max_tokens: Annotated[
            int, Field(description="Tokens of all passages together.", ge=16, le=MOST_TOKENS)
        ] = _SEARCH_TOKENS,
    ) -> Annotated[CallToolResult, SearchResult]:
        """Find passages in all entries of the shared context, best first.

        It matches words, not meanings: name things as the texts would. Every passage comes with its
        key and lines; read around it with context_get(key, lines=...).
        """
        opened = await self._gateway.open()
        hits = await opened.context.search(query, prefix=prefix, max_tokens=max_tokens)
        passages = [
            Passage(
                key=hit.key,
                revision=hit.revision,
                agent=hit.agent,
                lines=list(hit.lines),
                text=hit.text,
                score=round(hit.score, 3),
                also_in=list(hit.also_in),
            )
            for hit in hits
        ]
        note = None if hits else "No passage shares a word with this. Try other words."
        text = "\n".join(map(_passage_text, passages))
        return result(SearchResult(passages=passages, note=note), text, note)

    @_told
    async def context_list(
        self,
        *,
        prefix: Prefix = "",
        after: Annotated[
            str | None, Field(description="Only keys after this one: `next_after` of a result.")
        ] = None,
        limit: Annotated[int, Field(description="Entries at most.", ge=1, le=_MOST_LISTED)] = 100,
    ) -> Annotated[CallToolResult, ListResult]:
        """List the entries of the shared context, by key: who put them, when, and their sizes."""
        opened = await self._gateway.open()
        found = await list_entries(opened.store, prefix)
        rest = [each for each in found if after is None or each.entry.key > after]
        shown = [_entry_info(each) for each in rest[:limit]]
        last = shown[-1]["key"] if len(rest) > limit else None
        note = f"{len(rest) - limit:,} more: list on with after={last!r}." if last else None
        if not found:
            note = "No entry has such a key." if prefix else "The namespace is empty."
        text = "\n".join(map(_entry_text, shown))
        structured = ListResult(entries=shown, total=len(found), next_after=last, note=note)
        return result(structured, text, note)

    @_told
    async def context_stats(self) -> Annotated[CallToolResult, StatsResult]:
        """Show totals of the shared context: entries, tokens saved, what waits for compression."""
        opened = await self._gateway.open()
        totals, info = await opened.context.stats(), await opened.context.info()
        stats = StatsResult(
            namespace=self._gateway.namespace,
            entries=totals.entries,
            original_tokens=totals.total_original_tokens,
            tokens=totals.total_compressed_tokens,
            tokens_saved=totals.total_tokens_saved,
            savings_percent=totals.savings_percent,
            ready=totals.ready,
            pending=totals.pending,
            passthrough=totals.passthrough,
            failed=totals.failed,
            jobs_waiting=info.jobs_waiting,
            stored_bytes=info.stored_bytes,
        )
        return result(stats, "\n".join(f"{name}: {value}" for name, value in stats.items()))

    @_told
    async def context_put(
        self,
        key: Annotated[str, Field(description="A name others can guess, such as 'plan/auth'.")],
        content: Annotated[str, Field(description="The whole text. It is kept exactly.")],
        *,
        agent: Annotated[str | None, Field(description="Who you are, for the readers.")] = None,
        ttl_seconds: Annotated[
            float | None, Field(description="How long it lives, if not as usual.", gt=0)
        ] = None,
        expect_revision: Annotated[
            int | None,
            Field(description="Only if the key is at this revision; 0: only if it is new.", ge=0),
        ] = None,
    ) -> Annotated[CallToolResult, PutResult]:
        """Store a text in the shared context, for other agents and for later.

        What the key held before is replaced; give `expect_revision` to be told instead when someone
        else has changed it. A short rendition is made in the background.
        """
        opened = await self._gateway.open()
        entry = await opened.context.put(
            key, content, agent=agent, ttl=ttl_seconds, expect=expect_revision
        )
        put = PutResult(key=key, revision=entry.revision, state=entry.state.value, uri=uri_of(key))
        return result(put, f"Stored {key!r} at revision {entry.revision}.")

    async def read_resource(self, key: str) -> str:
        """Return what readers of `key` get."""
        try:
            opened = await self._gateway.open()
            text = await opened.context.get(key)
            if text is None:
                raise sdk.ResourceError(await _missing(opened, key))
        except SharedContextError as error:
            raise sdk.ResourceError(str(error)) from error
        return text


async def _missing(opened: Opened, key: str) -> str:
    similar = difflib.get_close_matches(key, await opened.context.keys(), n=5, cutoff=0.5)
    hint = f"Similar keys: {', '.join(map(repr, similar))}." if similar else "See context_list."
    return f"Nothing is stored under {key!r}; it may have expired. {hint}"


def _entry_info(listed: ListedEntry) -> EntryInfo:
    entry, made = listed
    return EntryInfo(
        key=entry.key,
        revision=entry.revision,
        agent=entry.record.agent,
        age_seconds=round(max(0.0, time.time() - entry.record.timestamp), 1),
        size_bytes=entry.record.size,
        state=listed.state.value,
        original_tokens=made.original_tokens if made else None,
        tokens=made.compressed_tokens if made else None,
        uri=uri_of(entry.key),
    )


def _entry_text(entry: EntryInfo) -> str:
    size = f"{entry['size_bytes']:,} bytes"
    if entry["original_tokens"] is not None:
        size = f"{entry['original_tokens']:,} -> {entry['tokens']:,} tokens"
    by = f", by {entry['agent']}" if entry["agent"] else ""
    return f"{entry['key']}  ({size}, {entry['state']}{by}, {entry['age_seconds']:.0f} s old)"


def _passage_text(passage: Passage) -> str:
    first, last = passage["lines"]
    by = f" by {passage['agent']}" if passage["agent"] else ""
    end = "" if passage["text"].endswith("\n") else "\n"
    return f"[{passage['key']} lines {first}-{last}{by}]\n{passage['text']}{end}"
