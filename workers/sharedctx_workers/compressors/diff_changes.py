"""Changes as a reader gets them: what is shown together, and as shortly as it can be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sharedctx.segments import REQUIRED
from sharedctx.tokens import Tokenizer
from sharedctx_workers.compressors.diff_parts import Part
from sharedctx_workers.compressors.diff_words import MAX_CHANGE, write_change

__all__ = ("merged", "rewritten")

_CHANGED = frozenset(("added line", "removed line"))
_JOINED = _CHANGED | {"context line"}


class _Bundle(NamedTuple):
    """The parts ``[first:stop]`` as one, which reads `text` or, if that is empty, as it stands."""

    first: int
    stop: int
    text: str = ""


def rewritten(text: str, parts: Sequence[Part], tokenizer: Tokenizer) -> list[Part]:
    """Return `parts` with one part for each change of words; see `sharedctx.decode_diff`."""
    bundles: list[_Bundle] = []
    for first, stop in _runs(parts):
        shown = _shown(text, parts, first, stop, tokenizer)
        bundles += [_Bundle(first, stop, shown)] if shown else map(_alone, range(first, stop))
    return list(_bundled(parts, bundles))


def merged(parts: Sequence[Part], size: int) -> list[Part]:
    """Return `parts` with lines of one unit joined while they are no longer than `size`.

    So the number of segments stays bounded, however large the diff.
    """
    bundles: list[_Bundle] = []
    for i, part in enumerate(parts):
        last = bundles[-1] if bundles else _alone(i)
        first = parts[last.first]
        joins = (
            last.stop == i
            and part.unit == first.unit
            and part.unit in _JOINED
            and not (part.text or first.text)
            and i - part.needs == last.first - first.needs
            and part.end - first.start <= size
        )
        if joins:
            bundles[-1] = last._replace(stop=i + 1)
        else:
            bundles.append(_alone(i))
    return list(_bundled(parts, bundles))


def _alone(place: int) -> _Bundle:
    return _Bundle(place, place + 1)


def _runs(parts: Sequence[Part]) -> Iterator[tuple[int, int]]:
    """Yield ``(first, stop)`` of changes, and of the parts between them one by one."""
    first = 0
    while first < len(parts):
        stop = first + 1
        if parts[first].unit in _CHANGED:
            while stop < len(parts) and parts[stop].unit in _CHANGED:
                stop += 1
        yield first, stop
        first = stop


def _shown(text: str, parts: Sequence[Part], first: int, stop: int, tokenizer: Tokenizer) -> str:
    """Return how a change reads in word marks; empty when it should stay as it stands."""
    header = parts[first - parts[first].needs]
    cut = first > 0 and parts[first - 1].unit == "char"
    if not 2 <= stop - first <= MAX_CHANGE or cut or parts[first].rank > REQUIRED:
        return ""
    lines = [text[part.start : part.end] for part in parts[first:stop]]
    count = sum(line.startswith("-") for line in lines)
    removed, added = lines[:count], lines[count:]
    is_plain = (
        text.startswith("@@ -", header.start)
        and all(line.startswith("-") for line in removed)
        and all(line.startswith("+") for line in added)
        and all(line.endswith("\n") for line in lines)
    )
    if not (is_plain and removed and added):
        return ""
    shown = list(write_change(removed, added, tokenizer))
    return "".join(shown) if len(shown) < len(lines) else ""


def _bundled(parts: Sequence[Part], bundles: Sequence[_Bundle]) -> Iterator[Part]:
    """Yield one part for each bundle. What `needs` counts becomes fewer by what is joined."""
    places: list[int] = []  # of each part, among those that are yielded
    for place, (first, stop, text) in enumerate(bundles):
        places += [place] * (stop - first)
        part = parts[first]
        needs = place - places[first - part.needs]
        if stop - first == 1:
            yield part._replace(needs=needs)
            continue
        yield part._replace(
            end=parts[stop - 1].end,
            unit="changed line" if text else part.unit,
            amount=sum(other.amount for other in parts[first:stop]),
            needs=needs,
            stand_in="",
            text=text,
        )
