"""JSON: the same data as compact lines and tables, rows ranked by how much they tell."""

from __future__ import annotations

from sharedctx.decode import decode_values
from sharedctx.exact_json import parse, parse_spans
from sharedctx.segments import Document, Guarantee, Segment, Span
from sharedctx.tokens import Tokenizer
from sharedctx_workers.compressors.json_layout import lay_out

__all__ = ("JsonCompressor",)


class JsonCompressor:
    """Lossless compression of JSON objects and arrays, and of JSON lines."""

    kind = "json"

    def document(self, text: str, tokenizer: Tokenizer) -> Document | None:
        """Return `text` as ranked lines; None unless all of it is JSON objects and arrays."""
        if text.lstrip("\ufeff \t\r\n")[:1] not in ("{", "["):
            return None
        try:
            values = parse_spans(text)
        except ValueError:
            return None
        if not all(isinstance(value, (list, tuple)) for value, _, _ in values):
            return None
        segments = []
        start = 0
        for line in lay_out(text, values):
            segments.append(
                Segment(
                    text=line.text,
                    rank=line.rank,
                    tokens=tokenizer.count(line.text),
                    span=Span(start, line.end),
                    unit=line.unit,
                    first=line.first,
                    count=line.amount,
                    needs=line.needs,
                )
            )
            start = line.end
        return Document(tuple(segments), self.kind, Guarantee.LOSSLESS, Guarantee.EXTRACTIVE)

    def same_data(self, original: str, whole: str) -> bool:
        """Whether `whole` decodes to the values of `original`, to the last digit."""
        try:
            return parse(original) == decode_values(whole)
        except ValueError:
            return False
