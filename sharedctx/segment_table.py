"""The stored form of a `Document`: columns of numbers, and text only where it is not the span.

With the original in hand a client rebuilds the document from it and renders any other view.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgpack

from sharedctx.errors import CorruptEntry
from sharedctx.segments import Document, Guarantee, NoteStyle, Segment, Span

__all__ = ("decode_document", "encode_document")

_T = TypeVar("_T")


def _runs(values: Sequence[_T]) -> list[_T | int]:
    """Run-length encode, as ``[value, length, value, length, ...]``."""
    runs: list[_T | int] = []
    for value in values:
        if runs and runs[-2] == value:
            runs[-1] += 1  # type: ignore[operator]  # odd places hold lengths
        else:
            runs += [value, 1]
    return runs


def _from_runs(runs: Sequence[Any], expected: int) -> list[Any]:
    lengths = runs[1::2]
    # Each for itself: a negative one would hide another of any size.
    if sum(lengths) != expected or not all(0 <= length <= expected for length in lengths):
        raise ValueError("a column has the wrong length")
    return [
        value for value, length in zip(runs[::2], runs[1::2], strict=True) for _ in range(length)
    ]


def encode_document(document: Document, original: str) -> bytes:
    """Return the stored form of `document`, a document made from `original`."""
    segments, style = document.segments, document.note_style
    own_text = {
        index: segment.text
        for index, segment in enumerate(segments)
        if segment.text != original[segment.span.start : segment.span.end]
    }
    columns = {
        "n": len(segments),
        "kind": document.kind,
        "whole": document.whole.value,
        "partial": document.partial.value,
        "note": [style.before, style.after, *style.implied],
        "enough": document.enough,
        "basis": document.basis,
        "start": segments[0].span.start if segments else 0,
        "ends": [segment.span.end - segment.span.start for segment in segments],
        "ranks": _runs([segment.rank for segment in segments]),
        "tokens": [segment.tokens for segment in segments],
        "units": _runs([segment.unit for segment in segments]),
        "firsts": [segment.first for segment in segments],
        "counts": _runs([segment.count for segment in segments]),
        "needs": _runs([segment.needs for segment in segments]),
        "stands_for": _runs([segment.stands_for for segment in segments]),
        "told_by": _runs([segment.told_by for segment in segments]),
        "texts": own_text,
        "stand_ins": {i: s.stand_in for i, s in enumerate(segments) if s.stand_in},
        "notes": {i: s.note for i, s in enumerate(segments) if s.note},
    }
    packed: bytes = msgpack.packb(columns, unicode_errors="surrogatepass")
    return packed


def decode_document(table: bytes, original: str) -> Document:
    """Invert `encode_document`.

    Raises:
        CorruptEntry: `table` is damaged, or is not of a document made from `original`.
    """
    try:
        columns = msgpack.unpackb(table, unicode_errors="surrogatepass", strict_map_key=False)
        return _decode(columns, original)
    except (ValueError, TypeError, KeyError, IndexError, msgpack.UnpackException) as error:
        raise CorruptEntry(f"The stored segment table is not readable: {error}.") from error


def _check(columns: dict[str, Any], original: str) -> None:
    """Raise for numbers and texts that no compressor writes and the renderer does not expect."""
    whole = [columns["start"], *columns["ends"], *columns["tokens"], *columns["firsts"]]
    for name in ("counts", "needs", "stands_for", "told_by"):
        whole += columns[name]
    texts = [columns["kind"], *columns["note"], *columns["units"][::2]]
    for name in ("texts", "stand_ins", "notes"):
        texts += columns.get(name, {}).values()
    if not all(type(number) is int and number >= 0 for number in whole):
        raise ValueError("a number is not one")
    if not all(type(text) is str for text in texts):
        raise ValueError("a text is not one")
    if not all(
        type(rank) in {int, float} and not math.isnan(rank) for rank in columns["ranks"][::2]
    ):
        raise ValueError("a rank is not a number")
    if columns["start"] + sum(columns["ends"]) > len(original):
        raise ValueError("it is of a longer original")


def _decode(columns: dict[str, Any], original: str) -> Document:
    _check(columns, original)
    n = len(columns["ends"])
    column: Callable[[str], list[Any]] = lambda name: _from_runs(columns[name], n)  # noqa: E731
    ranks, units, counts = column("ranks"), column("units"), column("counts")
    needs, stands_for, told_by = column("needs"), column("stands_for"), column("told_by")
    texts, stand_ins, notes = columns["texts"], columns["stand_ins"], columns.get("notes", {})
    before, after, *implied = columns["note"]
    segments = []
    start = columns["start"]
    for i in range(n):
        end = start + columns["ends"][i]
        segments.append(
            Segment(
                text=texts[i] if i in texts else original[start:end],
                rank=ranks[i],
                tokens=columns["tokens"][i],
                span=Span(start, end),
                unit=units[i],
                first=columns["firsts"][i],
                count=counts[i],
                stand_in=stand_ins.get(i, ""),
                note=notes.get(i, ""),
                needs=needs[i],
                stands_for=stands_for[i],
                told_by=told_by[i],
            )
        )
        start = end
    for i, segment in enumerate(segments):
        if segment.needs > i or max(segment.told_by + 1, segment.stands_for) > n - i:
            raise ValueError("a segment refers to one that is not there")
    return Document(
        segments=tuple(segments),
        kind=columns["kind"],
        whole=Guarantee(columns["whole"]),
        partial=Guarantee(columns["partial"]),
        note_style=NoteStyle(before, after, tuple(implied)),
        enough=columns.get("enough", math.inf),
        basis=columns.get("basis", 0),
    )
