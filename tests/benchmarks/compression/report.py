"""The report: a table per kind with both splits side by side, the worst documents, and a plot."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Final

from tests.benchmarks.compression.documents import KINDS
from tests.benchmarks.compression.scores import Mean, Score, mean, mean_of_kinds, worst
from tests.benchmarks.compression.systems import OURS, PEER, TRUNCATION, VERBATIM

__all__ = ("draw", "table", "worst_documents", "write_json")

_SYSTEMS: Final = (OURS, VERBATIM, TRUNCATION, PEER)
_HEADER: Final = f"{'docs':>5} {'saved':>7} {'must':>6} {'info':>6} {'sec':>7}"


def table(scores: Sequence[Score]) -> Iterator[str]:
    """Yield the lines of the table."""
    yield f"{'':8} {'':10}  {'dev':-^35}  {'test':-^35}"
    yield f"{'kind':8} {'system':10}  {_HEADER}  {_HEADER}"
    for kind in (*KINDS, "all"):
        for system in _SYSTEMS:
            own = [s for s in scores if s.system == system and kind in (s.kind, "all")]
            if own:
                average = mean_of_kinds if kind == "all" else mean
                columns = (
                    _columns(average([s for s in own if s.test is test])) for test in (False, True)
                )
                yield f"{kind:8} {system:10}  {'  '.join(columns)}"


def _columns(of: Mean) -> str:
    if not of.documents:
        return f"{'-':>5} {'-':>7} {'-':>6} {'-':>6} {'-':>7}"
    saved = f"{of.saved:.1%}" if of.saved is not None else "-"
    shares = f"{_share(of.must):>6} {_share(of.information):>6}"
    return f"{of.documents:5} {saved:>7} {shares} {of.seconds:7.1f}"


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def worst_documents(scores: Sequence[Score], count: int) -> Iterator[str]:
    """Yield our worst documents of each kind; those of the test split stay unseen."""
    for kind in KINDS:
        own = [s for s in scores if s.kind == kind and s.system == OURS and not s.test]
        for each in worst(own, count):
            yield (
                f"{kind:7} saved {each.saved:6.1%} must {_share(each.must)} "
                f"info {_share(each.information)}  {each.name}  ({each.label})"
            )


def write_json(scores: Sequence[Score], path: Path) -> None:
    """Write all means, and the scores of single documents of the dev split."""
    means = {
        f"{kind}/{system}/{split}": asdict(average(own))
        for kind in (*KINDS, "all")
        for system in _SYSTEMS
        for split, test in (("dev", False), ("test", True))
        for average in (mean_of_kinds if kind == "all" else mean,)
        if (
            own := [
                s
                for s in scores
                if s.system == system and s.test is test and kind in (s.kind, "all")
            ]
        )
    }
    documents = [asdict(each) | {"saved": each.saved} for each in scores if not each.test]
    path.write_text(json.dumps({"means": means, "documents": documents}, indent=1) + "\n")


def draw(scores: Sequence[Score], path: Path) -> None:
    """Plot tokens saved by must-recall: a point for each kind, a marker for each system."""
    import matplotlib as mpl  # noqa: PLC0415  # optional: the extra `bench`

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, axes = plt.subplots(figsize=(8, 5.5))
    for system, marker in zip(_SYSTEMS, "osD^", strict=True):
        for number, kind in enumerate(KINDS):
            of = mean([s for s in scores if s.system == system and s.kind == kind])
            if of.saved is None or of.must is None:
                continue
            axes.scatter(of.saved * 100, of.must, marker=marker, color=f"C{number}", s=60)
            axes.annotate(kind, (of.saved * 100, of.must), xytext=(5, 4),
                          textcoords="offset points", fontsize=8)  # fmt: skip
        axes.scatter([], [], marker=marker, color="gray", label=system)
    axes.set_xlim(-5, 100)
    axes.set_xlabel("tokens saved, %")
    axes.set_ylabel("must-recall")
    axes.grid(alpha=0.3)
    axes.legend(loc="lower left")
    figure.savefig(path, bbox_inches="tight", dpi=120)
