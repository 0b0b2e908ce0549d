"""The command that watches a namespace live: top."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from dataclasses import asdict
from typing import Annotated, Any, Final

import anyio
import typer
from rich.columns import Columns
from rich.console import Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from sharedctx import overview
from sharedctx.cli.output import age, console, describe, table, write_json
from sharedctx.cli.verb import Settings, verb
from sharedctx.monitor import Monitor, Seen
from sharedctx.records import State

__all__ = ("register", "top")

_BARS: Final = "▁▂▃▄▅▆▇█"
_TREND: Final = 30
_MOST_ROWS: Final = 8


async def top(
    settings: Settings,
    *,
    once: Annotated[bool, typer.Option("--once", help="Show one frame and end.")] = False,
    interval: Annotated[float, typer.Option(help="Seconds between frames.", min=0.1)] = 1.0,
) -> None:
    """Watch a namespace live: agents, tokens saved, job queue, workers; Ctrl-C ends it."""
    options = settings.options("sharedctx-top")
    async with Monitor.open(options, settings.space) as monitor:
        if settings.json:
            write_json(_fields(monitor))
            return
        out = console()
        if once or not sys.stdout.isatty():
            out.print(_frame(monitor, time.time()))
            return
        with Live(console=out, screen=True, auto_refresh=False) as live:
            while True:
                live.update(_frame(monitor, time.time()), refresh=True)
                await anyio.sleep(interval)


def _frame(monitor: Monitor, now: float) -> RenderableType:
    """Everything that fits a screen, the most important first."""
    entries = monitor.entries()
    parts: list[RenderableType] = [_heading(monitor, now), _summary(monitor, entries), ""]
    parts.append(_groups("Agent", overview.group(entries, "agent"), now))
    parts.append("")
    kinds = _groups("Kind", overview.group(entries, "kind"), now)
    parts += [Columns([Padding(kinds, (0, 4, 0, 0)), _workers(monitor, now)]), ""]
    failed = overview.failures(entries)
    if failed:
        parts.append(_failures(failed, now))
    return Group(*parts)


def _heading(monitor: Monitor, now: float) -> Text:
    clock = time.strftime("%H:%M:%S", time.localtime(now))
    heading = Text.assemble(
        ("sharedctx top", "bold"), f"   namespace {monitor.namespace}   {clock}"
    )
    if monitor.problem:
        heading.append(f"   not up to date: {monitor.problem}", "bold red")
    return heading


def _summary(monitor: Monitor, entries: list[Seen]) -> Table:
    totals = overview.total(entries)
    states = ", ".join(f"{count:,} {describe(s)}" for s, count in totals.states.items() if count)
    sample = monitor.samples[-1]
    lags = [each.queue.waiting + each.queue.in_hand for each in monitor.samples]
    shown = Table.grid(padding=(0, 2))
    shown.add_row("Entries", f"[bold]{totals.entries:,}[/]" + (f"  {states}" if states else ""))
    shown.add_row(
        "Tokens",
        f"{totals.original:,} → {totals.compressed:,}  [bold]{totals.saved:,} saved "
        f"({totals.percent:g} %)[/]",
    )
    queue = f"[bold]{sample.queue.waiting:,}[/] waiting, {sample.queue.in_hand:,} in hand"
    oldest = f", the oldest for {age(sample.age)}" if sample.age else ""
    shown.add_row("Queue", f"{queue}{oldest}  {_trend(lags)}")
    return shown


def _trend(values: list[int]) -> str:
    """Draw the last values as bars."""
    last = values[-_TREND:]
    highest = max(*last, 1, 1)
    return "".join(_BARS[round(value / highest * (len(_BARS) - 1))] for value in last)


def _groups(heading: str, groups: list[overview.Group], now: float) -> Table:
    shown = table(heading, ">Entries", ">Tokens", ">Handed over", ">Saved", ">Last put")
    for each in groups[:_MOST_ROWS]:
        shown.add_row(
            escape(each.name),
            f"{each.entries:,}",
            f"{each.original:,}",
            f"{each.compressed:,}",
            f"{each.percent:g} %",
            age(now - each.latest),
        )
    if len(groups) > _MOST_ROWS:
        shown.caption = f"and {len(groups) - _MOST_ROWS} more"
    return shown


def _workers(monitor: Monitor, now: float) -> RenderableType:
    if not monitor.workers:
        return Text("No worker is there. Start one: sharedctx worker", style="yellow")
    shown = table("Worker", ">Busy", ">Done", ">Failed", ">Up")
    for each in monitor.workers[:_MOST_ROWS]:
        shown.add_row(
            escape(f"{each.get('host', '?')}:{each.get('pid', '?')}"),
            f"{each.get('busy', 0)}/{each.get('slots', 0)}",
            f"{each.get('done', 0):,}",
            f"{each.get('failed', 0):,}",
            age(now - float(each.get("started", now))),
        )
    return shown


def _failures(failed: list[Seen], now: float) -> Table:
    shown = table("Failed", ">Age", "Reason")
    for seen in failed[:_MOST_ROWS]:
        reason = seen.rendition.reason if seen.rendition else None
        when = age(now - seen.entry.record.timestamp)
        shown.add_row(f"[red]{escape(seen.entry.key)}[/]", when, escape(reason or ""))
    return shown


def _fields(monitor: Monitor) -> dict[str, Any]:
    """The JSON object of a frame."""
    entries = monitor.entries()
    sample = monitor.samples[-1]
    return {
        "namespace": monitor.namespace,
        "total": _group_fields(overview.total(entries)),
        "agents": _all_fields(overview.group(entries, "agent")),
        "kinds": _all_fields(overview.group(entries, "kind")),
        "queue": {
            "waiting": sample.queue.waiting,
            "in_hand": sample.queue.in_hand,
            "oldest_age_s": sample.age,
        },
        "workers": monitor.workers,
        "failed": [seen.entry.key for seen in entries if seen.state is State.FAILED],
    }


def _all_fields(groups: Iterable[overview.Group]) -> list[dict[str, Any]]:
    return [_group_fields(each) for each in groups]


def _group_fields(group: overview.Group) -> dict[str, Any]:
    return {**asdict(group), "saved": group.saved, "savings_percent": group.percent}


def register(app: typer.Typer) -> None:
    """Add the command of this module to `app`."""
    app.command(rich_help_panel="Namespace")(verb(top))
