"""What has to survive when words are dropped from a sentence, however it was done.

The verification gate asks this module about every abridged sentence. It finds numbers, names,
paths, quotations, negations and their like with patterns of its own, so that a fault of the rules
that protect words does not go unnoticed.
"""

from __future__ import annotations

import re

__all__ = ("find_loss",)

_NEEDED = re.compile(
    r"`[^`\n]{1,200}`|\"[^\"\n]{1,200}\"|“[^”\n]{1,200}”"  # quotations
    r"|\b[A-Za-z][A-Za-z0-9+.-]*://[^\s<>\"]+"
    r"|(?<![\w/.~-])[\w.@~-]*/[\w.@~/-]*\w"  # paths
    r"|(?<![\w-])--?[A-Za-z][\w-]*"  # flags
    r"|\b\w*(?:_\w+)+\b|\b\w*[a-z][A-Z]\w*\b|\b[A-Z]{2,}\w*\b|\b\w+\(\)|\b\w+(?:\.\w+)+\b"  # names
    r"|(?<=[a-z,;] )[A-Z][a-z]+\b"
    r"|\d[\d.,:]*\d(?: ?(?:%|[kKMGT]i?B\b|[mµn]?s\b))?|\d+(?: ?(?:%|[kKMGT]i?B\b|[mµn]?s\b))?"
    r"|\b(?i:not|never|no|none|nothing|neither|nor|without|cannot|unless|except|only|if|must|should"
    r"|shall|may|might|could|before|after|until|since|instead|per|than|\w+n['’]t)\b"
)


def find_loss(source: str, abridged: str) -> str | None:
    """Return what `abridged` lost of the sentence `source` although it is needed, or None.

    Also what it holds that is not of `source` in that order is a loss.
    """
    place = 0
    for character in abridged:
        place = source.find(character, place) + 1
        if not place:
            return abridged
    place = 0
    for found in _NEEDED.finditer(source):
        at = abridged.find(found[0], place)
        if at < 0:
            return found[0]
        place = at + len(found[0])
    return None
