"""Commands that run things on this machine: up, worker."""

from __future__ import annotations

import importlib
import importlib.util
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.panel import Panel

from sharedctx.cli.output import console, write_json
from sharedctx.cli.verb import Settings, exit_status, verb
from sharedctx.client import DEFAULT_SERVERS
from sharedctx.embedded import Stack
from sharedctx.errors import MissingExtra, StoreUnavailable
from sharedctx.login_options import login_arguments, with_credentials
from sharedctx.store.options import split_servers

__all__ = ("register", "up", "worker")

_LOOK_SECONDS = 0.25


def up(
    settings: Settings,
    *,
    workers: Annotated[int, typer.Option(help="Number of worker processes.", min=0)] = 1,
    nodes: Annotated[
        int,
        typer.Option(
            help="Number of NATS servers; 3 form a cluster that keeps everything in three copies.",
            min=1,
        ),
    ] = 1,
    data_dir: Annotated[
        Path | None,
        typer.Option(help="Where data and logs live, and stay; default is a temporary folder."),
    ] = None,
    port: Annotated[
        int,
        typer.Option(
            help="TCP port on 127.0.0.1 of the first server, the others follow; 0 takes free ones.",
            min=0,
            max=65_535,
        ),
    ] = 4222,
    sync_interval: Annotated[
        str | None,
        typer.Option(
            help="How often writes are forced to the disk, such as 10s; always survives power "
            "loss, but is slower. NATS does it every two minutes by default."
        ),
    ] = None,
) -> None:
    """Run NATS servers and workers on this machine until interrupted."""
    stop = _StopSignal()
    stack = Stack(workers, data_dir, nodes=nodes, port=port or None, sync_interval=sync_interval)
    with stack:
        if settings.json:
            servers = list(split_servers(stack.url))
            facts = {"servers": servers, "data_dir": str(stack.data_dir), "pid": os.getpid()}
            write_json(facts)
        else:
            _welcome(stack, workers, kept=data_dir is not None)
        while not stop.came:
            if stack.wait(_LOOK_SECONDS):
                raise StoreUnavailable("The supervisor of the local server ended by itself.")


class _StopSignal:
    """Remembers that SIGINT or SIGTERM came, so that both end the command in good order."""

    def __init__(self) -> None:
        self.came = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._remember)

    def _remember(self, _number: int, _frame: FrameType | None) -> None:
        self.came = True


def _welcome(stack: Stack, workers: int, *, kept: bool) -> None:
    fate = "kept" if kept else "removed at the end; keep it with --data-dir"
    lines = [
        f"[bold]NATS[/]     {stack.url}",
        f"[bold]Workers[/]  {workers}",
        f"[bold]Data[/]     {stack.data_dir} ({fate})",
        "",
        "In another terminal:",
    ]
    if stack.url != DEFAULT_SERVERS:
        lines.append(f"  [cyan]export NATS_URL={stack.url}[/]")
    lines += ["  [cyan]echo hello | sharedctx put greeting[/]", "  [cyan]sharedctx get greeting[/]"]
    text = "\n".join(lines)
    out = console()
    if out.is_terminal:
        out.print(Panel(text, title="sharedctx is up", subtitle="Ctrl-C stops it", expand=False))
    else:
        out.print(text, soft_wrap=True)
        sys.stdout.flush()


def worker(context: typer.Context) -> None:
    """Run a worker: it compresses what is put, in every namespace. Its own --help says more."""
    outer: Settings = context.find_root().obj
    with exit_status(outer):
        for name in ("sharedctx_workers", "structlog"):
            if importlib.util.find_spec(name) is None:
                raise MissingExtra(
                    f"The worker needs {name}. Install the extra: pip install 'sharedctx[workers]'"
                )
    module = importlib.import_module("sharedctx_workers.command")
    command = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    command.command()(with_credentials(module.worker))
    command(_outer_options(context, outer) + context.args, prog_name="sharedctx worker")


def _outer_options(context: typer.Context, outer: Settings) -> list[str]:
    """Global options that stood before the command, as options of the worker."""
    options = ["--servers", outer.urls, *login_arguments(outer.login)]
    if outer.domain:
        options += ["--domain", outer.domain]
    if outer.key_file:
        options += ["--key-file", outer.key_file]
    # The namespace of clients on this machine, from the environment, is no limit for a worker.
    source = context.find_root().get_parameter_source("namespace")
    if outer.namespace and source is not None and source.name == "COMMANDLINE":
        options += ["--namespace", outer.namespace]
    return options


def register(app: typer.Typer) -> None:
    """Add the commands of this module to `app`."""
    app.command(rich_help_panel="Run")(verb(up, takes=["json"]))
    # Everything after `worker`, --help too, is for the command of the workers package.
    app.command(
        rich_help_panel="Run",
        add_help_option=False,
        context_settings={
            "allow_extra_args": True,
            "ignore_unknown_options": True,
            "help_option_names": [],
        },
    )(worker)
