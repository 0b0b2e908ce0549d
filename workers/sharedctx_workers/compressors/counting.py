"""Token counts of many short texts, several times faster than one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sharedctx.tokens import Tokenizer

__all__ = ("count_each", "estimate")

_EXACT = 512
_BLOCK = 32
_SLICES, _SLICE = 16, 1_000


def count_each(texts: Sequence[str], tokenizer: Tokenizer) -> list[int]:
    """Return the token count of each of `texts`, which follow one another in a document.

    Of many texts neighbors are counted together, and each gets its share by length. The sum is
    exact but for the seams.
    """
    if len(texts) <= _EXACT:
        return [tokenizer.count(text) for text in texts]
    return [tokens for at in range(0, len(texts), _BLOCK) for tokens in _block(texts, at, tokenizer)]


def _block(texts: Sequence[str], at: int, tokenizer: Tokenizer) -> Iterator[int]:
    """Yield the shares of the texts from `at` on."""
    block = texts[at : at + _BLOCK]
    joined = "".join(block)
    tokens = tokenizer.count(joined)
    size = done = given = 0
    for text in block:
        size += len(text)
        done = tokens * size // max(1, len(joined))
        yield done - given
        given = done


def estimate(text: str, tokenizer: Tokenizer) -> float:
    """Return about how many tokens `text` has, from slices of it."""
    if len(text) <= 2 * _SLICES * _SLICE:
        return tokenizer.count(text)
    step = len(text) // _SLICES
    sample = "".join(text[at : at + _SLICE] for at in range(0, step * _SLICES, step))
    return tokenizer.count(sample) / len(sample) * len(text)
