"""Keys and namespaces, and how they become NATS subjects and stream names.

A key is any `str`. It becomes one subject token, reversibly and injectively: the characters
``A-Z a-z 0-9 - _ /`` stay, every other UTF-8 byte is written ``=HH``, and the empty key is ``=``.
Validation happens here, before the wire, because one over-long or malformed subject makes the
server close the whole connection.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from sharedctx.errors import InvalidKey, InvalidNamespace

__all__ = (
    "MAX_ENCODED_KEY_BYTES",
    "Subjects",
    "decode_key",
    "encode_key",
    "subjects_of",
    "validate_namespace",
)

MAX_ENCODED_KEY_BYTES = 1_024

_EMPTY = "="
_PLAIN_KEY = re.compile(r"[A-Za-z0-9/_-]+")
_PLAIN_BYTES = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_/")
_ENCODED_KEY = re.compile(r"(?:[A-Za-z0-9/_-]|=[0-9A-F]{2})+")
_NAMESPACE = re.compile(r"[A-Za-z0-9_-]{1,64}")
# These endings name the side streams of a namespace; a namespace of that name would collide.
_RESERVED_ENDINGS = ("_renditions", "_blobs", "_history")


def encode_key(key: str) -> str:
    """Return the subject token of `key`.

    Raises:
        InvalidKey: `key` is not a `str`, or its token is longer than 1,024 bytes.
    """
    if not isinstance(key, str):
        raise InvalidKey(f"A key is a str, not {type(key).__name__}.")
    if _PLAIN_KEY.fullmatch(key):
        token = key
    elif key == "":
        token = _EMPTY
    else:
        raw = key.encode("utf-8", "surrogatepass")
        token = "".join(chr(byte) if byte in _PLAIN_BYTES else f"={byte:02X}" for byte in raw)
    if len(token) > MAX_ENCODED_KEY_BYTES:
        raise InvalidKey(
            f"The key takes {len(token)} bytes once encoded; at most {MAX_ENCODED_KEY_BYTES} fit. "
            "Use a shorter key, for example a hash of this one.",
            key=key[:64],
        )
    return token


def decode_key(token: str) -> str:
    """Return the key whose token is `token`.

    Raises:
        InvalidKey: no key encodes to `token`; something else wrote this subject.
    """
    if _PLAIN_KEY.fullmatch(token):
        return token
    if token == _EMPTY:
        return ""
    if not _ENCODED_KEY.fullmatch(token):
        raise InvalidKey(f"The subject token {token!r} is not an encoded key.")
    raw = bytearray()
    at = 0
    while at < len(token):
        if token[at] == "=":
            raw.append(int(token[at + 1 : at + 3], 16))
            at += 3
        else:
            raw.append(ord(token[at]))
            at += 1
    try:
        key = raw.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        raise InvalidKey(f"The subject token {token!r} is not an encoded key.") from error
    if encode_key(key) != token:
        raise InvalidKey(f"The subject token {token!r} is not an encoded key.")
    return key


def validate_namespace(namespace: str) -> str:
    """Return `namespace` unchanged, or raise `InvalidNamespace`."""
    if not _NAMESPACE.fullmatch(namespace):
        raise InvalidNamespace(
            "A namespace is 1 to 64 characters of A-Z a-z 0-9 - _", namespace=namespace[:80]
        )
    if namespace.endswith(_RESERVED_ENDINGS):
        raise InvalidNamespace(
            f"A namespace must not end in {', '.join(_RESERVED_ENDINGS)}.", namespace=namespace
        )
    return namespace


class Subjects(NamedTuple):
    """The stream names and subjects of one namespace."""

    namespace: str
    entries: str
    renditions: str
    blobs: str
    history: str

    def entry(self, key: str) -> str:
        """Subject that holds the current entry of `key`."""
        return f"$KV.ctx_{self.namespace}.{encode_key(key)}"

    @property
    def all_entries(self) -> str:
        """Filter for the entries of all keys."""
        return f"$KV.ctx_{self.namespace}.*"

    @property
    def all_chunks(self) -> str:
        """Filter for the chunks of all blobs."""
        return f"$KV.ctx_{self.namespace}_blobs.*.*"

    def key_of(self, subject: str) -> str:
        """Key of an entry, put event or history subject of this namespace."""
        return decode_key(subject.rpartition(".")[2])

    def put_event(self, token: str) -> str:
        """Core subject on which the server republishes the entry of an encoded key (or `*`)."""
        return f"ctxev.{self.namespace}.put.{token}"

    def rendition(self, content_hash: str, profile: str) -> str:
        """Subject that holds the rendition of these bytes under this profile."""
        return f"$KV.ctx_{self.namespace}_renditions.{content_hash}.{profile}"

    def rendition_event(self, content_hash: str, profile: str) -> str:
        """Core subject on which the server announces that rendition."""
        return f"ctxev.{self.namespace}.ready.{content_hash}.{profile}"

    def chunk(self, blob: str, index: int | str) -> str:
        """Subject that holds one chunk of a blob; the index ``*`` filters for all of them."""
        return f"$KV.ctx_{self.namespace}_blobs.{blob}.{index}"

    @property
    def settings_event(self) -> str:
        """Core subject that tells open clients to look at the settings of the namespace again."""
        return f"ctxev.{self.namespace}.settings"

    @property
    def wanted(self) -> str:
        """Core subject on which a reader asks the workers for a rendition that is missing."""
        return f"ctxev.{self.namespace}.wanted"


def subjects_of(namespace: str) -> Subjects:
    """Return the subjects of `namespace`, or raise `InvalidNamespace`."""
    validate_namespace(namespace)
    stream = f"KV_ctx_{namespace}"
    return Subjects(
        namespace, stream, f"{stream}_renditions", f"{stream}_blobs", f"{stream}_history"
    )
