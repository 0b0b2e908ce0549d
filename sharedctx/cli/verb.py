"""How a command runs: global options, the event loop, errors as one message and an exit status."""

from __future__ import annotations

import asyncio
import copy
import functools
import inspect
import json as jsonlib
import os
import sys
from collections.abc import Callable, Collection, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Annotated, Any, Final, NoReturn, get_args

import typer

from sharedctx.client import DEFAULT_SERVERS
from sharedctx.encryption import Encryption
from sharedctx.errors import (
    InvalidRequest,
    NamespaceNotFound,
    RevisionConflict,
    SharedContextError,
    StoreUnavailable,
)
from sharedctx.login_options import LOGIN_OPTIONS, declare, option_parameter
from sharedctx.store.credentials import Credentials
from sharedctx.store.options import ConnectOptions, split_servers

__all__ = (
    "ExitStatus",
    "Settings",
    "before_commands",
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
Domain = Annotated[
    str | None,
    typer.Option(
        help="JetStream domain of the namespace, such as that of the hub of a leaf node.",
        envvar=["SHAREDCTX_DOMAIN", "NATS_DOMAIN"],
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
KeyFile = Annotated[
    str | None,
    typer.Option(
        help="File with the keys of an encrypted namespace.",
        envvar="SHAREDCTX_KEY_FILE",
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
    """The global options, as given: None and False where they were not.

    Attributes:
        servers: NATS URLs, comma-separated.
        domain: JetStream domain of the namespace, when it is not that of the server.
        namespace: Name of the namespace.
        json: Whether to write JSON.
        key_file: File with the keys of the namespace.
        login: Fields of `Credentials` that were given.
    """

    servers: str | None = field(default=None, repr=False)
    domain: str | None = None
    namespace: str | None = None
    json: bool = False
    key_file: str | None = None
    login: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Settings:
        """Return the settings in the arguments of a command."""
        login = {each.field: given.get(each.parameter) for each in LOGIN_OPTIONS}
        return cls(
            given.get("servers"),
            given.get("domain"),
            given.get("namespace"),
            bool(given.get("json")),
            given.get("key_file"),
            {name: value for name, value in login.items() if value},
        )

    def over(self, outer: Settings) -> Settings:
        """These settings, with those of `outer` where nothing was given."""
        return Settings(
            self.servers or outer.servers,
            self.domain or outer.domain,
            self.namespace or outer.namespace,
            self.json or outer.json,
            self.key_file or outer.key_file,
            {**outer.login, **self.login},
        )

    @property
    def urls(self) -> str:
        """NATS URLs, comma-separated."""
        return self.servers or DEFAULT_SERVERS

    @property
    def space(self) -> str:
        """Name of the namespace."""
        return self.namespace or "default"

    @property
    def credentials(self) -> Credentials:
        """What to log in with.

        Raises:
            InvalidRequest: what was given cannot be used together.
        """
        return Credentials(**self.login)

    @property
    def encryption(self) -> Encryption | None:
        """The keys of the namespace.

        Raises:
            InvalidRequest: the file with them cannot be read.
        """
        return Encryption.from_file(self.key_file) if self.key_file else None

    def options(self, name: str, **more: Any) -> ConnectOptions:
        """Return how to reach NATS, for a connection that is called `name` there."""
        return ConnectOptions(
            split_servers(self.urls),
            name=name,
            credentials=self.credentials,
            domain=self.domain,
            **more,
        )


def _after_command(option: Any) -> Any:
    """Return a global option as a command takes it: what stood before it beats the environment."""
    kind, info = get_args(option)
    info = copy.copy(info)
    info.envvar = None
    return Annotated[kind, info]


_BEFORE: Final = {
    "servers": Servers,
    "domain": Domain,
    "namespace": Namespace,
    "key_file": KeyFile,
    "json": JsonFlag,
    **{each.parameter: each.annotation(environment=True) for each in LOGIN_OPTIONS},
}
_AFTER: Final = {
    **{
        name: _after_command(_BEFORE[name])
        for name in ("servers", "domain", "namespace", "key_file", "json")
    },
    **{each.parameter: each.annotation(environment=False) for each in LOGIN_OPTIONS},
}


def _parameters(options: Mapping[str, Any], names: Collection[str]) -> list[inspect.Parameter]:
    return [option_parameter(name, options[name]) for name in options if name in names]


def before_commands(function: Callable[..., None]) -> Callable[..., None]:
    """Make a callback that takes the global options of `function(context, settings, ...)`."""
    own = inspect.signature(function, eval_str=True).parameters
    more = [each for name, each in own.items() if name not in {"context", "settings"}]

    @functools.wraps(function)
    def callback(*, context: typer.Context, **given: Any) -> None:
        named = {each.name: given.pop(each.name) for each in more}
        function(context, Settings.of(given), **named)

    context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    declare(callback, [context, *_parameters(_BEFORE, _BEFORE), *more])
    return callback


def verb(
    function: Callable[..., Coroutine[Any, Any, None] | None],
    *,
    takes: Collection[str] = tuple(_AFTER),
) -> Callable[..., None]:
    """Make a command of `function(settings, ...)`.

    The command takes global options too, all or those that `takes` names, so that they may stand
    before or after its name. A coroutine function runs in a new event loop.
    """
    own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]

    @functools.wraps(function)
    def command(*, context: typer.Context, **given: Any) -> None:
        inner = Settings.of({name: given.pop(name) for name in takes})
        settings = inner.over(context.find_root().obj or Settings())
        with exit_status(settings):
            running = function(settings, **given)
            if running is not None:
                asyncio.run(running)

    context = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context)
    declare(command, [*own, *_parameters(_AFTER, takes), context])
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
