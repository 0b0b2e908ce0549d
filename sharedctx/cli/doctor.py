"""The command that finds out why things do not work: doctor."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import typer
from rich.console import Console
from rich.text import Text

from sharedctx.cli.checks import examine
from sharedctx.cli.findings import Check, Verdict
from sharedctx.cli.output import console, write_json
from sharedctx.cli.verb import ExitStatus, Settings, verb

__all__ = ("doctor", "register")

_STYLES = {Verdict.OK: "green", Verdict.WARN: "yellow", Verdict.FAIL: "bold red"}


async def doctor(settings: Settings) -> None:
    """Check server, namespace and workers. Exit status 0 when nothing failed."""
    checks = examine(settings)
    found = await (_collect(checks) if settings.json else _show(checks, console()))
    if settings.json:
        healthy = all(check.verdict is not Verdict.FAIL for check in found)
        write_json({"ok": healthy, "checks": [check._asdict() for check in found]})
    failed = [check for check in found if check.verdict is Verdict.FAIL]
    if failed:
        unreachable = failed[0].name in {"server", "connection"}
        raise typer.Exit(ExitStatus.UNAVAILABLE if unreachable else ExitStatus.ERROR)


async def _collect(checks: AsyncIterator[Check]) -> list[Check]:
    return [check async for check in checks]


async def _show(checks: AsyncIterator[Check], out: Console) -> list[Check]:
    """Show each check as soon as it is made."""
    shown = []
    async for check in checks:
        line = Text.assemble(
            (f"{check.verdict:<5}", _STYLES[check.verdict]), f"{check.name:<11}", check.detail
        )
        out.print(line, soft_wrap=True)
        if check.remedy:
            out.print(Text(f"{'':16}→ {check.remedy}", style="cyan"), soft_wrap=True)
        shown.append(check)
    return shown


def register(app: typer.Typer) -> None:
    """Add the command of this module to `app`."""
    options: dict[str, Any] = {"rich_help_panel": "Run"}
    app.command(**options)(verb(doctor))
