"""How soon a reader of code needs each piece of it.

Imports, signatures and the opening lines of types name the structure and come first; then first
lines of documentation, fields and constants; then bodies, those of public names first and spread
over the text; comments, and at last licenses and code that is commented out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sharedctx.salience import looks_wrong, spread
from sharedctx.segments import REQUIRED
from sharedctx_workers.compressors.code_pieces import Piece, Role

__all__ = ("outline_share", "rank_pieces")

_ORDER = {
    Role.IMPORT: 0.2,
    Role.HEADER: 0.1,
    Role.DOC: 1.0,
    Role.SIGNATURE: 0.6,
    Role.CONSTANT: 0.8,
    Role.FIELD: 1.2,
    Role.STATEMENT: 1.6,
    Role.BODY: 3.0,
    Role.DATA: 4.0,
    Role.DOC_REST: 5.0,
    Role.COMMENT: 5.5,
    Role.DEAD: 8.0,
}
_OUTLINE = frozenset((Role.IMPORT, Role.HEADER))
_PRIVATE = re.compile(r"\b(?:private|static inline|_\w+ ?\(|def _|fn _)")
_BIG = 4_000


def outline_share(pieces: Sequence[Piece]) -> float:
    """Return the share of the text that imports and headers are."""
    total = pieces[-1].end - pieces[0].start if pieces else 0
    outline = sum(piece.end - piece.start for piece in pieces if piece.role in _OUTLINE)
    return outline / total if total else 0.0


def rank_pieces(text: str, pieces: Sequence[Piece], *, outline_first: bool) -> list[float]:
    """Return the rank of each piece.

    Args:
        text: The source code.
        pieces: Its pieces.
        outline_first: Whether the outline is small enough to be `REQUIRED`.
    """
    even = spread(len(pieces))
    ranks: list[float] = []
    for place, piece in enumerate(pieces):
        if piece.role in _OUTLINE and outline_first:
            rank = REQUIRED
        elif (
            piece.role in _OUTLINE and piece.header >= 0 and pieces[piece.header].role is piece.role
        ):
            # What closes a header comes right after it.
            rank = ranks[piece.header] + (0.1 if _has_words(text, piece) else 0.0)
        else:
            rank = _ORDER[piece.role] + _within(text, piece, even[place])
        ranks.append(rank)
    return ranks


def _has_words(text: str, piece: Piece) -> bool:
    return any(char.isalnum() for char in text[piece.start : piece.end])


def _within(text: str, piece: Piece, even: float) -> float:
    """Return what counts among pieces of one role, less than 2.0 in all."""
    source = text[piece.start : piece.end]
    size = min(len(source), _BIG) / _BIG
    rank = 0.3 * even + 0.3 * size + 0.1 * min(piece.depth, 4)
    if piece.role is Role.BODY:
        rank -= 0.3 * looks_wrong(source)
    if piece.role in _OUTLINE:
        rank += 0.2 * bool(_PRIVATE.search(source[:400]))
    return rank
