"""JSON: the same data as compact lines and tables, rows ranked by how much they tell."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial

from sharedctx.decode import decode_values
from sharedctx.exact_json import Value, parse_spans
from sharedctx.segments import Document, Guarantee, Segment, Span
from sharedctx.tokens import Tokenizer
from sharedctx_workers.compressors.base import Compressor
from sharedctx_workers.compressors.counting import count_each
from sharedctx_workers.compressors.json_layout import lay_out
from sharedctx_workers.compressors.json_ranks import ENOUGH
from sharedctx_workers.compressors.json_strings import Strings

__all__ = ("JsonCompressor",)


class JsonCompressor:
    """Lossless compression of JSON objects and arrays, and of JSON lines.

    Args:
        readers: What long strings are offered to, in this order.
    """

    kind = "json"

    def __init__(self, readers: Sequence[Compressor] = ()) -> None:
        self._readers = tuple(readers)

    def document(self, text: str, tokenizer: Tokenizer) -> Document | None:
        """Return `text` as ranked lines; None unless all of it is JSON objects and arrays."""
        if text.lstrip("\ufeff \t\r\n")[:1] not in ("{", "["):
            return None
        try:
            values = _values_of(text)
        except ValueError:
            return None
        if not all(isinstance(value, (list, tuple)) for value, _, _ in values):
            return None
        strings = Strings(partial(self._document, tokenizer))
        lines = lay_out(text, values, strings)
        counts = count_each([line.text for line in lines], tokenizer)
        segments = []
        start = 0
        for i, (line, tokens) in enumerate(zip(lines, counts, strict=True)):
            segments.append(
                Segment(
                    text=line.text,
                    rank=line.rank,
                    tokens=tokens,
                    span=Span(start, line.end),
                    unit=line.unit,
                    first=line.first,
                    count=line.amount,
                    needs=i - line.parent if line.parent >= 0 else 0,
                )
            )
            start = line.end
        return Document(
            tuple(segments),
            self.kind,
            Guarantee.LOSSLESS,
            Guarantee.EXTRACTIVE,
            enough=ENOUGH,
            basis=strings.basis and strings.basis + tokenizer.count(text),
        )

    def _document(self, tokenizer: Tokenizer, text: str) -> Document | None:
        """Return a string as what the first reader that accepts it makes of it."""
        documents = (reader.document(text, tokenizer) for reader in self._readers)
        return next((document for document in documents if document is not None), None)

    def same_data(self, original: str, whole: str) -> bool:
        """Whether `whole` decodes to the values of `original`, to the last digit."""
        try:
            return [value for value, _, _ in _values_of(original)] == decode_values(whole)
        except ValueError:
            return False


@lru_cache(maxsize=1)
def _values_of(text: str) -> list[tuple[Value, int, int]]:
    """Return what `parse_spans` does. The last answer is remembered: it is verified next."""
    return parse_spans(text)
