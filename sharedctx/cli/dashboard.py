"""The command that serves the dashboard."""

from __future__ import annotations

import importlib
import webbrowser
from typing import Annotated, Any

import typer

from sharedctx.cli.output import console, write_json
from sharedctx.cli.verb import Settings, verb
from sharedctx.errors import InvalidRequest, MissingExtra

__all__ = ("dashboard", "register")

_NEEDED = ("jinja2", "starlette", "uvicorn")


async def dashboard(
    settings: Settings,
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(help="TCP port; 0 takes a free one.", min=0, max=65_535)
    ] = 8420,
    allow_remote: Annotated[
        bool,
        typer.Option(
            "--allow-remote",
            help="Listen beyond this machine. There is no password: everyone who can connect reads "
            "everything.",
        ),
    ] = False,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(help="Host name that browsers may use for it; may be given several times."),
    ] = None,
    open_browser: Annotated[bool, typer.Option("--open", help="Open it in a browser.")] = False,
) -> None:
    """Serve a web page on the namespace: savings, queue, workers, failures, entries. Read-only."""
    module = _module()
    if not module.is_loopback(host) and not allow_remote:
        raise InvalidRequest(
            f"On {host} other machines could read everything, without a password. Add "
            "--allow-remote if that is meant, or listen on 127.0.0.1 and tunnel."
        )
    options = settings.options("sharedctx-dashboard")

    def tell(url: str) -> None:
        if settings.json:
            write_json({"url": url, "namespace": settings.space})
        else:
            console().print(
                f"[bold]{settings.space}[/] is at [cyan]{url}[/]  (Ctrl-C stops it)",
                soft_wrap=True,
            )
        if open_browser:
            webbrowser.open(url)

    await module.serve(
        options,
        settings.space,
        host=host,
        port=port,
        allowed_hosts=allowed_host or (),
        on_ready=tell,
    )


def _module() -> Any:
    try:
        return importlib.import_module("sharedctx.dashboard")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _NEEDED:
            raise
        raise MissingExtra(
            f"The dashboard needs {error.name}. Install the extra: "
            "pip install 'sharedctx[dashboard]'"
        ) from error


def register(app: typer.Typer) -> None:
    """Add the command of this module to `app`."""
    app.command(rich_help_panel="Namespace")(verb(dashboard))
