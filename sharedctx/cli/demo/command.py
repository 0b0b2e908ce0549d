"""The command that shows everything at work: demo."""

from __future__ import annotations

import typer

from sharedctx.cli.demo.report import Plain, Quiet, Screen, show, summary
from sharedctx.cli.demo.run import run_agents
from sharedctx.cli.output import console, write_json
from sharedctx.cli.verb import ExitStatus, Settings, verb
from sharedctx.embedded import local_stack

__all__ = ("demo", "register")


async def demo(settings: Settings) -> None:
    """Watch three agents hand real material to each other, on this machine only.

    Starts a NATS server and a worker, which end with it. Exit status 0 when every check held.
    """
    out = console()
    watcher = Quiet() if settings.json else Screen(out) if out.is_terminal else Plain(out)
    with watcher:
        async with local_stack(workers=1) as stack:
            story = await run_agents(stack.url, watcher)
    if settings.json:
        write_json(summary(story))
    else:
        show(story, out)
    if not story.held:
        raise typer.Exit(ExitStatus.ERROR)


def register(app: typer.Typer) -> None:
    """Add the command of this module to `app`."""
    app.command(rich_help_panel="Run")(verb(demo, takes=["json"]))
