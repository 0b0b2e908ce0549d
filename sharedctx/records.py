"""The wire format: what sharedctx writes into NATS headers and payloads, and reads back.

Each record is one header holding compact JSON, so that the server can republish it without the
payload and the ``nats`` tool shows it. `FORMAT` grows only when old readers must stop; fields that
a reader does not know are ignored. Whatever is damaged or was written by something else raises
`CorruptEntry`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgpack

from sharedctx.codec import pack, unpack
from sharedctx.errors import CorruptEntry, InvalidRequest
from sharedctx.hints import NO_HINT, Hint
from sharedctx.segments import Guarantee
from sharedctx.tracing import Trace

__all__ = (
    "ENTRY_HEADER",
    "FORMAT",
    "KEY_ID",
    "MAX_STORED_BYTES",
    "RENDITION_HEADER",
    "Blob",
    "EntryRecord",
    "Profile",
    "RenditionBody",
    "RenditionRecord",
    "State",
    "StoredEntry",
    "StoredRendition",
)

FORMAT: Final = 1
ENTRY_HEADER: Final = "Ctx-Entry"
RENDITION_HEADER: Final = "Ctx-Rendition"
MAX_STORED_BYTES: Final = 1 << 30
"""No record may claim more unpacked bytes than this, whatever it says (1 GiB)."""

# ensure_ascii keeps line breaks and non-ASCII text out of the header line.
_encoder = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"))
_decoder = json.JSONDecoder()
KEY_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""What names an encryption key."""
_HASH = re.compile(r"[0-9a-f]{64}")
_PROFILE = re.compile(
    r"([A-Za-z0-9_-]+)-(100|[1-9][0-9]?)(?:=([a-z]{1,32})(?:=([a-z0-9_]{1,32}))?)?"
)


class State(StrEnum):
    """Where an entry stands."""

    PENDING = "pending"
    """No rendition yet; readers get the original."""
    READY = "ready"
    """Readers get the rendition."""
    PASSTHROUGH = "passthrough"
    """The original is the best rendition: it is small, or nothing gentle enough made it smaller."""
    FAILED = "failed"
    """Compression was tried and given up; readers get the original, `reason` says why."""


class Profile(NamedTuple):
    """The settings that, with the bytes of the original, determine a rendition.

    Attributes:
        encoding: Name of the tokenizer that counts.
        percent: Target size of the default rendering, in percent of the original's tokens.
        hint: What the writer says it is.
    """

    encoding: str
    percent: int
    hint: Hint = NO_HINT

    def __str__(self) -> str:
        return "=".join(filter(None, (f"{self.encoding}-{self.percent}", *self.hint)))

    @classmethod
    def parse(cls, text: str) -> Profile:
        """Invert `str`. Raises `InvalidRequest` for anything that `str` does not write."""
        return _parse_profile(text)


@lru_cache(maxsize=256)
def _parse_profile(text: str) -> Profile:
    match = _PROFILE.fullmatch(text)
    if match is None:
        raise InvalidRequest(f"{text!r} is not a compression profile such as o200k_base-20.")
    return Profile(match[1], int(match[2]), Hint(match[3] or "", match[4] or ""))


class Blob(NamedTuple):
    """Manifest of a packed body that is stored in chunks: SHA-256 of the packed bytes, sizes."""

    id: str
    size: int
    chunks: int


def _parse(headers: Mapping[str, str] | None, name: str) -> dict[str, Any]:
    text = (headers or {}).get(name)
    if text is None:
        raise CorruptEntry(f"The message has no {name} header: sharedctx did not write it.")
    try:
        fields, end = _decoder.raw_decode(text)
    except (ValueError, RecursionError) as error:
        raise CorruptEntry(f"The {name} header is not JSON.") from error
    if end != len(text) or not isinstance(fields, dict):
        raise CorruptEntry(f"The {name} header is not a JSON object.")
    if fields.get("v") != FORMAT:
        raise CorruptEntry(
            f"The record has format {str(fields.get('v'))[:20]}, this sharedctx reads {FORMAT}. "
            "Upgrade sharedctx, or put the content again."
        )
    return fields


# What reading the fields of a damaged record raises.
_MALFORMED = (KeyError, TypeError, ValueError, OverflowError)


