"""The options of commands that say what to log in with, the same for clients and workers."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final, NamedTuple, get_args

import typer

from sharedctx.store.credentials import ENVIRONMENT, Credentials

__all__ = (
    "LOGIN_OPTIONS",
    "LoginOption",
    "declare",
    "login_arguments",
    "option_parameter",
    "with_credentials",
)

_PANEL = "Login and TLS"


class LoginOption(NamedTuple):
    """One option: the field of `Credentials` that it sets, its flag, its type and its help."""

    field: str
    flag: str
    kind: Any
    help: str

    @property
    def parameter(self) -> str:
        """Name of its parameter in a function."""
        return self.flag.removeprefix("--").replace("-", "_")

    def annotation(self, *, environment: bool) -> Any:
        """Return the type of its parameter, for Typer."""
        option = typer.Option(
            self.flag,
            help=self.help,
            envvar=list(ENVIRONMENT[self.field]) if environment else None,
            show_envvar=environment,
            rich_help_panel=_PANEL,
        )
        return Annotated[self.kind, option]


_SEEN = "other users of this machine see arguments, so rather set the variable"
LOGIN_OPTIONS: Final = (
    LoginOption("file", "--creds", str | None, "NATS credentials file."),
    LoginOption("nkey", "--nkey", str | None, "File with an nkey seed."),
    LoginOption("user", "--user", str | None, "User name."),
    LoginOption("password", "--password", str | None, f"Password; {_SEEN}."),
    LoginOption("token", "--token", str | None, f"Token; {_SEEN}."),
    LoginOption("tls_ca", "--tls-ca", str | None, "PEM file of the authorities to trust."),
    LoginOption("tls_cert", "--tls-cert", str | None, "PEM file of the client certificate."),
    LoginOption("tls_key", "--tls-key", str | None, "PEM file of its private key."),
    LoginOption("tls_first", "--tls-first", bool, "Begin with the TLS handshake."),
    LoginOption("inbox_prefix", "--inbox-prefix", str | None, "Where replies may arrive."),
)


def login_arguments(given: Mapping[str, Any]) -> list[str]:
    """Return fields of `Credentials` as arguments of a command."""
    arguments = []
    for option in LOGIN_OPTIONS:
        value = given.get(option.field)
        if value:
            arguments += [option.flag] if value is True else [option.flag, str(value)]
    return arguments


def option_parameter(name: str, annotation: Any) -> inspect.Parameter:
    """Return the parameter of an option that may be left out: then it is None, or False."""
    default = False if get_args(annotation)[0] is bool else None
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation
    )


def declare(command: Callable[..., None], parameters: Sequence[inspect.Parameter]) -> None:
    """Tell Typer what `command` takes."""
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {each.name: each.annotation for each in parameters}


def with_credentials(function: Callable[..., None]) -> Callable[..., None]:
    """Make a command of `function(..., credentials=...)` that takes the options of this module."""
    own = inspect.signature(function, eval_str=True).parameters.values()
    ours = [
        option_parameter(option.parameter, option.annotation(environment=True))
        for option in LOGIN_OPTIONS
    ]

    @functools.wraps(function)
    def command(**given: Any) -> None:
        values = {option.field: given.pop(option.parameter) for option in LOGIN_OPTIONS}
        credentials = Credentials(**{name: value for name, value in values.items() if value})
        function(**given, credentials=credentials)

    declare(command, [*(each for each in own if each.name != "credentials"), *ours])
    return command
