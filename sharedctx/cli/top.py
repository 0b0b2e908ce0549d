"""The command that watches a namespace live: top."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any, Final, NamedTuple

import anyio
import typer
from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.live import Live
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
"""Rows of a table where nothing says how high the screen is."""
_HEAD_LINES: Final = 5
_GAP: Final = 4
"""Columns between tables that stand side by side."""


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
            out.print(_frame(monitor, time.time(), out))
            return
        with Live(console=out, screen=True, auto_refresh=False) as live:
            while True:
                live.update(_frame(monitor, time.time(), out, out.height), refresh=True)
                await anyio.sleep(interval)


def _frame(monitor: Monitor, now: float, out: Console, height: int | None = None) -> Group:
    """Everything, or as much as `height` lines hold, the most important first."""
    entries = monitor.entries()
    tables = _tables(monitor, entries, now, out)
    # Of every table one blank line, its headings and a rule come on top of its rows.
    left = None if height is None else height - _HEAD_LINES - 3 * len(tables)
    rows = _share_out([each.wanted for each in tables], left)
    parts: list[RenderableType] = [_heading(monitor, now), _summary(monitor, entries)]
    for each, count in zip(tables, rows, strict=True):
        parts += ["", each.make(count)] if count else []
    if not entries:
        parts += ["", "Nothing was put yet."]
    return Group(*parts)


class _Table(NamedTuple):
    """A table of the frame.

    Attributes:
        wanted: Rows that it has to show.
        make: Draws that many of them, or fewer.
    """

    wanted: int
    make: Callable[[int], RenderableType]


def _tables(monitor: Monitor, entries: list[Seen], now: float, out: Console) -> list[_Table]:
    """Return what there is to show; workers stand beside kinds where there is room."""
    agents, kinds = overview.group(entries, "agent"), overview.group(entries, "kind")
    failed, workers = overview.failures(entries), monitor.workers
    by_kind = _Table(len(kinds), lambda rows: _groups("Kind", kinds, now, rows))
    fleet = _Table(len(workers), lambda rows: _workers(workers, now, rows))
    room = out.width - _GAP - sum(out.measure(each.make(1)).maximum for each in (by_kind, fleet))
    shown = [
        _Table(len(agents), lambda rows: _groups("Agent", agents, now, rows)),
        _Table(len(failed), lambda rows: _failures(failed, now, rows)),
    ]
    if kinds and workers and room >= 0:
        shown.append(_Table(max(by_kind.wanted, fleet.wanted), partial(_beside, by_kind, fleet)))
    else:
        shown += [by_kind, fleet]
    return [each for each in shown if each.wanted]


def _beside(one: _Table, other: _Table, rows: int) -> RenderableType:
    return Columns([Padding(one.make(rows), (0, _GAP, 0, 0)), other.make(rows)], padding=0)


def _share_out(wanted: Sequence[int], lines: int | None) -> list[int]:
    """Return how many rows each table gets of `lines`: in turns, the first table first."""
    if lines is None:
        return [min(each, _MOST_ROWS) for each in wanted]
    rows = [0] * len(wanted)
    for _ in range(lines):
        for place, limit in enumerate(wanted):
            if rows[place] < limit and sum(rows) < lines:
                rows[place] += 1
    return rows


def _heading(monitor: Monitor, now: float) -> Text:
    clock = time.strftime("%H:%M:%S", time.localtime(now))
    heading = Text.assemble(
        ("sharedctx top", "bold"),
        f"   namespace {monitor.namespace}   {clock}",
        overflow="ellipsis",
        no_wrap=True,
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
    shown.add_row("Workers", _fleet(monitor))
    return shown


def _fleet(monitor: Monitor) -> str:
    workers = monitor.workers
    if not workers:
        return "[yellow]none: start one with sharedctx worker[/]"
    busy, slots = (sum(int(each.get(name, 0)) for each in workers) for name in ("busy", "slots"))
    return f"[bold]{len(workers):,}[/]  {busy:,} of {slots:,} slots busy"


def _trend(values: list[int]) -> str:
    """Draw the last values as bars."""
    last = values[-_TREND:]
    highest = max(*last, 1, 1)
    return "".join(_BARS[round(value / highest * (len(_BARS) - 1))] for value in last)


def _groups(heading: str, groups: list[overview.Group], now: float, rows: int) -> Table:
    named = _shown(heading, rows, len(groups))
    shown = table(named, ">Entries", ">Tokens", ">Handed over", ">Saved", ">Last put")
    for each in groups[:rows]:
        shown.add_row(
            _line(each.name),
            f"{each.entries:,}",
            f"{each.original:,}",
            f"{each.compressed:,}",
            f"{each.percent:.1f} %",
            age(now - each.latest),
        )
    return shown


def _workers(workers: Sequence[Mapping[str, Any]], now: float, rows: int) -> Table:
    named = _shown("Worker", rows, len(workers))
    shown = table(named, ">Busy", ">Done", ">Failed", ">Up")
    for each in workers[:rows]:
        shown.add_row(
            _line(f"{each.get('host', '?')}:{each.get('pid', '?')}"),
            f"{each.get('busy', 0)}/{each.get('slots', 0)}",
            f"{each.get('done', 0):,}",
            f"{each.get('failed', 0):,}",
            age(now - float(each.get("started", now))),
        )
    return shown


def _failures(failed: list[Seen], now: float, rows: int) -> Table:
    shown = table(_shown("Failed", rows, len(failed)), ">Age", "Reason")
    for seen in failed[:rows]:
        reason = seen.rendition.reason if seen.rendition else None
        when = age(now - seen.entry.record.timestamp)
        shown.add_row(_line(seen.entry.key, "red"), when, _line(reason or ""))
    return shown


def _shown(heading: str, rows: int, count: int) -> str:
    return heading if rows >= count else f"{heading} ({rows} of {count})"


def _line(text: str, style: str = "") -> Text:
    """Return a cell of one line, cut where its column ends."""
    return Text(" ".join(text.split()), style, overflow="ellipsis", no_wrap=True)


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
