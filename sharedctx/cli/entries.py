"""Commands on one entry: put, get, rm, history."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from sharedctx import KINDS, ContextEntry, SharedContext
from sharedctx.cli.output import (
    age,
    console,
    describe,
    entry_fields,
    read_content,
    size,
    table,
    write_content,
    write_json,
)
from sharedctx.cli.verb import Settings, key_not_found, verb
from sharedctx.codec import content_bytes
from sharedctx.errors import WaitTimeout
from sharedctx.records import State

__all__ = ("get", "history", "open_context", "put", "register", "rm")

_LINES = re.compile(r"(\d+)(?:-(\d+))?")

Key = Annotated[str, typer.Argument(help="The key: any text.", show_default=False)]


def open_context(settings: Settings, **more: Any) -> SharedContext:
    """Return a client, not yet connected, for these settings.

    Commands that only read do not create the namespace: its name may be mistyped.
    """
    return SharedContext(
        settings.urls,
        namespace=settings.space,
        credentials=settings.credentials,
        domain=settings.domain,
        encryption=settings.encryption,
        **{"create": False, **more},
    )


def _parse_lines(text: str) -> tuple[int, int]:
    match = _LINES.fullmatch(text)
    if match is None:
        raise typer.BadParameter("Give a line or a range of lines, such as 120-164.")
    first, last = int(match[1]), int(match[2] or match[1])
    if not 1 <= first <= last:
        raise typer.BadParameter("Lines count from 1, and the range must not be empty.")
    return first, last


async def _rendered(context: SharedContext, put: ContextEntry, timeout: float) -> ContextEntry:
    """Return the entry with its rendition; put apart from waiting, so that its fate is known."""
    await context.get(put.key, timeout=timeout)
    entry = await context.get_entry(put.key)
    if entry is not None and entry.revision != put.revision:
        return put  # somebody replaced it meanwhile
    if entry is None or entry.state is State.PENDING:
        raise WaitTimeout(
            f"It is stored at revision {put.revision}, but there was no rendition within "
            f"{timeout:g} s. Ask sharedctx doctor whether a worker is there.",
            key=put.key,
        )
    return entry


def _outcome(entry: ContextEntry, content: str) -> str:
    """One line for people about an entry that was just put."""
    line = f"{entry.key!r} stored at revision {entry.revision}"
    if entry.state is State.READY:
        return (
            f"{line}: {entry.original_tokens:,} → {entry.compressed_tokens:,} tokens, "
            f"{entry.savings_percent:g} % saved ({entry.guarantee.value})"
        )
    reason = f" ({entry.reason})" if entry.reason else ""
    return f"{line}: {size(len(content_bytes(content)))}, {entry.state.value}{reason}"


async def put(
    settings: Settings,
    key: Key,
    file: Annotated[
        Path, typer.Argument(help="File to store; - or nothing reads standard input.")
    ] = Path("-"),
    *,
    agent: Annotated[
        str | None, typer.Option(help="Who puts it.", envvar="SHAREDCTX_AGENT")
    ] = None,
    ttl: Annotated[float | None, typer.Option(help="Seconds it lives.")] = None,
    expect: Annotated[
        int | None, typer.Option(help="Revision the key must be at; 0: it must be absent.")
    ] = None,
    kind: Annotated[
        str | None, typer.Option(help=f"What it is: {', '.join(KINDS)}. Found by parsing anyway.")
    ] = None,
    language: Annotated[str | None, typer.Option(help="Programming language of code.")] = None,
    filename: Annotated[
        str | None,
        typer.Option(help="Its extension tells the kind.", show_default="the name of the file"),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for its rendition.")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds to wait at most, with --wait.")] = 60.0,
) -> None:
    """Store a text under a key."""
    content = read_content(file)
    async with open_context(settings, create=True) as context:
        entry = await context.put(
            key,
            content,
            agent=agent,
            ttl=ttl,
            expect=expect,
            kind=kind,
            language=language,
            filename=filename or file.name,
        )
        if wait:
            entry = await _rendered(context, entry, timeout)
    if settings.json:
        write_json(entry_fields(entry))
    else:
        typer.echo(_outcome(entry, content))


async def get(
    settings: Settings,
    key: Key,
    *,
    full: Annotated[bool, typer.Option("--full", help="The original, byte for byte.")] = False,
    max_tokens: Annotated[
        int | None, typer.Option(help="Render it within this many tokens.", min=1)
    ] = None,
    query: Annotated[
        str | None, typer.Option(help="Keep first what matters for this question.")
    ] = None,
    lines: Annotated[
        str | None, typer.Option(help="These lines of the original.", metavar="A-B")
    ] = None,
    timeout: Annotated[
        float, typer.Option(help="Seconds to wait for a pending rendition; then the original.")
    ] = 5.0,
) -> None:
    """Write the rendition of a key, exactly and without another line end, to standard output."""
    span = _parse_lines(lines) if lines else None
    async with open_context(settings) as context:
        content = await context.get(
            key, full=full, max_tokens=max_tokens, query=query, lines=span, timeout=timeout
        )
        if content is None:
            key_not_found(settings, key)
        entry = await context.get_entry(key) if settings.json else None
    if settings.json:
        # The entry was looked up after its content, so it may be a later one, or gone.
        write_json({**(entry_fields(entry) if entry else {"key": key}), "content": content})
    else:
        write_content(content)


async def rm(
    settings: Settings,
    keys: Annotated[list[str], typer.Argument(help="Keys to delete.", show_default=False)],
    *,
    revision: Annotated[
        int | None, typer.Option(help="Only if the key was not put again after this revision.")
    ] = None,
) -> None:
    """Delete keys. Exit status 3 when one of them was not there."""
    async with open_context(settings) as context:
        deleted = {key: await context.delete(key, revision=revision) for key in keys}
    if settings.json:
        write_json({"deleted": [key for key, was_there in deleted.items() if was_there]})
    missing = [key for key, was_there in deleted.items() if not was_there]
    if missing:
        key_not_found(settings, missing[0])


async def history(
    settings: Settings,
    key: Key,
    *,
    revision: Annotated[
        int | None, typer.Option(help="Write the original of this revision instead.")
    ] = None,
) -> None:
    """List the kept revisions of a key, newest first."""
    async with open_context(settings) as context:
        entries = await context.history(key)
    if revision is not None:
        entries = [entry for entry in entries if entry.revision == revision]
    if not entries:
        key_not_found(settings, key)
    if revision is not None:
        _write_revision(settings, entries[0])
    elif settings.json:
        write_json([entry_fields(entry) for entry in entries])
    else:
        _show_history(key, entries)


def _write_revision(settings: Settings, entry: ContextEntry) -> None:
    if settings.json:
        write_json({**entry_fields(entry), "content": entry.original})
    else:
        write_content(entry.original)


def _show_history(key: str, entries: list[ContextEntry]) -> None:
    if not sys.stdout.isatty():
        for entry in entries:
            typer.echo(entry.revision)
        return
    shown = table(">Revision", ">Age", "Agent", ">Size", "State", title=key)
    for entry in entries:
        shown.add_row(
            str(entry.revision),
            age(time.time() - entry.timestamp),
            entry.agent or "",
            size(len(content_bytes(entry.original))),
            describe(entry.state),
        )
    console().print(shown)


def register(app: typer.Typer) -> None:
    """Add the commands of this module to `app`."""
    for command in (put, get, rm, history):
        app.command(rich_help_panel="Entries")(verb(command))
