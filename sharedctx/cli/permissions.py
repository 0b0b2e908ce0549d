"""The command that prints the NATS permissions of a role: permissions."""

from __future__ import annotations

from typing import Annotated

import typer

from sharedctx.cli.output import write_json
from sharedctx.cli.verb import Settings, verb
from sharedctx.permissions import Role, permissions_of

__all__ = ("permissions", "register")


def permissions(
    settings: Settings,
    *,
    role: Annotated[Role, typer.Option(help="What the user is there for.")],
    inbox_prefix: Annotated[
        str | None,
        typer.Option(
            help="Where its replies arrive; by default _INBOX_NAMESPACE_ROLE. Users with the same "
            "one can read each other's replies."
        ),
    ] = None,
) -> None:
    """Print the permissions of a role in the namespace, for a user in nats.conf.

    Its clients need the inbox prefix too: --inbox-prefix or NATS_INBOX_PREFIX.
    """
    made = permissions_of(settings.space, role, inbox_prefix, domain=settings.domain)
    if settings.json:
        write_json({**made.as_json(), "inbox_prefix": made.inbox_prefix})
    else:
        typer.echo(f"# {role.value} of {settings.space}; NATS_INBOX_PREFIX={made.inbox_prefix}")
        typer.echo(made.as_config(), nl=False)


def register(app: typer.Typer) -> None:
    """Add the command of this module to `app`."""
    command = verb(permissions, takes=["namespace", "domain", "json"])
    app.command(rich_help_panel="Namespace")(command)
