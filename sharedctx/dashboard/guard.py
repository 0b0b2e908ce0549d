"""What stands between the dashboard and other web pages in the same browser.

The page shows content that nobody vouches for, on an address that any other page can name. So only
requests for a host name that is ours are answered (a foreign name that resolves to this machine is
DNS rebinding), and no answer may run, load, frame or send anything that is not ours.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ("HEADERS", "Guard")

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_METHODS: Final = frozenset({"GET", "HEAD"})


class Guard:
    """Refuses requests for other hosts and other methods, and adds `HEADERS` to every answer.

    Args:
        app: What to guard.
        hosts: Host names that are ours, without port.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await (self._refusal(scope) or self._app)(scope, receive, guarded)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        headers = Headers(scope=scope)
        if _name(headers.get("host", "")) not in self._hosts:
            return PlainTextResponse(
                "This host name is not known here. Use the address that sharedctx dashboard "
                "shows, or allow the name with --allowed-host.\n",
                421,
            )
        if headers.get("sec-fetch-site") == "cross-site" and scope["path"] == "/events":
            return PlainTextResponse("Other sites may not listen.\n", 403)
        if scope["method"] not in _METHODS:
            return PlainTextResponse("The dashboard only reads.\n", 405, {"Allow": "GET, HEAD"})
        return None


def _name(host: str) -> str:
    """Return the name in a Host header, without port; empty when it is malformed."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""
