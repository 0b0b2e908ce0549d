"""The command that searches a namespace: search."""

from __future__ import annotations

from dataclasses import asdict
from textwrap import indent
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from sharedctx import SearchHit
from sharedctx.cli.entries import open_context
from sharedctx.cli.output import console, write_json
from sharedctx.cli.verb import Settings, verb

__all__ = ("register", "search")


async def search(
    settings: Settings,
    query: Annotated[
        list[str], typer.Argument(help="A question, or words to look for.", show_default=False)
    ],
    *,
    prefix: Annotated[str, typer.Option(help="Only keys that start with this.")] = "",
    limit: Annotated[
        int | None,
        typer.Option(help="Passages at most; default is 10, or what --max-tokens allows.", min=1),
    ] = None,
    max_tokens: Annotated[
        int | None, typer.Option(help="Tokens of all passages together, at most.", min=1)
    ] = None,
) -> None:
    """Find the passages of all entries that answer a question best, best first."""
    async with open_context(settings) as context:
        hits = await context.search(
            " ".join(query), prefix=prefix, limit=limit, max_tokens=max_tokens
        )
    if settings.json:
        write_json([asdict(hit) for hit in hits])
        return
    if not hits:
        typer.echo("No passage shares a word with this question.", err=True)
    for hit in hits:
        _show(hit, console())


def _show(hit: SearchHit, out: Console) -> None:
    first, last = hit.lines
    where = f"{hit.key} lines {first}-{last}" if last > first else f"{hit.key} line {first}"
    by = f"  by {hit.agent}" if hit.agent else ""
    also = f"  also in {', '.join(hit.also_in)}" if hit.also_in else ""
    out.print(Text.assemble((where, "bold cyan"), (by, "dim"), (also, "dim")), soft_wrap=True)
    # Not padded by rich, which would cut every line that is longer than the screen.
    out.print(Text(indent(hit.text.rstrip("\n"), "  ")), soft_wrap=True)
    out.print()


def register(app: typer.Typer) -> None:
    """Add the command of this module to `app`."""
    options: dict[str, Any] = {"rich_help_panel": "Namespace"}
    app.command(**options)(verb(search))
