"""What the demo shows: progress while it runs, then a table, checks and excerpts."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final, Self

from rich import box
from rich.console import Console, Group
from rich.markup import escape
from rich.panel import Panel
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from sharedctx.cli.demo.events import STEPS, Check, Event, Excerpt, Handoff, Step
from sharedctx.cli.demo.run import Story
from sharedctx.entry import percent_saved

__all__ = ("Plain", "Quiet", "Screen", "show", "summary")

_EXCERPT_LINES: Final = 9
_WIDEST: Final = 120
_STRUCTURED: Final = ("JSON", "source")
_STYLES: Final = {"researcher": "cyan", "coder": "magenta", "reviewer": "yellow"}


class Quiet:
    """Shows nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def saw(self, event: Event) -> None:
        """Show nothing."""


class Plain(Quiet):
    """Writes one line per event, for pipes and logs."""

    def __init__(self, out: Console) -> None:
        self._out = out

    def saw(self, event: Event) -> None:
        """Write a line about `event`."""
        if text := _line(event):
            self._out.print(f"{event.agent:<11} {text}", soft_wrap=True, markup=False)


class Screen(Quiet):
    """Shows one progress bar per agent."""

    def __init__(self, out: Console) -> None:
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓[/]"),
            TextColumn("{task.fields[agent]}"),
            BarColumn(bar_width=18),
            TimeElapsedColumn(),
            TextColumn("{task.description}", style="dim"),
            console=out,
        )
        self._tasks: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        for agent, steps in STEPS.items():
            name = f"[bold {_STYLES[agent]}]{agent}[/]"
            self._tasks[agent] = self._progress.add_task("start", total=steps, agent=name)
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def saw(self, event: Event) -> None:
        """Move the bar of its agent."""
        if isinstance(event, Step):
            task = self._tasks[event.agent]
            self._progress.update(task, advance=1, description=escape(_short(event.doing)))
            if event.doing == "done":
                self._progress.update(task, completed=STEPS[event.agent])


def _short(text: str) -> str:
    return text if len(text) <= 34 else text[:33] + "…"


def _line(event: Event) -> str:
    if isinstance(event, Step):
        return event.doing
    if isinstance(event, Handoff):
        return (
            f"put {event.key} for the {event.to}: "
            f"{event.original_tokens:,} -> {event.handed_tokens:,} tokens"
        )
    if isinstance(event, Check):
        return f"{'holds' if event.held else 'DOES NOT HOLD'}: {event.claim} ({event.detail})"
    return ""


def summary(story: Story) -> dict[str, Any]:
    """Return everything as one JSON object."""
    original, handed = _totals(story)
    return {
        "ok": story.held,
        "original_tokens": original,
        "handed_tokens": handed,
        "tokens_saved": original - handed,
        "savings_percent": percent_saved(original, handed),
        "handoffs": [asdict(handoff) for handoff in story.handoffs],
        "checks": [asdict(check) for check in story.checks],
        "excerpts": [asdict(excerpt) for excerpt in story.excerpts],
    }


def show(story: Story, out: Console) -> None:
    """Print the result for people."""
    width = min(out.width, _WIDEST)
    original, handed = _totals(story)
    out.print()
    out.print(_handoffs(story.handoffs), width=width)
    out.print(_notes(story.handoffs), width=width)
    for excerpt in story.excerpts:
        out.print(_panel(excerpt, out, width), width=width)
    out.print(_checks(story.checks), width=width)
    out.print(
        f"\n[bold]{len(story.handoffs)} handoffs: {original:,} → {handed:,} tokens, "
        f"[green]{original - handed:,} tokens saved[/] "
        f"({percent_saved(original, handed):g} %)[/]",
        width=width,
    )
    if not story.held:
        out.print("[bold red]Not every check held.[/]")


def _totals(story: Story) -> tuple[int, int]:
    original = sum(handoff.original_tokens for handoff in story.handoffs)
    return original, sum(handoff.handed_tokens for handoff in story.handoffs)


def _handoffs(handoffs: list[Handoff]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", pad_edge=False, show_edge=False)
    table.add_column("What", overflow="fold")
    table.add_column("Kind", no_wrap=True)
    for heading in ("Tokens", "Handed", "Saved", "Put", "Ready"):
        table.add_column(heading, justify="right", no_wrap=True)
    for each in handoffs:
        table.add_row(
            f"{escape(each.title)}\n{_agent(each.agent)} → {_agent(each.to)}",
            f"{each.kind}\n[dim]{each.guarantee if each.ready_ms else each.state}[/]",
            f"{each.original_tokens:,}",
            f"{each.handed_tokens:,}",
            _saved(each),
            f"{each.put_ms:.1f} ms",
            f"{each.ready_ms:.0f} ms" if each.ready_ms else "-",
        )
    return table


def _agent(name: str) -> str:
    return f"[{_STYLES[name]}]{name}[/]"


def _saved(handoff: Handoff) -> str:
    percent = handoff.savings_percent
    if percent <= 0:
        return "[dim]0 %[/]"
    return f"[{'green' if percent >= 30 else 'yellow'}]{percent:.0f} %[/]"


def _notes(handoffs: list[Handoff]) -> Text:
    """What the figures do not say by themselves."""
    notes = [
        "Put: durable on the server. Ready: the rendition, made by the worker, is in hand.",
        f"Tokens are counted with {handoffs[0].encoding}.",
    ]
    for each in handoffs:
        if each.ready_ms is None:
            reason = f": {each.reason}" if each.reason else ", because it is small"
            notes.append(f"{each.title} is handed over as it is{reason}.")
        elif each.kind in _STRUCTURED and any(":text:" in label for label in each.transforms):
            notes.append(f"{each.title}: compressed as plain text, for want of better.")
    return Text("\n".join(notes), style="dim")


def _panel(excerpt: Excerpt, out: Console, width: int) -> Panel:
    text = "\n".join(line for line in excerpt.text.splitlines() if line.strip())
    wrapped = Text(text, overflow="fold").wrap(out, width - 4)
    return Panel(
        Group(*wrapped[:_EXCERPT_LINES]),
        title=f"[bold]{escape(excerpt.title)}[/]",
        title_align="left",
        subtitle=f"{excerpt.tokens:,} of {excerpt.original_tokens:,} tokens",
        subtitle_align="right",
        border_style=_STYLES[excerpt.agent],
        width=width,
    )


def _checks(checks: list[Check]) -> Table:
    table = Table.grid(padding=(0, 1))
    for check in checks:
        mark = "[green]✓[/]" if check.held else "[bold red]✗[/]"
        table.add_row(mark, f"{escape(check.claim)} [dim]({escape(check.detail)})[/]")
    return table
