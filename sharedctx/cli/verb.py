"""How a command runs: global options, the event loop, errors as one message and an exit status."""

from __future__ import annotations

import asyncio
import copy
import functools
import inspect
import json as jsonlib
import os
import sys
from collections.abc import Callable, Collection, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from enum import IntEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn, get_args

import typer

from sharedctx.client import DEFAULT_SERVERS
from sharedctx.errors import (
    InvalidRequest,
    NamespaceNotFound,
    RevisionConflict,
    SharedContextError,
    StoreUnavailable,
)

__all__ = (
    "Creds",
    "ExitStatus",
    "JsonFlag",
    "Namespace",
    "Servers",
    "Settings",
    "exit_status",
    "key_not_found",
    "verb",
)

_PANEL = "Global options (before or after the command)"

Servers = Annotated[
    str | None,
    typer.Option(
        help=f"NATS URLs, comma-separated; default {DEFAULT_SERVERS}.",
        envvar=["SHAREDCTX_SERVERS", "NATS_URL"],
        rich_help_panel=_PANEL,
    ),
]
Creds = Annotated[
    Path | None,
    typer.Option(
        help="NATS credentials file.",
        envvar=["SHAREDCTX_CREDS", "NATS_CREDS"],
        rich_help_panel=_PANEL,
    ),
]
Namespace = Annotated[
    str | None,
    typer.Option(
        help="Namespace to work in; default is default.",
        envvar="SHAREDCTX_NAMESPACE",
        rich_help_panel=_PANEL,
    ),
]
JsonFlag = Annotated[
    bool,
    typer.Option("--json", help="Write one JSON document, or JSON lines.", rich_help_panel=_PANEL),
]


class ExitStatus(IntEnum):
    """Exit statuses of the command; 2, wrong usage, is also what the argument parser uses."""

    OK = 0
    ERROR = 1
    USAGE = 2
    NOT_FOUND = 3
    UNAVAILABLE = 4
    CONFLICT = 5
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Settings:
    """The global options, as given: None and False where they were not."""

    servers: str | None = None
    creds: Path | None = None
    namespace: str | None = None
    json: bool = False

    def over(self, outer: Settings) -> Settings:
        """These settings, with those of `outer` where nothing was given."""
        names = [field.name for field in fields(self)]
        return Settings(*(getattr(self, name) or getattr(outer, name) for name in names))

    @property
    def urls(self) -> str:
        """NATS URLs, comma-separated."""
        return self.servers or DEFAULT_SERVERS

    @property
    def space(self) -> str:
        """Name of the namespace."""
        return self.namespace or "default"

    @property
    def credentials(self) -> str | None:
        """Path of the credentials file."""
        return str(self.creds) if self.creds else None


def _after_command(option: Any) -> Any:
    """Return a global option as a command takes it: what stood before it beats the environment."""
    kind, info = get_args(option)
    info = copy.copy(info)
    info.envvar = None
    return Annotated[kind, info]


_GLOBALS = {
    name: _after_command(option)
    for name, option in (
        ("servers", Servers),
        ("creds", Creds),
        ("namespace", Namespace),
        ("json", JsonFlag),
    )
}


def verb(
    function: Callable[..., Coroutine[Any, Any, None] | None],
    *,
    takes: Collection[str] = tuple(_GLOBALS),
) -> Callable[..., None]:
    """Make a command of `function(settings, ...)`.

    The command takes global options too, all or those that `takes` names, so that they may stand
    before or after its name. A coroutine function runs in a new event loop.
    """
    own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
    shared = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=False if name == "json" else None,
            annotation=annotation,
        )
        for name, annotation in _GLOBALS.items()
        if name in takes
    ]

    @functools.wraps(function)
    def command(*, context: typer.Context, **given: Any) -> None:
        inner = Settings(**{name: given.pop(name) for name in takes})
        settings = inner.over(context.find_root().obj or Settings())
        with exit_status(settings):
            running = function(settings, **given)
            if running is not None:
                asyncio.run(running)

    context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    parameters = [*own, *shared, context]
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in parameters}
    return command


def key_not_found(settings: Settings, key: str) -> NoReturn:
    """End the command: nothing is stored under `key`."""
    message = f"Nothing is stored under this key. (key {key!r}, namespace {settings.space!r})"
    _report(settings, "KeyNotFound", message)
    raise typer.Exit(ExitStatus.NOT_FOUND)


@contextmanager
def exit_status(settings: Settings) -> Iterator[None]:
    """Turn errors into a message on standard error and an `ExitStatus`."""
    try:
        yield
    except SharedContextError as error:
        _report(settings, type(error).__name__, str(error))
        raise typer.Exit(_status_of(error)) from error
    except KeyboardInterrupt:
        raise typer.Exit(ExitStatus.INTERRUPTED) from None
    except BrokenPipeError:
        # Whoever read our output has seen enough. Nothing more may be flushed to it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(ExitStatus.ERROR) from None
    except OSError as error:
        _report(settings, type(error).__name__, str(error))
        raise typer.Exit(ExitStatus.ERROR) from error


def _status_of(error: SharedContextError) -> ExitStatus:
    if isinstance(error, StoreUnavailable):
        return ExitStatus.UNAVAILABLE
    if isinstance(error, RevisionConflict):
        return ExitStatus.CONFLICT
    if isinstance(error, NamespaceNotFound):
        return ExitStatus.NOT_FOUND
    return ExitStatus.USAGE if isinstance(error, InvalidRequest) else ExitStatus.ERROR


def _report(settings: Settings, name: str, message: str) -> None:
    text = jsonlib.dumps({"error": name, "message": message}) if settings.json else message
    typer.echo(text if settings.json else f"sharedctx: {text}", err=True)
