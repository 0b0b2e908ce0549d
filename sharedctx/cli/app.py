"""The command line as a whole."""

from __future__ import annotations

import importlib.metadata
from typing import Annotated

import typer

from sharedctx.cli import (
    backup,
    dashboard,
    doctor,
    entries,
    listing,
    local,
    mcp,
    mirror,
    permissions,
    search,
    top,
)
from sharedctx.cli.demo import command as demo
from sharedctx.cli.verb import Settings, before_commands

__all__ = ("app",)

_EPILOG = (
    "Exit status: 0 done; 1 error; 2 wrong usage; 3 no such key or namespace; 4 NATS is not "
    "reachable; 5 the key is at another revision."
)

app = typer.Typer(
    name="sharedctx",
    help="Agents hand context to each other: stored once on NATS, read short or byte for byte.",
    epilog=_EPILOG,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it so
    if wanted:
        try:
            number = importlib.metadata.version("sharedctx")
        except importlib.metadata.PackageNotFoundError:
            number = "from a checkout that is not installed"
        typer.echo(f"sharedctx {number}")
        raise typer.Exit


@app.callback()
@before_commands
def _globals(
    context: typer.Context,
    settings: Settings,
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_version, is_eager=True),
    ] = False,
) -> None:
    """Agents hand context to each other: stored once on NATS, read short or byte for byte."""
    context.obj = settings


_MODULES = (
    local,
    demo,
    mcp,
    entries,
    listing,
    search,
    top,
    dashboard,
    permissions,
    mirror,
    backup,
    doctor,
)
for _module in _MODULES:
    _module.register(app)