# Readers of single fields: they raise ValueError, and their callers CorruptEntry.


def _size(value: Any) -> int:
    if type(value) is not int or not 0 <= value <= MAX_STORED_BYTES:
        raise ValueError("a size is missing or out of range")
    return value


def _number(value: Any) -> float:
    if type(value) not in {int, float} or not math.isfinite(value):
        raise ValueError("a number is missing or not finite")
    return float(value)


def _hash(value: Any) -> str:
    if not isinstance(value, str) or not _HASH.fullmatch(value):
        raise ValueError("a hash is missing or malformed")
    return value


def _key_id(value: Any) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or not KEY_ID.fullmatch(value):
        raise ValueError("a key id is malformed")
    return value


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _blob(value: Any) -> Blob | None:
    if value is None:
        return None
    blob = Blob(_hash(value["id"]), _size(value["size"]), _size(value["chunks"]))
    if blob.chunks > blob.size:
        raise ValueError("a blob has more chunks than bytes")
    return blob


def _dump(fields: dict[str, Any]) -> str:
    return _encoder.encode({"v": FORMAT, **fields})


@dataclass(frozen=True, slots=True)
class EntryRecord:
    """What an entry says of its content.

    Attributes:
        hash: SHA-256 of the content's bytes; a keyed one of it when the content is encrypted.
        size: Bytes of the content, unpacked.
        profile: The compression profile that its readers use.
        agent: Who put it, if they said so.
        timestamp: When it was put, by the writer's clock, in Unix seconds.
        passthrough: The writer knew it to be too small to compress, so readers need not wait.
        blob: Where the packed content lies when it is not in the message itself.
        key_id: Which key the content is encrypted with, if it is.
    """

    hash: str
    size: int
    profile: Profile
    agent: str | None
    timestamp: float
    passthrough: bool = False
    blob: Blob | None = None
    key_id: str | None = None

    def header(self) -> str:
        """Value of the `ENTRY_HEADER`."""
        more: dict[str, Any] = {}
        if self.agent is not None:
            more["agent"] = self.agent
        if self.passthrough:
            more["passthrough"] = True
        if self.blob is not None:
            more["blob"] = self.blob._asdict()
        if self.key_id is not None:
            more["key"] = self.key_id
        # What every put writes, put together here: four times as fast as through a JSON encoder.
        always = (
            f'"v":{FORMAT},"hash":"{self.hash}","size":{self.size},'
            f'"profile":"{self.profile}","at":{self.timestamp!r}'
        )
        return f"{{{always},{_encoder.encode(more)[1:]}" if more else f"{{{always}}}"

    @classmethod
    def from_headers(cls, headers: Mapping[str, str] | None) -> EntryRecord:
        """Read the record of a message. Raises `CorruptEntry`."""
        fields = _parse(headers, ENTRY_HEADER)
        try:
            return cls(
                hash=_hash(fields["hash"]),
                size=_size(fields["size"]),
                profile=Profile.parse(fields["profile"]),
                agent=_text(fields.get("agent")),
                timestamp=_number(fields["at"]),
                passthrough=fields.get("passthrough") is True,
                blob=_blob(fields.get("blob")),
                key_id=_key_id(fields.get("key")),
            )
        except _MALFORMED as error:
            raise CorruptEntry(f"A stored entry is malformed: {error!r}.") from error


