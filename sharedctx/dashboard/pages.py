"""What each page shows: the names that its template uses."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, get_args
from urllib.parse import urlencode

from sharedctx import overview
from sharedctx.dashboard.charts import line_chart, stacked_columns
from sharedctx.dashboard.text import clean
from sharedctx.monitor import Monitor, Seen
from sharedctx.records import State

__all__ = ("PAGES", "Page", "filters_of", "link")

Query = Mapping[str, str]

_SPANS: Final = {
    "5 min": 300,
    "15 min": 900,
    "1 h": 3_600,
    "6 h": 21_600,
    "24 h": 86_400,
    "7 d": 604_800,
}
_INTERVALS: Final = 48
_PER_PAGE: Final = 50
_MOST_SHOWN: Final = 8
_STALE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Page:
    """A page that is kept up to date.

    Attributes:
        template: Its template.
        regions: The parts of it that are kept up to date; each has its own template.
        show: Returns the names that the templates use.
    """

    template: str
    regions: tuple[str, ...]
    show: Callable[[Monitor, Query], dict[str, Any]]


def link(path: str, query: Query, **changes: object) -> str:
    """Return a link to `path` with the parameters of `query`, but for `changes`; None drops one."""
    merged = {**query, **changes}
    kept = {name: clean(str(value)) for name, value in merged.items() if value not in {None, ""}}
    return f"{path}?{urlencode(kept)}" if kept else path


def _overview(monitor: Monitor, query: Query) -> dict[str, Any]:
    now = time.time()
    entries = monitor.entries()
    by: overview.By = "agent" if query.get("by") == "agent" else "kind"
    puts = monitor.puts()
    span = _span(query, now - min((put.timestamp for put in puts), default=now))
    saved = overview.history(monitor, by, now=now, span=span, intervals=_INTERVALS)
    samples = list(monitor.samples)
    lag = [(each.timestamp, float(each.queue.waiting + each.queue.in_hand)) for each in samples]
    ages = [(each.timestamp, each.age) for each in samples]
    return {
        "total": overview.total(entries),
        "agents": overview.group(entries, "agent"),
        "kinds": overview.group(entries, "kind"),
        "by": by,
        "span": span,
        "spans": _SPANS,
        "savings": stacked_columns(saved, by),
        "lag": line_chart("Originals waiting or in hand", "originals", lag),
        "ages": line_chart("Age of the oldest original in the queue", "age", ages, " s"),
        "sample": samples[-1],
        "workers": monitor.workers,
        "failed": overview.failures(entries)[:_MOST_SHOWN],
    }


def _span(query: Query, reach: float) -> int:
    """Return the chosen span, or the least that reaches back to the first put."""
    chosen = query.get("span", "")
    if chosen.isdecimal() and int(chosen) in _SPANS.values():
        return int(chosen)
    return next((span for span in _SPANS.values() if span >= reach), _SPANS["7 d"])


def filters_of(query: Query) -> dict[str, str]:
    """Return the filters of a list of entries that `query` sets."""
    return {name: query.get(name, "") for name in ("key", "agent", "kind", "state")}


def _entries(monitor: Monitor, query: Query) -> dict[str, Any]:
    entries = monitor.entries()
    filters = filters_of(query)
    found = [seen for seen in entries if _matches(seen, filters)]
    number = int(query["page"]) if query.get("page", "").isdecimal() else 1
    pages = max(1, -(-len(found) // _PER_PAGE))
    number = min(max(1, number), pages)
    start = (number - 1) * _PER_PAGE
    return {
        "shown": found[start : start + _PER_PAGE],
        "start": start,
        "found": len(found),
        "page_number": number,
        "pages": pages,
        "filters": filters,
        "all_agents": [each.name for each in overview.group(entries, "agent")],
        "all_kinds": [each.name for each in overview.group(entries, "kind")],
        "all_states": [state.value for state in State],
    }


def _matches(seen: Seen, filters: Mapping[str, str]) -> bool:
    if filters["key"].lower() not in clean(seen.entry.key).lower():
        return False
    if filters["state"] and seen.state.value != filters["state"]:
        return False
    for by in get_args(overview.By):
        if filters[by] and clean(overview.name_of(seen, by)) != filters[by]:
            return False
    return True


def _failures(monitor: Monitor, _query: Query) -> dict[str, Any]:
    now = time.time()
    entries = monitor.entries()
    return {
        "failed": overview.failures(entries),
        "refused": [seen for seen in entries if seen.rendition and seen.rendition.refused],
        "stale": [
            seen
            for seen in entries
            if seen.state is State.PENDING and now - seen.entry.record.timestamp > _STALE_S
        ],
        "workers": monitor.workers,
    }


PAGES: Final = {
    "overview": Page(
        "overview.html",
        (
            "status",
            "tiles",
            "savings",
            "savings_data",
            "queue",
            "queue_data",
            "agents",
            "kinds",
            "workers",
            "recent_failures",
        ),
        _overview,
    ),
    "entries": Page("entries.html", ("status", "entries"), _entries),
    "failures": Page("failures.html", ("status", "failures"), _failures),
}
