"""The geometry of charts; templates draw them as SVG."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from sharedctx.dashboard.text import clock, compact, count, duration
from sharedctx.overview import History

__all__ = ("Chart", "Column", "Tick", "line_chart", "stacked_columns")

WIDTH: Final = 720
HEIGHT: Final = 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 8, 10, 26
_INNER_WIDTH: Final = WIDTH - _LEFT - _RIGHT
_INNER_HEIGHT: Final = HEIGHT - _TOP - _BOTTOM
_GAP: Final = 0.22
_TIME_LABELS: Final = 6
_DAY: Final = 86_400


class Tick(NamedTuple):
    """A mark on an axis: where, and what it says."""

    at: float
    label: str


class Column(NamedTuple):
    """A rectangle of one series; `tip` says in words what it shows."""

    x: float
    y: float
    width: float
    height: float
    series: int
    tip: str


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart, ready to be drawn.

    Attributes:
        title: What it shows, in a sentence for those who do not see it.
        names: The series, in the order of their numbers.
        sums: The sum of each series, written.
        columns: Rectangles, for columns.
        points: Polyline, for a line.
        area: Closed polyline below the line.
        x_ticks: Marks of time.
        y_ticks: Marks of value.
        rows: The data as a table: a time and one value per series.
    """

    title: str
    names: tuple[str, ...] = ()
    sums: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    points: str = ""
    area: str = ""
    x_ticks: tuple[Tick, ...] = ()
    y_ticks: tuple[Tick, ...] = ()
    rows: tuple[tuple[str, tuple[str, ...]], ...] = ()
    width: int = WIDTH
    height: int = HEIGHT
    left: int = _LEFT
    right: int = WIDTH - _RIGHT
    base: int = HEIGHT - _BOTTOM


def stacked_columns(history: History, what: str) -> Chart:
    """Return columns of what was saved in each interval, one color per series."""
    names, values = tuple(history.series), list(history.series.values())
    intervals = len(values[0]) if values else 0
    totals = [sum(series[i] for series in values) for i in range(intervals)]
    top = _nice(max(totals, default=0))
    columns = []
    step = _INNER_WIDTH / max(1, intervals)
    for i in range(intervals):
        base = float(HEIGHT - _BOTTOM)
        for number, (name, series) in enumerate(zip(names, values, strict=True)):
            height = series[i] / top * _INNER_HEIGHT
            if height <= 0:
                continue
            base -= height
            x = _LEFT + (i + _GAP / 2) * step
            tip = f"{_interval(history, i)}: {name}, {count(series[i])} tokens saved"
            columns.append(
                Column(
                    round(x, 1),
                    round(base, 1),
                    round(step * (1 - _GAP), 1),
                    round(height, 1),
                    number,
                    tip,
                )
            )
    total = sum(totals)
    span = duration(history.step * max(intervals, 1))
    return Chart(
        title=f"{count(total)} tokens saved in the last {span}, by {what}",
        names=names,
        sums=tuple(count(sum(series)) for series in values),
        columns=tuple(columns),
        x_ticks=_times(history.start, history.start + history.step * max(intervals, 1)),
        y_ticks=_values(top),
        rows=tuple(
            (_interval(history, i), tuple(count(series[i]) for series in values))
            for i in range(intervals)
            if totals[i]
        ),
    )


def line_chart(
    title: str, name: str, samples: Sequence[tuple[float, float]], unit: str = ""
) -> Chart:
    """Return a line through `samples`, pairs of time and value, over the time that they span."""
    if not samples:
        return Chart(title)
    start, end = samples[0][0], max(samples[-1][0], samples[0][0] + 60)
    top = _nice(max(value for _, value in samples), least=1)
    points = [
        (
            _LEFT + (at - start) / (end - start) * _INNER_WIDTH,
            HEIGHT - _BOTTOM - value / top * _INNER_HEIGHT,
        )
        for at, value in samples
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    base = HEIGHT - _BOTTOM
    every = max(1, len(samples) // 12)
    return Chart(
        title=title,
        names=(name,),
        points=line,
        area=f"{points[0][0]:.1f},{base} {line} {points[-1][0]:.1f},{base}",
        x_ticks=_times(start, end),
        y_ticks=_values(top, unit),
        rows=tuple((clock(at), (f"{value:.3g}{unit}",)) for at, value in samples[::every]),
    )


def _nice(highest: float, least: float = 10) -> float:
    """Return a round number at or above `highest`."""
    highest = max(highest, least)
    unit = 10.0 ** math.floor(math.log10(highest))
    return next(factor * unit for factor in (1, 2, 2.5, 5, 10) if factor * unit >= highest)


def _values(top: float, unit: str = "") -> tuple[Tick, ...]:
    parts = (0, 0.5, 1)
    return tuple(
        Tick(HEIGHT - _BOTTOM - part * _INNER_HEIGHT, f"{compact(part * top)}{unit}")
        for part in parts
    )


def _times(start: float, end: float) -> tuple[Tick, ...]:
    fine = end - start < 600
    marks = [start + (end - start) * i / (_TIME_LABELS - 1) for i in range(_TIME_LABELS)]
    place = _INNER_WIDTH / (_TIME_LABELS - 1)
    return tuple(
        Tick(_LEFT + i * place, _mark(at, end - start, fine=fine)) for i, at in enumerate(marks)
    )


def _mark(at: float, span: float, *, fine: bool) -> str:
    if span > 2 * _DAY:
        return time.strftime("%b %d", time.localtime(at))
    return time.strftime("%H:%M:%S" if fine else "%H:%M", time.localtime(at))


def _interval(history: History, index: int) -> str:
    return clock(history.start + index * history.step, seconds=history.step < 60)
