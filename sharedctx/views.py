"""Other views of a rendition than the published one: for a budget, or for a question.

Words that a worker left out of sentences are put back where that is better for the reader: in what
answers a question, and wherever the budget has room after everything else is shown.
"""

from __future__ import annotations

import math
from dataclasses import replace

from sharedctx.errors import InvalidRequest
from sharedctx.ranking import rank_for_query
from sharedctx.render import MIN_TOKENS, Rendering, check_budget, render
from sharedctx.segments import Document
from sharedctx.tokens import Tokenizer

__all__ = ("check_request", "spelled_out", "view")

_QUERY_TOKENS = 500
"""A view for a question is at least this large, unless the caller says how large."""


def check_request(*, full: bool, max_tokens: object, query: object, lines: object) -> None:
    """Raise `InvalidRequest` unless these arguments of ``get`` go together and are what they say.

    Whether `lines` are lines of the original is found out once it is read.
    """
    if (full or lines is not None) and (max_tokens is not None or query is not None):
        raise InvalidRequest(
            "`full` and `lines` read the original as it is: give no max_tokens or query with them."
        )
    check_budget(max_tokens)
    if query is not None and not isinstance(query, str):
        raise InvalidRequest(f"`query` is a str, not {type(query).__name__}.")
    if lines is not None and not _is_span(lines):
        raise InvalidRequest(f"`lines` are two numbers, (first, last), not {lines!r}.")


def _is_span(lines: object) -> bool:
    """Whether `lines` are two whole numbers."""
    if not isinstance(lines, (tuple, list)) or len(lines) != 2:
        return False
    return all(isinstance(number, int) for number in lines)


def view(
    document: Document,
    original: str,
    tokenizer: Tokenizer,
    *,
    max_tokens: int | None,
    query: str | None,
    usual: int,
) -> Rendering:
    """Return the view that a reader asks for.

    Args:
        document: A document made from `original`.
        original: The original.
        tokenizer: The tokenizer that counted the segments.
        max_tokens: Budget; without one, `usual` or what an answer takes.
        query: Question that the view is for.
        usual: Tokens of the published rendition.

    Raises:
        InvalidRequest: the budget is too small.
    """
    budget = max(usual, _QUERY_TOKENS, MIN_TOKENS) if max_tokens is None else max_tokens
    if query is not None:
        document = rank_for_query(spelled_out(document, tokenizer, math.inf), query)
    else:
        room = budget - sum(segment.tokens for segment in document.segments)
        document = spelled_out(document, tokenizer, room)
    return render(document, original, tokenizer, max_tokens=budget)


def spelled_out(document: Document, tokenizer: Tokenizer, room: float) -> Document:
    """Return `document` with all words of its sentences, as far as `room` tokens last.

    The first by rank are spelled out first.
    """
    segments = list(document.segments)
    abridged = [i for i, segment in enumerate(segments) if segment.verbatim]
    for i in sorted(abridged, key=lambda i: segments[i].rank):
        segment = segments[i]
        if room <= 0:
            break
        tokens = tokenizer.count(segment.verbatim)
        room -= tokens - segment.tokens
        if room >= 0:
            segments[i] = replace(segment, text=segment.verbatim, tokens=tokens, verbatim="")
    return replace(document, segments=tuple(segments)) if abridged else document
