"""Lets this process talk to this machine only: what tries to reach another fails its test."""

from __future__ import annotations

import ipaddress
import sys
from typing import Any

__all__ = ("stay_offline",)


def stay_offline() -> None:
    """Refuse connections and name look-ups that leave this machine, until the process ends."""
    sys.addaudithook(_refuse)


def _refuse(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        if isinstance(address, tuple) and not _is_local(str(address[0])):
            raise ConnectionRefusedError(f"{event} to {address!r}: tests of adapters are offline")
    elif event in ("socket.getaddrinfo", "socket.gethostbyname") and not _is_local(
        str(arguments[0] or "localhost")
    ):
        raise ConnectionRefusedError(f"look-up of {arguments[0]!r}: tests of adapters are offline")


def _is_local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
