"""The stored form of a `Document`: columns of numbers, and text only where it is not the span.

With the original in hand a client rebuilds the document from it and renders any other view.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
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


def _whole(values: Any, n: int, least: int = 0) -> list[int]:
    """Return `values` if they are a column of `n` whole numbers."""
    if type(values) is not list or len(values) != n or not set(map(type, values)) <= {int}:
        raise ValueError("a column is malformed")
    if min(values, default=least) < least:
        raise ValueError("a column holds a number out of range")
    return values


def _from_runs(runs: Any, n: int, *types: type) -> list[Any]:
    """Return the column of `n` values of these types that `runs` encode."""
    if type(runs) is not list:
        raise ValueError("a column is malformed")
    values, lengths = runs[::2], _whole(runs[1::2], len(runs) // 2)
    # Before it is expanded: a run of a million million is written in a few bytes.
    if sum(lengths) != n or not set(map(type, values)) <= set(types):
        raise ValueError("a column is malformed")
    return [value for value, length in zip(values, lengths, strict=True) for _ in range(length)]


def _texts(values: Any) -> dict[int, str]:
    """Return `values` if they are texts of some of the segments."""
    if type(values) is not dict or not set(map(type, values.values())) <= {str}:
        raise ValueError("the texts are malformed")
    return values


def _lists(values: Any) -> dict[int, tuple[str, ...]]:
    """Return `values` if they are lists of texts of some of the segments."""
    if type(values) is not dict or not set(map(type, values.values())) <= {list}:
        raise ValueError("the lists of texts are malformed")
    return {i: tuple(map(_text, texts)) for i, texts in values.items()}


def _number(value: Any) -> float:
    if type(value) not in {int, float} or math.isnan(value):
        raise ValueError("a number is malformed")
    return float(value)


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
        "abridged": _verbatim(document, original),
        "texts": own_text,
        "stand_ins": {i: s.stand_in for i, s in enumerate(segments) if s.stand_in},
        "mentions": {i: list(s.mentions) for i, s in enumerate(segments) if s.mentions},
        "notes": {i: s.note for i, s in enumerate(segments) if s.note},
    }
    packed: bytes = msgpack.packb(columns, unicode_errors="surrogatepass")
    return packed


def _verbatim(document: Document, original: str) -> dict[int, str | None]:
    """Return how abridged segments read with all their words; None where that is the span."""
    return {
        index: None if segment.verbatim == original[slice(*segment.span)] else segment.verbatim
        for index, segment in enumerate(document.segments)
        if segment.verbatim
    }


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


def _decode(columns: dict[str, Any], original: str) -> Document:
    n = len(columns["ends"])
    lengths = _whole(columns["ends"], n)
    tokens, firsts = _whole(columns["tokens"], n), _whole(columns["firsts"], n)
    ranks, units = _from_runs(columns["ranks"], n, int, float), _from_runs(columns["units"], n, str)
    counts, needs, stands_for, told_by = (
        _whole(_from_runs(columns[name], n, int), n)
        for name in ("counts", "needs", "stands_for", "told_by")
    )
    texts, stand_ins = _texts(columns["texts"]), _texts(columns["stand_ins"])
    notes = _texts(columns.get("notes", {}))
    mentions = _lists(columns.get("mentions", {}))
    abridged = columns.get("abridged", {})
    spelled_out = _texts({i: text for i, text in abridged.items() if text is not None})
    (start,) = _whole([columns["start"]], 1)
    if start + sum(lengths) > len(original) or columns["n"] != n:
        raise ValueError("it is not of this original")
    if any(
        need > i or max(told + 1, stand) > n - i
        for i, (need, told, stand) in enumerate(zip(needs, told_by, stands_for, strict=True))
    ):
        raise ValueError("a segment refers to one that is not there")
    segments = []
    for i, length in enumerate(lengths):
        end = start + length
        segments.append(
            Segment(
                text=texts[i] if i in texts else original[start:end],
                rank=_number(ranks[i]),
                tokens=tokens[i],
                span=Span(start, end),
                unit=units[i],
                first=firsts[i],
                count=counts[i],
                stand_in=stand_ins.get(i, ""),
                note=notes.get(i, ""),
                mentions=mentions.get(i, ()),
                needs=needs[i],
                stands_for=stands_for[i],
                told_by=told_by[i],
                verbatim=spelled_out.get(i, original[start:end] if i in abridged else ""),
            )
        )
        start = end
    return Document(
        segments=tuple(segments),
        kind=_text(columns["kind"]),
        whole=Guarantee(columns["whole"]),
        partial=Guarantee(columns["partial"]),
        note_style=_note_style(columns["note"]),
        enough=_number(columns.get("enough", math.inf)),
        basis=_whole([columns.get("basis", 0)], 1)[0],
    )


def _text(value: Any) -> str:
    if type(value) is not str:
        raise ValueError("a text is malformed")
    return value


def _note_style(values: Any) -> NoteStyle:
    before, after, *implied = map(_text, values)
    return NoteStyle(before, after, tuple(implied))
