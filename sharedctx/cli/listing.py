"""Commands on a namespace: ls, stats, watch, clear."""

from __future__ import annotations

import sys
import time
from contextlib import aclosing
from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.markup import escape

from sharedctx.cli.entries import open_context
from sharedctx.cli.output import age, console, describe, size, table, write_json
from sharedctx.cli.verb import Settings, verb
from sharedctx.entry import percent_saved
from sharedctx.errors import InvalidRequest
from sharedctx.records import RenditionRecord, State
from sharedctx.statistics import ListedEntry, list_entries
from sharedctx.store.nats import NatsStore

__all__ = ("clear", "ls", "register", "stats", "watch")

Prefix = Annotated[str, typer.Argument(help="Only keys that start with this.")]


def _fields(listed: ListedEntry) -> dict[str, Any]:
    """Return the JSON object of an entry; tokens are null while nobody has counted them."""
    record, made = listed.entry.record, listed.rendition
    return {
        "key": listed.entry.key,
        "revision": listed.entry.revision,
        "agent": record.agent,
        "timestamp": record.timestamp,
        "size_bytes": record.size,
        "state": listed.state.value,
        "guarantee": made.guarantee.value if made else None,
        "original_tokens": made.original_tokens if made else None,
        "compressed_tokens": made.compressed_tokens if made else None,
        "savings_percent": _saved(made) if made else None,
        "transforms": list(made.transforms) if made else [],
        "reason": made.reason if made else None,
    }


def _cells(listed: ListedEntry, now: float) -> tuple[str, ...]:
    record, made = listed.entry.record, listed.rendition
    figures = (
        (f"{made.original_tokens:,}", f"{made.compressed_tokens:,}", f"{_saved(made):.1f} %")
        if made
        else ("", "", "")
    )
    return (
        escape(listed.entry.key),
        describe(listed.state),
        size(record.size),
        *figures,
        age(now - record.timestamp),
        escape(record.agent or ""),
    )


def _saved(made: RenditionRecord) -> float:
    return percent_saved(made.original_tokens, made.compressed_tokens)


async def _listed(settings: Settings, prefix: str) -> list[ListedEntry]:
    store = await NatsStore.open(settings.options("sharedctx-ls"), settings.space, create=False)
    try:
        return await list_entries(store, prefix)
    finally:
        await store.aclose()


async def ls(settings: Settings, prefix: Prefix = "") -> None:
    """List entries: a table on a terminal, one key per line in a pipe."""
    listed = await _listed(settings, prefix)
    if settings.json:
        write_json([_fields(each) for each in listed])
    elif not sys.stdout.isatty():
        for each in listed:
            typer.echo(each.entry.key)
    else:
        shown = table("Key", "State", ">Size", ">Tokens", ">Handed over", ">Saved", ">Age", "Agent")
        for each in listed:
            shown.add_row(*_cells(each, time.time()))
        console().print(shown)


async def stats(settings: Settings) -> None:
    """Show what the namespace holds and saves."""
    async with open_context(settings) as context:
        totals, info = await context.stats(), await context.info()
    if settings.json:
        saved = {
            "total_tokens_saved": totals.total_tokens_saved,
            "savings_percent": totals.savings_percent,
        }
        write_json({"namespace": settings.space, **asdict(totals), **saved, "info": asdict(info)})
        return
    shown = table("", ">", title=f"namespace {settings.space}")
    shown.show_header = False
    states = ", ".join(
        f"{getattr(totals, state.value):,} {describe(state)}"
        for state in State
        if getattr(totals, state.value)
    )
    shown.add_row("Entries", f"{totals.entries:,}" + (f" ({states})" if states else ""))
    shown.add_row("Tokens of the originals", f"{totals.total_original_tokens:,}")
    shown.add_row("Tokens handed over", f"{totals.total_compressed_tokens:,}")
    shown.add_row("Saved", f"{totals.total_tokens_saved:,} ({totals.savings_percent:g} %)")
    shown.add_row("Stored on the server", size(info.stored_bytes))
    shown.add_row("Waiting for a worker", f"{info.jobs_waiting:,}")
    shown.add_row("In the hands of workers", f"{info.jobs_in_hand:,}")
    console().print(shown)


async def watch(
    settings: Settings,
    prefix: Prefix = "",
    *,
    count: Annotated[int | None, typer.Option(help="End after this many puts.", min=1)] = None,
) -> None:
    """Show every put from now on, until interrupted."""
    seen = 0
    async with (
        open_context(settings, create=True) as context,
        aclosing(context.watch(prefix)) as events,
    ):
        async for event in events:
            if settings.json:
                write_json(asdict(event))
            else:
                at = datetime.fromtimestamp(event.timestamp).astimezone()
                by = f" by {event.agent}" if event.agent else ""
                typer.echo(
                    f"{at:%H:%M:%S}  {event.key}  revision {event.revision}, {size(event.size)}{by}"
                )
                sys.stdout.flush()
            seen += 1
            if seen == count:
                return


async def clear(
    settings: Settings,
    *,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Delete every entry of the namespace."""
    if not yes:
        if not sys.stdin.isatty():
            raise InvalidRequest("Nobody can be asked here. Add --yes to delete every entry.")
        question = f"Delete every entry of the namespace {settings.space!r}?"
        typer.confirm(question, abort=True, err=True)
    async with open_context(settings) as context:
        removed = await context.clear()
    if settings.json:
        write_json({"removed": removed})
    else:
        typer.echo(f"{removed:,} removed")


def register(app: typer.Typer) -> None:
    """Add the commands of this module to `app`."""
    for command in (ls, stats, watch, clear):
        app.command(rich_help_panel="Namespace")(verb(command))