@dataclass(frozen=True, slots=True)
class RenditionRecord:
    """What a rendition says of itself; enough for `stats` and `get_entry` without its payload.

    Attributes:
        hash: SHA-256 of the original's bytes. The rendition is of these bytes and no others.
        profile: The settings it was made with.
        state: ``ready``, ``passthrough`` or ``failed``.
        guarantee: What it promises about the original.
        original_tokens: Tokens of the original.
        compressed_tokens: Tokens of the default rendering.
        transforms: What was done, as labels such as ``router:json:0.20``.
        reason: Why the state is what it is, when it is not ``ready``.
        elapsed_s: Seconds that compression took.
        size: Bytes of the payload, unpacked.
        refused: Renderings that were made and not published: the verification gate found a fault.
        blob: Where the packed payload lies when it is not in the message itself.
        key_id: Which key the payload is encrypted with, if it is.
    """

    hash: str
    profile: Profile
    state: State
    guarantee: Guarantee
    original_tokens: int
    compressed_tokens: int
    transforms: tuple[str, ...] = ()
    reason: str | None = None
    elapsed_s: float = 0.0
    size: int = 0
    refused: int = 0
    blob: Blob | None = None
    key_id: str | None = None

    @property
    def kind(self) -> str:
        """Kind of content, as the router called it; ``unknown`` when compression failed."""
        _, _, label = self.transforms[0].partition(":") if self.transforms else ("", "", "")
        return label.partition(":")[0] or "unknown"

    def header(self) -> str:
        """Value of the `RENDITION_HEADER`."""
        fields: dict[str, Any] = {
            "hash": self.hash,
            "profile": str(self.profile),
            "state": self.state.value,
            "guarantee": self.guarantee.value,
            "tokens": [self.original_tokens, self.compressed_tokens],
            "transforms": list(self.transforms),
            "elapsed": round(self.elapsed_s, 6),
            "size": self.size,
        }
        if self.reason is not None:
            fields["reason"] = self.reason
        if self.refused:
            fields["refused"] = self.refused
        if self.blob is not None:
            fields["blob"] = self.blob._asdict()
        if self.key_id is not None:
            fields["key"] = self.key_id
        return _dump(fields)

    @classmethod
    def from_headers(cls, headers: Mapping[str, str] | None) -> RenditionRecord:
        """Read the record of a message. Raises `CorruptEntry`."""
        fields = _parse(headers, RENDITION_HEADER)
        try:
            original, compressed = fields["tokens"]
            return cls(
                hash=_hash(fields["hash"]),
                profile=Profile.parse(fields["profile"]),
                state=State(fields["state"]),
                guarantee=Guarantee(fields["guarantee"]),
                original_tokens=_size(original),
                compressed_tokens=_size(compressed),
                transforms=tuple(map(str, fields["transforms"])),
                reason=_text(fields.get("reason")),
                elapsed_s=_number(fields["elapsed"]),
                size=_size(fields["size"]),
                refused=_size(fields.get("refused", 0)),
                blob=_blob(fields.get("blob")),
                key_id=_key_id(fields.get("key")),
            )
        except _MALFORMED as error:
            raise CorruptEntry(f"A stored rendition is malformed: {error!r}.") from error


class RenditionBody(NamedTuple):
    """Payload of a rendition: the default rendering and the encoded segment table."""

    text: str
    table: bytes

    def __repr__(self) -> str:
        return f"RenditionBody({len(self.text)} characters, {len(self.table)} bytes)"

    def pack(self) -> tuple[bytes, int]:
        """Return the packed payload and its unpacked size in bytes."""
        data: bytes = msgpack.packb(list(self), unicode_errors="surrogatepass")
        return pack(data), len(data)

    @classmethod
    def unpack(cls, packed: bytes, size: int) -> RenditionBody:
        """Invert `pack`. Raises `CorruptEntry`."""
        data = unpack(packed, size)
        try:
            text, table, *_ = msgpack.unpackb(data, unicode_errors="surrogatepass")
        except (ValueError, TypeError, msgpack.UnpackException) as error:
            raise CorruptEntry("The stored rendition is not readable.") from error
        if not isinstance(text, str) or not isinstance(table, bytes):
            raise CorruptEntry("The stored rendition is not readable.")
        return cls(text, table)


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry as the store returns it.

    Attributes:
        key: Its key.
        revision: Its revision: the stream sequence, which grows over the whole namespace.
        record: What it says of its content.
        packed: The packed content, or None when it lies in a blob or was not asked for.
        trace: The put that stored it, when that was traced.
    """

    key: str
    revision: int
    record: EntryRecord
    packed: bytes | None = field(default=None, repr=False)
    trace: Trace = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class StoredRendition:
    """A rendition as the store returns it.

    Attributes:
        record: What it says of itself.
        packed: The packed payload, or None when it lies in a blob.
        trace: The job that stored it, when that was traced.
    """

    record: RenditionRecord
    packed: bytes | None = field(default=None, repr=False)
    trace: Trace = field(default_factory=dict, compare=False)
