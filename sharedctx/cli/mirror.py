"""The command for copies of a namespace near readers in other regions: mirror."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer
from rich.markup import escape

from sharedctx.cli.output import console, size, table, write_json
from sharedctx.cli.verb import Settings, verb
from sharedctx.errors import InvalidRequest
from sharedctx.store.base import Mirror
from sharedctx.store.mirrors import MirrorState, add_mirror, mirror_states, remove_mirror

__all__ = ("mirror", "register")

_NAME = "sharedctx mirror"
_Region = Annotated[
    str | None,
    typer.Argument(help="Name for the region: A-Z a-z 0-9 -. Without it, mirrors are listed."),
]


async def mirror(
    settings: Settings,
    region: _Region = None,
    *,
    mirror_domain: Annotated[
        str | None,
        typer.Option(help="JetStream domain that is to hold it, such as that of a leaf node."),
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(help="Cluster that is to hold it, in a supercluster.")
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(help="Tag that its servers must have, such as region:eu; may be repeated."),
    ] = None,
    replicas: Annotated[int, typer.Option(help="Copies of it on different servers.")] = 1,
    remove: Annotated[bool, typer.Option("--remove", help="Remove it.")] = False,
) -> None:
    """Keep renditions and large contents near the readers of a region, or list such mirrors.

    Running it again changes a mirror; with the region only, it makes again what is missing.
    """
    options, space = settings.options(_NAME), settings.space
    wanted = Mirror(region or "", mirror_domain, cluster, tuple(tag or ()), replicas)
    if (region is None or remove) and wanted != Mirror(region or ""):
        raise InvalidRequest("Name the region, to say where its mirror is to be.")
    if remove and region is None:
        raise InvalidRequest("Name the region whose mirror is to be removed.")
    if region is None:
        _list(settings, await mirror_states(options, space))
    elif remove:
        await remove_mirror(options, space, region)
    else:
        made = await add_mirror(options, space, wanted)
        if settings.json:
            write_json(asdict(made))
        else:
            typer.echo(f"{space}: mirror {region}, {_place(made)}")


def _list(settings: Settings, states: Sequence[MirrorState]) -> None:
    if settings.json:
        write_json([{**asdict(state.mirror), **_figures(state)} for state in states])
        return
    shown = table("Region", "Where", ">Copies", ">Messages", ">Size", ">Behind", "State")
    for state in states:
        shown.add_row(
            state.mirror.region,
            escape(_place(state.mirror)),
            str(state.mirror.replicas),
            f"{state.messages:,}",
            size(state.size),
            f"{state.lag:,}",
            state.problem or "ok",
        )
    console().print(shown)


def _figures(state: MirrorState) -> dict[str, object]:
    return {name: value for name, value in asdict(state).items() if name != "mirror"}


def _place(mirror: Mirror) -> str:
    parts = (
        f"domain {mirror.domain}" if mirror.domain else "",
        f"cluster {mirror.cluster}" if mirror.cluster else "",
        *(f"tag {tag}" for tag in mirror.placement),
    )
    return ", ".join(part for part in parts if part)


def register(app: typer.Typer) -> None:
    """Add the command of this module to `app`."""
    app.command(rich_help_panel="Namespace")(verb(mirror))
