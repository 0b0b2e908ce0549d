"""The geometry of charts; templates draw them as SVG."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from sharedctx.dashboard.text import clock, compact, count, duration
from sharedctx.overview import History

__all__ = ("Chart", "Column", "Frame", "Tick", "line_chart", "stacked_columns")

_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 8, 10, 26
_GAP: Final = 0.22
_TIME_LABELS: Final = 6
_DAY: Final = 86_400
_FINE_S: Final = 600
_MOST_ROWS: Final = 12


@dataclass(frozen=True, slots=True)
class Frame:
    """The size of a chart in pixels, and its inner edges."""

    width: int
    height: int
    left: int = _LEFT
    top: int = _TOP

    @property
    def right(self) -> int:
        """Right end of the axis of time."""
        return self.width - _RIGHT

    @property
    def base(self) -> int:
        """Height of zero."""
        return self.height - _BOTTOM

    def x(self, part: float) -> float:
        """Place of a part of the time, 0 to 1."""
        return round(self.left + part * (self.right - self.left), 1)

    def y(self, part: float) -> float:
        """Place of a part of the highest value, 0 to 1."""
        return round(self.base - part * (self.base - self.top), 1)


_WIDE: Final = Frame(1320, 240)
_SMALL: Final = Frame(640, 170)


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
        frame: Its size and edges.
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
    frame: Frame
    names: tuple[str, ...] = ()
    sums: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    points: str = ""
    area: str = ""
    x_ticks: tuple[Tick, ...] = ()
    y_ticks: tuple[Tick, ...] = ()
    rows: tuple[tuple[str, tuple[str, ...]], ...] = ()


def stacked_columns(history: History, what: str) -> Chart:
    """Return columns of what was saved in each interval, one color per series."""
    names, values = tuple(history.series), list(history.series.values())
    intervals = max((len(series) for series in values), default=0)
    totals = [sum(series[i] for series in values) for i in range(intervals)]
    top = _nice(max(totals, default=0))
    columns = []
    for i in range(intervals):
        below = 0
        left, right = (_WIDE.x((i + edge) / intervals) for edge in (_GAP / 2, 1 - _GAP / 2))
        for number, (name, series) in enumerate(zip(names, values, strict=True)):
            if not series[i]:
                continue
            base, y = _WIDE.y(below / top), _WIDE.y((below + series[i]) / top)
            tip = f"{_interval(history, i)}: {name}, {count(series[i])} tokens saved"
            columns.append(Column(left, y, round(right - left, 1), round(base - y, 1), number, tip))
            below += series[i]
    span = duration(history.span)
    return Chart(
        title=f"{count(sum(totals))} tokens saved in the last {span}, by {what}",
        frame=_WIDE,
        names=names,
        sums=tuple(count(sum(series)) for series in values),
        columns=tuple(columns),
        x_ticks=_times(_WIDE, history.start, history.start + history.span),
        y_ticks=_values(_WIDE, top),
        rows=tuple(
            (_interval(history, i), tuple(count(series[i]) for series in values))
            for i in range(intervals)
            if totals[i]
        ),
    )


def line_chart(
    title: str, name: str, samples: Sequence[tuple[float, float]], unit: str = ""
) -> Chart:
    """Return a line through `samples`, pairs of time and value, that ends with the last of them."""
    end = samples[-1][0] if samples else 60.0
    start = min(samples[0][0], end - 60) if samples else 0.0
    top = _nice(max((value for _, value in samples), default=0), least=2)
    points = [(_SMALL.x((at - start) / (end - start)), _SMALL.y(v / top)) for at, v in samples]
    line = " ".join(f"{x:g},{y:g}" for x, y in points)
    area = f"{points[0][0]:g},{_SMALL.base} {line} {points[-1][0]:g},{_SMALL.base}" if line else ""
    every = max(1, len(samples) // _MOST_ROWS)
    return Chart(
        title=title,
        frame=_SMALL,
        names=(name,),
        points=line,
        area=area,
        x_ticks=_times(_SMALL, start, end),
        y_ticks=_values(_SMALL, top, unit),
        rows=tuple((clock(at), (f"{value:.3g}{unit}",)) for at, value in samples[::-every]),
    )


def _nice(highest: float, least: float = 10) -> float:
    """Return a round number at or above `highest`."""
    highest = max(highest, least)
    unit = 10.0 ** math.floor(math.log10(highest))
    return next(factor * unit for factor in (1, 2, 2.5, 5, 10) if factor * unit >= highest)


def _values(frame: Frame, top: float, unit: str = "") -> tuple[Tick, ...]:
    return tuple(Tick(frame.y(part), f"{compact(part * top)}{unit}") for part in (0, 0.5, 1))


def _times(frame: Frame, start: float, end: float) -> tuple[Tick, ...]:
    parts = [i / (_TIME_LABELS - 1) for i in range(_TIME_LABELS)]
    return tuple(
        Tick(frame.x(part), _mark(start + part * (end - start), end - start)) for part in parts
    )


def _mark(at: float, span: float) -> str:
    if span > 2 * _DAY:
        return time.strftime("%b %d", time.localtime(at))
    return time.strftime("%H:%M:%S" if span < _FINE_S else "%H:%M", time.localtime(at))


def _interval(history: History, index: int) -> str:
    return clock(history.start + index * history.step, seconds=history.step < 60)
