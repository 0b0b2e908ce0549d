"""What a client is given to connect with: its login, its trust in servers, its inbox."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Final, Self

from sharedctx.errors import InvalidRequest

__all__ = ("ENVIRONMENT", "Credentials", "check_inbox_prefix")

ENVIRONMENT: Final[Mapping[str, tuple[str, str]]] = {
    name: (f"SHAREDCTX_{suffix}", f"NATS_{suffix}")
    for name, suffix in (
        ("file", "CREDS"),
        ("nkey", "NKEY"),
        ("user", "USER"),
        ("password", "PASSWORD"),
        ("token", "TOKEN"),
        ("tls_ca", "CA"),
        ("tls_cert", "CERT"),
        ("tls_key", "KEY"),
        ("tls_first", "TLS_FIRST"),
        ("inbox_prefix", "INBOX_PREFIX"),
    )
}
"""The environment variables of each field of `Credentials`, the first that is set counts."""

_DEFAULT_INBOX = "_INBOX"
_INBOX_PREFIX = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
_JWT_LINE = "BEGIN NATS USER JWT"
_SEED_IN_FILE = re.compile(r"BEGIN USER NKEY SEED-+\s+(\S+)")
_NO = frozenset({"", "0", "false", "no", "off"})


def check_inbox_prefix(prefix: str) -> str:
    """Return `prefix`, or raise `InvalidRequest` when no subject can begin with it."""
    if not _INBOX_PREFIX.fullmatch(prefix):
        raise InvalidRequest(
            "An inbox prefix is made of A-Z a-z 0-9 - _ in tokens joined by dots, such as "
            "_INBOX_writer."
        )
    return prefix


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a client is given to connect with. At most one kind of login.

    Attributes:
        file: Path of a NATS credentials file, with a JWT and an nkey seed. Read again at every
            connection, so it may be renewed.
        nkey: Path of a file with an nkey seed.
        user: User name.
        password: Password of `user`.
        token: Token of a server that has no users.
        tls_ca: Path of a PEM file with the authorities to trust, instead of those of the system.
        tls_cert: Path of a PEM file with the certificate of this client, for mutual TLS.
        tls_key: Path of its private key, when that is not in `tls_cert`.
        tls_first: Begin with the TLS handshake, for servers with ``handshake_first``.
        tls: TLS settings, instead of `tls_ca`, `tls_cert` and `tls_key`.
        inbox_prefix: Where replies arrive, when not under ``_INBOX``: what the permissions allow.

    Raises:
        InvalidRequest: they cannot be used together.
    """

    file: str | os.PathLike[str] | None = None
    nkey: str | os.PathLike[str] | None = None
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    tls_ca: str | os.PathLike[str] | None = None
    tls_cert: str | os.PathLike[str] | None = None
    tls_key: str | os.PathLike[str] | None = None
    tls_first: bool = False
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    inbox_prefix: str = _DEFAULT_INBOX

    def __post_init__(self) -> None:
        logins = [name for name in ("file", "nkey", "user", "token") if getattr(self, name)]
        if len(logins) > 1:
            named = " and ".join(f"{name} ({', '.join(ENVIRONMENT[name])})" for name in logins)
            raise InvalidRequest(f"These logins cannot be combined: {named}. Give one.")
        if self.password and not self.user:
            raise InvalidRequest("A password needs a user. Give both.")
        if self.tls_key and not self.tls_cert:
            raise InvalidRequest("A TLS key needs its certificate. Give tls_cert too.")
        if self.tls is not None and (self.tls_ca or self.tls_cert):
            raise InvalidRequest("Give either `tls` or files of certificates.")
        check_inbox_prefix(self.inbox_prefix)

    @classmethod
    def from_environment(cls) -> Self:
        """Return what the environment says; see `ENVIRONMENT`."""
        found: dict[str, str | bool] = {}
        for name, variables in ENVIRONMENT.items():
            text = next(filter(None, map(os.environ.get, variables)), None)
            if text is not None:
                found[name] = text.lower() not in _NO if name == "tls_first" else text
        return cls(**found)  # type: ignore[arg-type]  # names and types are those of the fields

    @classmethod
    def of(cls, given: Self | str | os.PathLike[str] | None) -> Self:
        """Return `given`, a path as a credentials file, and None as what the environment says."""
        if isinstance(given, cls):
            return given
        environment = cls.from_environment()
        if given is None:
            return environment
        return cls(
            file=given,  # type: ignore[arg-type]  # only a path is left
            **{
                each.name: getattr(environment, each.name)
                for each in fields(cls)
                if each.name.startswith(("tls", "inbox"))
            },
        )

    @property
    def names_tls(self) -> bool:
        """Whether something is said of TLS, so that a link without it is not meant."""
        return bool(self.tls or self.tls_ca or self.tls_cert or self.tls_first)

    def secrets(self) -> tuple[str | None, str | None]:
        """Return what is in the credentials file and in the nkey file. It reads them.

        Raises:
            InvalidRequest: a file cannot be read, or is not what it should be.
            ImportError: an optional dependency is not installed.
        """
        if self.file is not None:
            text = _read(self.file)
            seed = _SEED_IN_FILE.search(text)
            # nats-py looks for these lines without end.
            if seed is None or _JWT_LINE not in text:
                raise InvalidRequest(
                    f"{self.file} is not a NATS credentials file, with a JWT and a seed."
                )
            _check_seed(self.file, seed[1])
            return text, None
        if self.nkey is not None:
            text = _read(self.nkey).strip()
            _check_seed(self.nkey, text)
            return None, text
        return None, None

    def tls_context(self) -> ssl.SSLContext:
        """Return the TLS settings. It reads files.

        Raises:
            InvalidRequest: a file cannot be read, or is not what it should be.
        """
        if self.tls is not None:
            return self.tls
        named = ", ".join(str(Path(each)) for each in self._tls_files())
        try:
            context = ssl.create_default_context(cafile=self.tls_ca)
            if self.tls_cert is not None:
                # Without a password function OpenSSL would ask at the terminal, and wait.
                context.load_cert_chain(self.tls_cert, self.tls_key, password=lambda: "")
        except (OSError, ValueError) as error:
            # ssl.SSLError is an OSError; its text names neither the file nor what is in it.
            reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or ""
            raise InvalidRequest(
                f"The TLS files cannot be used ({named}): {reason or type(error).__name__}. They "
                "are PEM files, and the key is not encrypted."
            ) from None
        return context

    def _tls_files(self) -> list[str | os.PathLike[str]]:
        return [each for each in (self.tls_ca, self.tls_cert, self.tls_key) if each is not None]


def _read(path: str | os.PathLike[str]) -> str:
    try:
        return Path(path).read_text("ascii")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not ASCII text"
        raise InvalidRequest(f"{path} cannot be read: {reason}.") from None


def _check_seed(path: str | os.PathLike[str], seed: str) -> None:
    import nkeys  # noqa: PLC0415  # of an extra

    try:
        nkeys.from_seed(bytearray(seed.encode()))
    except Exception:  # noqa: BLE001  # whatever it says may quote the seed
        raise InvalidRequest(f"{path} holds no valid nkey seed.") from None
