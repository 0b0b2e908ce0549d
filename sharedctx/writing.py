"""From content to what the store takes: encoded, hashed and packed, in a thread when large."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

from sharedctx import tokens
from sharedctx.codec import LARGE_BYTES, content_bytes, content_hash, pack
from sharedctx.errors import ContentTooLarge, InvalidRequest
from sharedctx.records import EntryRecord, Profile
from sharedctx.tokens import Tokenizer, encoding_for_model

__all__ = ("check_expected", "checked_agent", "off_loop", "prepare", "profile_for")

_T = TypeVar("_T")
_PASSTHROUGH_BYTES: Final = 512
"""Content of up to this size is not worth compressing, so readers never wait for it."""
_MAX_AGENT_CHARS: Final = 256


async def off_loop(size: int, work: Callable[[], _T]) -> _T:
    """Return ``work()``, run in a thread when it works on `LARGE_BYTES` or more."""
    return work() if size < LARGE_BYTES else await asyncio.to_thread(work)


def checked_agent(agent: str | None) -> str | None:
    """Return `agent`, or raise `InvalidRequest` when it is no name that fits into a header."""
    if agent is None:
        return None
    if not isinstance(agent, str):
        raise InvalidRequest(f"`agent` is a str, not {type(agent).__name__}.")
    if len(agent) > _MAX_AGENT_CHARS:
        raise InvalidRequest(f"`agent` has at most {_MAX_AGENT_CHARS} characters.")
    return agent


def check_expected(expect: object) -> None:
    """Raise `InvalidRequest` when `expect` is given and can be no revision."""
    if expect is not None and (not isinstance(expect, int) or expect < 0):
        raise InvalidRequest(
            "`expect` is a revision, such as that of an entry (`entry.revision`), or 0 for an "
            f"absent key, not {expect!r}."
        )


async def prepare(
    key: str, content: str, profile: Profile, agent: str | None, max_bytes: int
) -> tuple[EntryRecord, bytes]:
    """Return the record and the packed bytes of `content`.

    Raises:
        InvalidRequest: `content` is not a `str`.
        ContentTooLarge: it has more than `max_bytes` bytes.
    """
    if not isinstance(content, str):
        raise InvalidRequest(
            f"Content is a str, not {type(content).__name__}. Encode it first, for example with "
            "json.dumps.",
            key=key,
        )
    # UTF-8 has at least one byte per character, so what is clearly too large is never encoded.
    if len(content) > max_bytes:
        raise _too_large(key, len(content), max_bytes)
    size, digest, packed = await off_loop(len(content), partial(_encode, content, max_bytes))
    if size > max_bytes:
        raise _too_large(key, size, max_bytes)
    record = EntryRecord(
        hash=digest,
        size=size,
        profile=profile,
        agent=agent,
        timestamp=time.time(),
        passthrough=size <= _PASSTHROUGH_BYTES,
    )
    return record, packed


def _encode(content: str, max_bytes: int) -> tuple[int, str, bytes]:
    """Return size, hash and packed bytes of `content`; no bytes when it is too large."""
    data = content_bytes(content)
    if len(data) > max_bytes:
        return len(data), "", b""
    return len(data), content_hash(data), pack(data)


def _too_large(key: str, size: int, max_bytes: int) -> ContentTooLarge:
    return ContentTooLarge(
        f"The content has at least {size:,} bytes; at most {max_bytes:,} fit. Split it, or raise "
        "max_content_bytes.",
        key=key,
    )


def profile_for(model: str, tokenizer: Tokenizer | None, ratio: float) -> Profile:
    """Return the profile of these settings, or raise `InvalidRequest`."""
    if not 0.01 <= ratio <= 1:
        raise InvalidRequest("`ratio` is a share of the original between 0.01 and 1.")
    encoding = encoding_for_model(model) if tokenizer is None else tokenizer.name
    if tokenizer is not None:
        tokens.register(tokenizer)
    return Profile.parse(str(Profile(encoding, round(ratio * 100))))
