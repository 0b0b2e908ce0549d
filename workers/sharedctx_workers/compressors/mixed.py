"""Mixed documents: reports and chats with JSON, listings, tables or code between their prose."""

from __future__ import annotations

from collections.abc import Sequence

from sharedctx.segments import Document
from sharedctx.tokens import Tokenizer
from sharedctx_workers.compressors.base import Compressor
from sharedctx_workers.compressors.mixed_documents import Piece, combine, pieces_of, says_all

__all__ = ("MixedCompressor",)

_MIN_SHARE = 4  # one part in so many has to be of another kind than prose


class MixedCompressor:
    """Compression part by part, each by the compressor for its kind.

    Args:
        compressors: What the parts are offered to, in this order.
        lenient: What whole turns of a conversation and outputs of commands are offered to then.
    """

    kind = "mixed"

    def __init__(
        self, compressors: Sequence[Compressor], lenient: Sequence[Compressor] = ()
    ) -> None:
        self._compressors = tuple(compressors)
        self._lenient = tuple(lenient)

    def document(self, text: str, tokenizer: Tokenizer) -> Document | None:
        """Return `text` as one document; None unless it has large parts of other kinds."""
        pieces = pieces_of(text, self._compressors, tokenizer, self._lenient)
        if _MIN_SHARE * sum(map(_size, pieces)) < len(text) or len(pieces) < 2:
            return None
        return combine(text, pieces, tokenizer, self.kind, composed=True)

    def same_data(self, original: str, whole: str) -> bool:
        """Whether `whole` is the prose of `original`, and of each part what says all of it."""
        return says_all(original, whole, self._compressors, self._lenient)


def _size(piece: Piece) -> int:
    """Return how many characters of a piece are of another kind than prose."""
    if piece.compressor is None:
        return 0
    return piece.place.end - piece.place.start
