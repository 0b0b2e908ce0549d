"""Encryption of bodies on their way to the store: NATS holds what only key holders can read.

AES-256-GCM with a random nonce. A body is bound to its namespace, key, hash and size, so one that
is moved elsewhere does not open. The content hash in the record becomes a keyed one: equal contents
under one key are still found to be equal, but nobody without it can confirm a guess.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from sharedctx.errors import DecryptionFailed, InvalidRequest, MissingExtra
from sharedctx.records import KEY_ID, EntryRecord, RenditionRecord, StoredEntry
from sharedctx.writing import off_loop

__all__ = ("Encryption", "check_sealing", "open_entry", "open_rendition")

_KEY_BYTES = 32
_NONCE_BYTES = 12


class _Key(NamedTuple):
    cipher: Any
    hashing: bytes

    def __repr__(self) -> str:
        return "_Key()"


class Encryption:
    """The keys of a namespace.

    Args:
        key_id: Which key encrypts what is put from now on: 1 to 64 of ``A-Z a-z 0-9 . _ -``.
        keys: Returns the 32 bytes of a key by its id, or raises; called once for each id, in a
            thread. Old ids must go on to work as long as entries live that were put with them.

    Raises:
        InvalidRequest: there can be no such id.
        MissingExtra: ``pip install 'sharedctx[encryption]'`` is needed.
    """

    def __init__(self, key_id: str, keys: Callable[[str], bytes]) -> None:
        if not KEY_ID.fullmatch(key_id):
            raise InvalidRequest("A key id is 1 to 64 of A-Z a-z 0-9 . _ -")
        self.key_id = key_id
        self._keys = keys
        self._known: dict[str, _Key] = {}
        self._cipher = _cipher_type()

    def __repr__(self) -> str:
        return f"Encryption({self.key_id!r})"

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> Encryption:
        """Read keys from a file: on each line an id and 32 bytes in base64; the first encrypts.

        Raises:
            InvalidRequest: it cannot be read, or holds something else.
        """
        keys: dict[str, bytes] = {}
        try:
            for line in Path(path).read_text("ascii").splitlines():
                if line.strip() and not line.startswith("#"):
                    name, coded = line.split()
                    keys[name] = base64.b64decode(coded, validate=True)
        except (OSError, ValueError, binascii.Error):
            keys = {}
        if not keys or any(len(key) != _KEY_BYTES for key in keys.values()):
            raise InvalidRequest(
                f"{path} is not a readable key file: on each line an id and 32 bytes in base64, "
                "such as `openssl rand -base64 32` prints."
            )
        return cls(next(iter(keys)), keys.__getitem__)

    async def _key(self, key_id: str) -> _Key:
        if key_id not in self._known:
            try:
                material = bytes(await asyncio.to_thread(self._keys, key_id))
            except Exception:  # noqa: BLE001  # whatever the callback says may tell of keys
                material = b""
            if len(material) != _KEY_BYTES:
                raise DecryptionFailed(
                    f"There is no key {key_id!r} of 32 bytes here. Ask for it, or put with another."
                )
            derive = partial(hmac.digest, material, digest="sha256")
            self._known[key_id] = _Key(
                self._cipher(derive(b"sharedctx body")), derive(b"sharedctx hash")
            )
        return self._known[key_id]

    async def holds(self, key_id: str) -> bool:
        """Whether there is a key of this id."""
        try:
            await self._key(key_id)
        except DecryptionFailed:
            return False
        return True

    async def seal_entry(
        self, namespace: str, key: str, record: EntryRecord, packed: bytes
    ) -> tuple[EntryRecord, bytes]:
        """Return the record and the body to store instead of these."""
        held = await self._key(self.key_id)
        keyed = hmac.new(held.hashing, bytes.fromhex(record.hash), hashlib.sha256).hexdigest()
        record = replace(record, hash=keyed, key_id=self.key_id)
        about = _about_entry(namespace, key, record)
        return record, await _seal(held, packed, about)

    async def seal_rendition(
        self, namespace: str, record: RenditionRecord, packed: bytes
    ) -> tuple[RenditionRecord, bytes]:
        """Return the record and the body to store instead of these."""
        held = await self._key(self.key_id)
        record = replace(record, key_id=self.key_id)
        return record, await _seal(held, packed, _about_rendition(namespace, record))

    async def open(self, key_id: str, sealed: bytes, about: bytes) -> bytes:
        """Return the body that was sealed.

        Raises:
            DecryptionFailed: there is no such key, or this is not what it sealed about that.
        """
        held = await self._key(key_id)
        return await off_loop(len(sealed), partial(_unseal, held, sealed, about))


async def open_entry(
    encryption: Encryption | None, namespace: str, entry: StoredEntry, packed: bytes
) -> bytes:
    """Return the packed content of an entry, given what is stored.

    Raises:
        DecryptionFailed: it is encrypted and cannot be opened, or is not although it should be.
    """
    about = _about_entry(namespace, entry.key, entry.record)
    return await _open(encryption, entry.record.key_id, packed, about)


async def open_rendition(
    encryption: Encryption | None, namespace: str, record: RenditionRecord, packed: bytes
) -> bytes:
    """Return the packed body of a rendition, given what is stored; raises as `open_entry`."""
    return await _open(encryption, record.key_id, packed, _about_rendition(namespace, record))


async def _open(
    encryption: Encryption | None, key_id: str | None, packed: bytes, about: bytes
) -> bytes:
    check_sealing(encryption, key_id)
    if encryption is None or key_id is None:
        return packed
    return await encryption.open(key_id, packed, about)


def check_sealing(encryption: Encryption | None, key_id: str | None) -> None:
    """Raise `DecryptionFailed` when something is encrypted and should not be, or the opposite."""
    if key_id is None and encryption is not None:
        raise DecryptionFailed("It is not encrypted, so anybody may have written it. Put it again.")
    if key_id is not None and encryption is None:
        raise DecryptionFailed(
            f"It is encrypted with the key {key_id!r}. Give `encryption`, or SHAREDCTX_KEY_FILE."
        )


async def _seal(key: _Key, packed: bytes, about: bytes) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    sealed = await off_loop(len(packed), partial(key.cipher.encrypt, nonce, packed, about))
    return nonce + bytes(sealed)


def _unseal(key: _Key, sealed: bytes, about: bytes) -> bytes:
    try:
        opened = key.cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], about)
    except Exception:  # noqa: BLE001  # InvalidTag, or ValueError for what is too short
        raise DecryptionFailed from None
    return bytes(opened)


def _about_entry(namespace: str, key: str, record: EntryRecord) -> bytes:
    return _json("entry", namespace, key, record.hash, record.size)


def _about_rendition(namespace: str, record: RenditionRecord) -> bytes:
    return _json("rendition", namespace, record.hash, str(record.profile), record.size)


def _json(*parts: str | int) -> bytes:
    return json.dumps(parts).encode()


def _cipher_type() -> Any:
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise MissingExtra(
            "Encryption needs another package: pip install 'sharedctx[encryption]'."
        ) from error
    return AESGCM
