"""Token counts of many short texts, several times faster than one by one."""

from __future__ import annotations

from collections.abc import Sequence

from sharedctx.tokens import Tokenizer

__all__ = ("count_each",)

_EXACT = 512
_STRETCH, _BLOCK = 256, 32


def count_each(texts: Sequence[str], tokenizer: Tokenizer) -> list[int]:
    """Return the token count of each of `texts`, which follow one another in a document.

    The counts of many texts are estimates: some blocks of neighbors are counted, and every text
    of the same stretch gets its share by length.
    """
    if len(texts) <= _EXACT:
        return [tokenizer.count(text) for text in texts]
    counts: list[int] = []
    size = given = 0.0
    for at in range(0, len(texts), _STRETCH):
        sample = "".join(texts[at : at + _BLOCK])
        ratio = tokenizer.count(sample) / max(1, len(sample))
        for text in texts[at : at + _STRETCH]:
            size += ratio * len(text)
            counts.append(max(1, round(size - given)))
            given += counts[-1]
    return counts
