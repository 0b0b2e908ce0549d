"""Tables and a plot of an evaluation."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from training.bootstrap import paired_interval

__all__ = ("Measured", "plot", "tables")

_BASELINE = "stop-words, then frequency"


class Measured(Protocol):
    """What `training.evaluate.measure` returns."""

    groups: list[str]
    answers: list[float]
    supports: list[float]
    fact_groups: list[str]
    facts: list[float]
    classes: dict[str, tuple[int, int]]
    words: float


Results = Mapping[str, Mapping[float, Measured]]


def tables(title: str, results: Results) -> list[str]:
    """Return the Markdown tables of one set of documents."""
    lines = [f"### {title[0].upper()}{title[1:]}", ""]
    some = next(iter(next(iter(results.values())).values()))
    if some.answers:
        lines += [f"{len(some.answers)} answers; answer kept / answer kept with its support.", ""]
        lines += _rows(results, lambda each: f"{_mean(each.answers)} / {_mean(each.supports)}")
        lines += ["", f"Answers kept, minus *{_BASELINE}*, with 95 % intervals by document:", ""]
        lines += _differences(results, lambda each: (each.groups, each.answers))
    if some.facts:
        lines += [f"{len(some.facts)} facts; facts kept.", ""]
        lines += _rows(results, lambda each: _mean(each.facts))
        lines += ["", f"Facts kept, minus *{_BASELINE}*, with 95 % intervals by message:", ""]
        lines += _differences(results, lambda each: (each.fact_groups, each.facts))
    lines += ["", "Share of words kept:", ""]
    lines += _rows(results, lambda each: f"{each.words:.2f}")
    lines += ["", "Words of a class kept at 0.60 of the tokens:", ""]
    return [*lines, *_classes(results, 0.60), ""]


def _mean(values: Sequence[float]) -> str:
    return f"{sum(values) / len(values):.3f}"


def _rows(results: Results, cell: Callable[[Measured], str]) -> list[str]:
    rates = list(next(iter(results.values())))
    lines = [
        "| method | " + " | ".join(f"{rate:.2f}" for rate in rates) + " |",
        "|---" * (len(rates) + 1) + "|",
    ]
    for name, by_rate in results.items():
        cells = " | ".join(cell(each) for each in by_rate.values())
        lines.append(f"| {name} | {cells} |")
    return lines


def _differences(
    results: Results, values: Callable[[Measured], tuple[list[str], list[float]]]
) -> list[str]:
    kept = {}
    for name, by_rate in results.items():
        if name == _BASELINE:
            continue
        cells = []
        for rate, each in by_rate.items():
            groups, ours = values(each)
            _, theirs = values(results[_BASELINE][rate])
            mean, low, high = paired_interval(groups, ours, theirs)
            cells.append(f"{mean:+.3f} [{low:+.3f}, {high:+.3f}]")
        kept[name] = cells
    rates = list(next(iter(results.values())))
    lines = [
        "| method | " + " | ".join(f"{rate:.2f}" for rate in rates) + " |",
        "|---" * (len(rates) + 1) + "|",
    ]
    return [*lines, *(f"| {name} | {' | '.join(cells)} |" for name, cells in kept.items())]


def _classes(results: Results, rate: float) -> list[str]:
    some = next(iter(results.values()))[rate]
    names = [name for name, (_, total) in some.classes.items() if total]
    lines = [
        "| method | " + " | ".join(f"{name} ({some.classes[name][1]})" for name in names) + " |",
        "|---" * (len(names) + 1) + "|",
    ]
    for method, by_rate in results.items():
        counts = by_rate[rate].classes
        cells = " | ".join(f"{counts[name][0] / counts[name][1]:.3f}" for name in names)
        lines.append(f"| {method} | {cells} |")
    return lines


def plot(results: Results, place: Path) -> None:
    """Draw answers kept by rate."""
    import matplotlib.pyplot as plt  # noqa: PLC0415 - an extra

    figure, axes = plt.subplots(figsize=(7, 4.5))
    for name, by_rate in results.items():
        values = [sum(each.answers) / len(each.answers) for each in by_rate.values()]
        style = "-o" if "student" in name or "stage" in name else "--."
        axes.plot(list(by_rate), values, style, label=name)
    axes.invert_xaxis()
    axes.set_xlabel("share of tokens kept")
    axes.set_ylabel("answers kept")
    axes.set_ylim(0, 1)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(place)
    plt.close(figure)
