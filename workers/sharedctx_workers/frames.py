"""What a worker and its children say to each other: length-prefixed msgpack frames over pipes.

Records travel in their wire format, so both sides check what they receive. Nothing is pickled: a
child that a hostile document has taken over can answer nonsense, but cannot run code in its parent.
"""

from __future__ import annotations

import struct
from typing import Literal, NamedTuple, TypeVar

import msgpack

__all__ = ("PREFIX", "READY", "Reply", "Request", "decode_frame", "encode_frame")

PREFIX = struct.Struct(">I")
"""The size in bytes of the frame that follows."""

_Frame = TypeVar("_Frame", "Request", "Reply")


class Request(NamedTuple):
    """One thing for a child to do.

    Attributes:
        task: ``compress`` the content, or ``count`` its tokens.
        header: The `EntryRecord`, as its header.
        packed: The packed content.
        time_limit: Seconds after which the child is to be dead even if its parent is.
    """

    task: Literal["compress", "count"]
    header: str
    packed: bytes
    time_limit: float


class Reply(NamedTuple):
    """What came of a request.

    Attributes:
        outcome: ``done``, ``memory`` when the memory limit stopped it, or ``error``.
        header: The `RenditionRecord`, as its header; empty for a count.
        packed: The packed rendition.
        tokens: The counted tokens.
        error: Type of the exception and where it was raised: never its message, which may quote
            the content.
        retire: The child has grown too large to take another job.
    """

    outcome: Literal["done", "memory", "error"]
    header: str = ""
    packed: bytes = b""
    tokens: int = 0
    error: str = ""
    retire: bool = False


_TYPES: dict[type, list[type]] = {
    Request: [str, str, bytes, float],
    Reply: [str, str, bytes, int, str, bool],
}

READY = Reply("done")
"""The first frame of a child: it is warm."""


def encode_frame(frame: Request | Reply) -> bytes:
    """Return `frame` as bytes, its size first."""
    body: bytes = msgpack.packb(list(frame))
    return PREFIX.pack(len(body)) + body


def decode_frame(kind: type[_Frame], body: bytes) -> _Frame:
    """Invert `encode_frame`, given the bytes after the prefix.

    Raises:
        ValueError: these bytes are not such a frame.
    """
    try:
        values = msgpack.unpackb(body)
        types = [type(value) for value in values]
    except (ValueError, TypeError, msgpack.UnpackException) as error:
        raise ValueError(f"These bytes are not a {kind.__name__}.") from error
    if types != _TYPES[kind]:
        raise ValueError(f"These bytes are not a {kind.__name__}.")
    return kind(*values)
