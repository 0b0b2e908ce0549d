"""The report of a replay: tables, JSON, a plot."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

from tests.benchmarks.handoff.replay import Outcome
from tests.benchmarks.handoff.sums import Moved, fidelity, moved, moved_by_kind, reads, times

__all__ = ("cost", "draw", "lines", "write_json")

_TIMES: Final = {
    "put": "put, until it is durable",
    "ready": "put, until the rendition is in hand",
    "get": "get of the rendition",
    "publish": "publish of the original instead",
    "fetch": "fetch of the original instead",
}
_READS: Final = {
    "query": "question (query=)",
    "full after query": "original, as no view told the fact (full=)",
    "lines": "span of lines, in any case (lines=)",
    "full": "original, in any case (full=)",
}
_INK, _MUTED, _LINE, _PAGE = "#16202c", "#55616f", "#dbe1e7", "#ffffff"
_WITHOUT, _WITH, _FOLLOWUPS = "#8b96a3", "#0b7a6b", "#e0973e"


def cost(tokens: int, usd_per_million: float) -> float:
    """Return what `tokens` cost in US dollars."""
    return tokens * usd_per_million / 1_000_000


def lines(outcomes: Sequence[Outcome], input_price: float | None) -> Iterator[str]:
    """Yield the lines of the report."""
    head = f"{'kind':8} {'handoffs':>8} {'contents':>8} {'without':>11} {'rendition':>10}"
    yield f"{head} {'follow-up':>10} {'with':>10} {'ratio':>6}"
    for kind, each in moved_by_kind(outcomes).items():
        yield (
            f"{kind:8} {each.handoffs:8} {each.contents:8} {each.without:11,} "
            f"{each.renditions:10,} {each.followups:10,} {each.with_it:10,} {each.ratio:6.1%}"
        )
    yield ""
    yield from _followups(outcomes)
    yield ""
    yield from _facts(outcomes)
    yield ""
    yield f"{'milliseconds':42} {'count':>6} {'p50':>8} {'p95':>8}"
    for name, (count, median, high) in times(outcomes).items():
        yield f"{_TIMES[name]:42} {count:6} {median:8.2f} {high:8.2f}"
    total = moved(outcomes)
    yield ""
    yield (
        f"text moved into contexts: {total.bytes_without / 1e6:.2f} MB without, "
        f"{total.bytes_with / 1e6:.2f} MB with ({total.bytes_with / total.bytes_without:.1%})"
    )
    if input_price is not None:
        without, with_it = cost(total.without, input_price), cost(total.with_it, input_price)
        yield (
            f"at {input_price:g} USD per million input tokens, each token read once: "
            f"{without:.2f} USD without, {with_it:.2f} USD with"
        )


def _followups(outcomes: Sequence[Outcome]) -> Iterator[str]:
    needed = sum(any("query" in read.how for read in each.reads) for each in outcomes)
    yield f"{'follow-ups':42} {'count':>6} {'tokens':>10}"
    found = reads(outcomes)
    for how, words in _READS.items():
        count, tokens = found.get(how, (0, 0))
        yield f"{words:42} {count:6} {tokens:10,}"
    asked = sum(each.asked_tokens for each in outcomes)
    yield f"{'keys in messages, and questions written':42} {'':6} {asked:10,}"
    yield f"{needed} of {len(outcomes)} receivers had to ask"


def _facts(outcomes: Sequence[Outcome]) -> Iterator[str]:
    yield f"{'facts':8} {'asked':>6} {'in the rendition':>17} {'or after a question':>20}"
    for name, must in (("must", True), ("detail", False)):
        told = fidelity(outcomes, must=must)
        if told.asked:
            first, then = told.rendition / told.asked, told.query / told.asked
            yield f"{name:8} {told.asked:6} {first:17.1%} {then:20.1%}"


def write_json(
    outcomes: Sequence[Outcome], input_price: float | None, settings: dict[str, Any], path: Path
) -> None:
    """Write all sums, and what each handoff cost."""
    sums = moved_by_kind(outcomes)
    figures = {
        **settings,
        "moved": {
            kind: {**asdict(each), "with": each.with_it, "ratio": each.ratio}
            for kind, each in sums.items()
        },
        "followups": reads(outcomes),
        "facts": {
            "must": asdict(fidelity(outcomes, must=True)),
            "detail": asdict(fidelity(outcomes, must=False)),
        },
        "times_ms": times(outcomes),
        "handoffs": [
            {
                "from": each.handoff.sender,
                "to": each.handoff.receiver,
                "key": each.handoff.content.key,
                "kind": each.handoff.content.kind,
                "again": each.handoff.again,
                "without": each.original_tokens,
                "with": each.tokens,
            }
            for each in outcomes
        ],
    }
    if input_price is not None:
        total = sums["all"]
        figures["usd_without"] = cost(total.without, input_price)
        figures["usd_with"] = cost(total.with_it, input_price)
    path.write_text(json.dumps(figures, indent=1) + "\n")


def draw(outcomes: Sequence[Outcome], path: Path) -> None:
    """Plot the tokens that were moved: as the replay goes on, and kind by kind."""
    import matplotlib as mpl  # noqa: PLC0415  # optional: the extra `bench`

    mpl.use("Agg")
    mpl.rcParams |= {
        "font.size": 9, "svg.fonttype": "path", "svg.hashsalt": "handoff", "text.color": _INK,
        "axes.edgecolor": _LINE, "axes.labelcolor": _MUTED, "xtick.color": _MUTED,
        "ytick.color": _MUTED, "axes.spines.top": False, "axes.spines.right": False,
    }  # fmt: skip
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, (left, right) = plt.subplots(
        1, 2, figsize=(9, 3.1), width_ratios=(1.15, 1), facecolor=_PAGE, layout="constrained"
    )
    _draw_course(left, outcomes)
    _draw_kinds(right, moved_by_kind(outcomes))
    left.legend(*right.get_legend_handles_labels(), loc="upper left", frameon=False)
    figure.savefig(path, dpi=140, metadata={"Date": None} if path.suffix == ".svg" else None)


def _draw_course(axes: Any, outcomes: Sequence[Outcome]) -> None:
    """Plot the tokens moved up to each handoff."""
    numbers = range(1, len(outcomes) + 1)
    without = list(accumulate(each.original_tokens / 1e6 for each in outcomes))
    renditions = list(accumulate(each.rendition_tokens / 1e6 for each in outcomes))
    with_it = list(accumulate(each.tokens / 1e6 for each in outcomes))
    axes.fill_between(numbers, renditions, color=_WITH, alpha=0.75, lw=0)
    axes.fill_between(numbers, renditions, with_it, color=_FOLLOWUPS, alpha=0.75, lw=0)
    axes.plot(numbers, without, color=_WITHOUT, lw=2)
    axes.plot(numbers, with_it, color=_INK, lw=1.2)
    axes.set(xlim=(0, len(outcomes)), ylim=(0, None), xlabel="handoffs")
    axes.set_title("Million tokens moved into contexts", loc="left", fontsize=10, color=_INK)
    place = len(outcomes) * 2 // 3
    axes.annotate(f"without: {without[-1]:.2f} M", (place, without[place]), xytext=(-8, 4),
                  textcoords="offset points", ha="right", color=_MUTED, weight="bold")  # fmt: skip
    axes.annotate(f"with: {with_it[-1]:.2f} M", (place, with_it[place]), xytext=(-8, 6),
                  textcoords="offset points", ha="right", color=_INK, weight="bold")  # fmt: skip


def _draw_kinds(axes: Any, sums: dict[str, Moved]) -> None:
    """Plot renditions and follow-ups of each kind as a share of the originals."""
    kinds = list(reversed(sums))
    first = [100 * sums[kind].renditions / sums[kind].without for kind in kinds]
    more = [100 * sums[kind].followups / sums[kind].without for kind in kinds]
    axes.barh(kinds, first, color=_WITH, label="renditions", height=0.68)
    axes.barh(
        kinds, more, left=first, color=_FOLLOWUPS, label="questions and further reads", height=0.68
    )
    for place, kind in enumerate(kinds):
        axes.text(first[place] + more[place] + 1, place, f"{100 * sums[kind].ratio:.0f} %",
                  va="center", color=_INK, weight="bold" if kind == "all" else None)  # fmt: skip
    axes.axvline(100, color=_WITHOUT, lw=2)
    axes.set(xlim=(0, 1.12 * max(100, *(100 * each.ratio for each in sums.values()))))
    axes.tick_params(axis="y", length=0)
    axes.set_title("Share of the original's tokens, %", loc="left", fontsize=10, color=_INK)
