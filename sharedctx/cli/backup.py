"""The commands that copy a namespace to a folder and back: backup, restore."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from sharedctx.cli.output import size, write_json
from sharedctx.cli.verb import Settings, verb
from sharedctx.store.backup import Copied, back_up
from sharedctx.store.backup import restore as restore_copy

__all__ = ("backup", "register", "restore")

_NAME = "sharedctx backup"
_Folder = Annotated[Path, typer.Argument(help="Folder of the copy.", show_default=False)]


async def backup(settings: Settings, folder: _Folder) -> None:
    """Copy a namespace to a folder: entries, history, renditions and the state of the queue."""
    copied = await back_up(settings.options(_NAME), settings.space, folder)
    _report(settings, "copied to", folder, copied)


async def restore(settings: Settings, folder: _Folder) -> None:
    """Make a namespace from the folder that backup wrote, on a server that does not have it."""
    restored = await restore_copy(settings.options(_NAME), settings.space, folder)
    _report(settings, "restored from", folder, restored)


def _report(settings: Settings, done: str, folder: Path, streams: Sequence[Copied]) -> None:
    if settings.json:
        write_json([asdict(stream) for stream in streams])
        return
    entries, total = streams[0].messages, sum(stream.size for stream in streams)
    noun = "entry" if entries == 1 else "entries"
    typer.echo(f"{settings.space}: {entries} {noun}, {size(total)}, {done} {folder}")


def register(app: typer.Typer) -> None:
    """Add the commands of this module to `app`."""
    for function in (backup, restore):
        app.command(rich_help_panel="Namespace")(verb(function))
