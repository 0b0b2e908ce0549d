"""Certificates made for one test: authorities, servers and clients."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import trustme

__all__ = ("Certificates", "make_certificates")


class Certificates(NamedTuple):
    """PEM files.

    Attributes:
        ca: The authority of all of them.
        server: Certificate and key of a server on 127.0.0.1.
        elsewhere: The same of a server on another host.
        client: Certificate and key of a client.
        other_ca: An authority that signed none of them.
    """

    ca: Path
    server: Path
    elsewhere: Path
    client: Path
    other_ca: Path

    def tls_block(self, *, server: Path | None = None, more: str = "") -> str:
        """The lines of a server's configuration."""
        pem = server or self.server
        return f'tls {{ cert_file: "{pem}", key_file: "{pem}", ca_file: "{self.ca}", {more} }}\n'


def make_certificates(folder: Path) -> Certificates:
    """Write new certificates into `folder`."""
    authority, other = trustme.CA(), trustme.CA()
    made = Certificates(
        *(folder / f"{name}.pem" for name in ("ca", "server", "elsewhere", "client", "other_ca"))
    )
    authority.cert_pem.write_to_path(str(made.ca))
    other.cert_pem.write_to_path(str(made.other_ca))
    for path, host in (
        (made.server, "127.0.0.1"),
        (made.elsewhere, "elsewhere.example"),
        (made.client, "client.example"),
    ):
        authority.issue_cert(host).private_key_and_cert_chain_pem.write_to_path(str(path))
    return made
