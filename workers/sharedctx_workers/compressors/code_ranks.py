"""How soon a reader of code needs each piece of it.

Imports, signatures, constants and the opening lines of types name the structure and are always
kept; then first lines of documentation, fields, and what a module does when it is loaded; then
short bodies. That is enough of a file to know what to read in it. Longer bodies follow for those
who ask for more, comments, and at last licenses and code that is commented out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from sharedctx.salience import looks_wrong, spread
from sharedctx.segments import REQUIRED
from sharedctx_workers.compressors.code_pieces import OUTLINE, Piece
from sharedctx_workers.compressors.code_roles import Role

__all__ = ("enough_of", "rank_pieces")

_ORDER = {
    Role.GROUP: 0.5,
    Role.DOC: 1.0,
    Role.FIELD: 1.2,
    Role.STATEMENT: 1.6,
    Role.BODY: 4.0,
    Role.DATA: 5.0,
    Role.DOC_REST: 6.0,
    Role.COMMENT: 6.5,
    Role.DEAD: 8.0,
    Role.PART: 10.0,
}
_SHORT_BODY = 200
_SHORT_BODIES = 2.7
_ENOUGH = 3.9
# What is enough must be this share of a text at least: of one that is hardly more than a few long
# bodies, the bodies are shown.
_LEAST = 0.1
_BIG = 4_000


def rank_pieces(text: str, pieces: Sequence[Piece]) -> list[float]:
    """Return the rank of each of `pieces` of `text`."""
    even = spread(len(pieces))
    return [
        REQUIRED if piece.role in OUTLINE else _rank(text, piece, even[place])
        for place, piece in enumerate(pieces)
    ]


def enough_of(pieces: Sequence[Piece], ranks: Sequence[float]) -> float:
    """Return the rank beyond which a reader has what tells what to read."""
    size = shown = 0
    for piece, rank in zip(pieces, ranks, strict=True):
        size += piece.end - piece.start
        shown += piece.end - piece.start if rank <= _ENOUGH else len(piece.stand_in)
    return _ENOUGH if shown >= _LEAST * size else math.nextafter(_ORDER[Role.PART], 0.0)


def _rank(text: str, piece: Piece, even: float) -> float:
    source = text[piece.start : piece.end]
    size = min(len(source), _BIG) / _BIG
    rank = _ORDER[piece.role] + 0.3 * even + 0.3 * size + 0.1 * min(piece.depth, 4)
    if piece.role is Role.BODY:
        if len(source) <= _SHORT_BODY and piece.mark is not None and piece.stands_for == 1:
            return rank - _ORDER[Role.BODY] + _SHORT_BODIES
        rank -= 0.1 * looks_wrong(source)
    return rank
