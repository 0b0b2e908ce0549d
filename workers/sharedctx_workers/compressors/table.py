"""Tables: header and a summary of the columns, then rows as they stand, the telling ones first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sharedctx.notes import unescape_notes
from sharedctx.plain import split_lines, split_long
from sharedctx.segments import EXTRA, REQUIRED, Document, Guarantee, Segment, Span
from sharedctx.tokens import Tokenizer
from sharedctx_workers.compressors.table_parse import Table, find_table
from sharedctx_workers.compressors.table_ranks import rank_rows
from sharedctx_workers.compressors.table_summary import summarize

__all__ = ("TableCompressor",)

_MAX_SEGMENTS = 50_000
_MAX_HEAD = 600
_MAX_PREAMBLE = 600  # characters that are kept with the header
_LONG = 1_000
_FIRST = REQUIRED - 1  # rank of the header; without it no row can be shown
_PART = 400


class _Piece(NamedTuple):
    start: int
    end: int
    rank: float
    unit: str = "row"
    first: int = 0
    amount: int = 1
    needs: int = 0


class TableCompressor:
    """Compression of CSV, TSV, Markdown tables, and listings in columns such as ``ps`` prints.

    The header comes with one line that counts the rows and tells the range or the values of each
    column. It is the only text that the original does not have.
    """

    kind = "table"

    def document(self, text: str, tokenizer: Tokenizer) -> Document | None:
        """Return `text` as header and rows; None unless it is a table."""
        table = find_table(text)
        if table is None:
            return None
        summary = summarize(text, table)
        size = tokenizer.count(summary)
        segments = [Segment(summary, REQUIRED, size, Span(0, 0), EXTRA, count=0)]
        for piece in _pieces(text, table):
            source = text[piece.start : piece.end]
            segments.append(
                Segment(
                    text=source,
                    rank=piece.rank,
                    tokens=tokenizer.count(source),
                    span=Span(piece.start, piece.end),
                    unit=piece.unit,
                    first=piece.first,
                    count=piece.amount,
                    needs=piece.needs,
                )
            )
        return Document(tuple(segments), self.kind, Guarantee.LOSSLESS, Guarantee.EXTRACTIVE)

    def same_data(self, original: str, whole: str) -> bool:
        """Whether `whole` is the true summary of `original` and then `original`, to the letter."""
        table = find_table(original)
        return table is not None and unescape_notes(whole) == summarize(original, table) + original


def _pieces(text: str, table: Table) -> Iterator[_Piece]:
    """Yield what precedes the table, its header and its rows, in pieces where they are long."""
    place = -1
    top = table.top if table.top > _MAX_PREAMBLE else 0
    for place, (start, end) in enumerate(_preamble(text, top)):
        yield _Piece(start, end, 0.01 if place == 0 else 0.12 + place * 1e-6, "line")
    header = place = place + 1
    heads = list(split_long(text, top, table.head, _MAX_HEAD))
    for i, (start, end) in enumerate(heads):
        yield _Piece(
            start,
            end,
            0.01 * i if i else _FIRST,
            "line",
            amount=int(not i and table.head > top),
            needs=i,
        )
    place += len(heads)
    grain = len(text) // _MAX_SEGMENTS
    first, start, rank = 0, table.head, 1.0
    for i, (row, own) in enumerate(zip(table.rows, rank_rows(text, table), strict=True)):
        rank = min(rank, own)
        if row.end - start < grain and i + 1 < len(table.rows):
            continue
        count = i + 1 - first
        for piece in _row(
            text, start, row.end, _Piece(0, 0, 0.001 + rank, "row", first + 1, count)
        ):
            yield piece._replace(needs=piece.needs or place - header)
            place += 1
        first, start, rank = i + 1, row.end, 1.0


def _preamble(text: str, end: int) -> Iterator[tuple[int, int]]:
    """Yield the lines before a table, in pieces where they are long."""
    for start, stop in split_lines(text[:end]):
        yield from split_long(text, start, stop, _PART)


def _row(text: str, start: int, end: int, piece: _Piece) -> Iterator[_Piece]:
    """Yield rows as one piece, or one very long row as several."""
    if piece.amount > 1 or end - start <= _LONG:
        yield piece._replace(start=start, end=end)
        return
    parts = list(split_long(text, start, end, _PART))
    for at, (begin, stop) in enumerate(parts):
        if at == 0:
            yield piece._replace(start=begin, end=stop)
        else:
            late = piece.rank + 0.1 + 0.4 * at / len(parts)
            yield _Piece(begin, stop, late, "char", 0, stop - begin, at)
