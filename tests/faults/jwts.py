"""An operator, an account and its users with JWTs, made for one test."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
from pathlib import Path
from typing import Any

import nkeys

__all__ = ("JwtAuthority",)


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class _Party:
    """An nkey pair that signs claims."""

    def __init__(self, prefix: int) -> None:
        self.seed = bytes(nkeys.encode_seed(os.urandom(32), prefix))
        self.public = nkeys.from_seed(bytearray(self.seed)).public_key.decode()

    def sign(self, subject: str, nats: dict[str, Any], expires: float | None = None) -> str:
        claims: dict[str, Any] = {
            "iat": int(time.time()),
            "iss": self.public,
            "name": "test",
            "sub": subject,
            "nats": {**nats, "version": 2},
        }
        if expires is not None:
            claims["exp"] = int(expires)
        digest = hashlib.new("sha512_256", json.dumps(claims).encode()).digest()
        claims["jti"] = base64.b32encode(digest).rstrip(b"=").decode()
        header = {"typ": "JWT", "alg": "ed25519-nkey"}
        body = ".".join(_encoded(json.dumps(part).encode()) for part in (header, claims))
        signature = nkeys.from_seed(bytearray(self.seed)).sign(body.encode())
        return f"{body}.{_encoded(signature)}"


class JwtAuthority:
    """Signs users of one account with JetStream."""

    def __init__(self) -> None:
        self._operator = _Party(nkeys.PREFIX_BYTE_OPERATOR)
        self._account = _Party(nkeys.PREFIX_BYTE_ACCOUNT)
        self._system = _Party(nkeys.PREFIX_BYTE_ACCOUNT)

    @property
    def config(self) -> str:
        """The lines of a server's configuration."""
        unlimited = dict.fromkeys(("subs", "data", "payload", "imports", "exports", "conn"), -1)
        unlimited |= {"leaf": -1, "mem_storage": -1, "disk_storage": -1, "streams": -1}
        limits = {**unlimited, "consumer": -1, "wildcards": True}
        ours = {"type": "account", "limits": limits}
        plain = {**limits, "mem_storage": 0, "disk_storage": 0}
        signed = {
            self._account.public: self._operator.sign(self._account.public, ours),
            self._system.public: self._operator.sign(
                self._system.public, {"type": "account", "limits": plain}
            ),
        }
        preload = "\n".join(f"{name}: {jwt}" for name, jwt in signed.items())
        operator = self._operator.sign(
            self._operator.public, {"type": "operator", "system_account": self._system.public}
        )
        return f"operator: {operator}\nresolver: MEMORY\nresolver_preload: {{\n{preload}\n}}\n"

    def write_credentials(self, path: Path, *, lifetime: float | None = None) -> Path:
        """Write a credentials file of a user, who is let in for `lifetime` seconds."""
        user = _Party(nkeys.PREFIX_BYTE_USER)
        expires = None if lifetime is None else time.time() + lifetime
        claims = {"type": "user", "subs": -1, "data": -1, "payload": -1}
        jwt = self._account.sign(user.public, claims, expires)
        path.write_text(
            f"-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n"
            f"-----BEGIN USER NKEY SEED-----\n{user.seed.decode()}\n"
            "------END USER NKEY SEED------\n"
        )
        return path
