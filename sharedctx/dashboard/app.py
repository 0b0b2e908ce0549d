"""The routes of the dashboard."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection
from functools import partial
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from sharedctx.codec import content_bytes
from sharedctx.dashboard import passages, text
from sharedctx.dashboard.guard import Guard
from sharedctx.dashboard.pages import PAGES, Page, link
from sharedctx.entry import percent_saved
from sharedctx.errors import InvalidKey, InvalidRequest, SharedContextError
from sharedctx.keys import decode_key, encode_key
from sharedctx.monitor import Monitor, Seen
from sharedctx.reading import Reader, entry_state
from sharedctx.records import StoredEntry
from sharedctx.render import MIN_TOKENS

__all__ = ("Dashboard", "build_app")

_CACHE_BYTES: Final = 32 << 20
_LEAST_BETWEEN_S: Final = 1.0
# Times such as "3 s ago" grow old without any event.
_MOST_BETWEEN_S: Final = 5.0
_TICK_S: Final = 0.5
_MOST_LISTENERS: Final = 32
_STATIC: Final = Path(__file__).parent / "static"


class Dashboard:
    """Answers requests from the picture of a namespace.

    Args:
        monitor: The picture.
        stopping: Tells whether the server is about to end, and with it every stream of events.
    """

    def __init__(self, monitor: Monitor, stopping: Callable[[], bool]) -> None:
        self._monitor = monitor
        self._stopping = stopping
        self._reader = Reader(monitor.store, _CACHE_BYTES)
        self._listeners = 0
        self._templates = _environment()

    async def page(self, request: Request, name: str) -> Response:
        """Answer with one of the `PAGES`."""
        page = PAGES[name]
        query = dict(request.query_params)
        return self._answer(page.template, self._names(page, query))

    def _names(self, page: Page, query: dict[str, str]) -> dict[str, Any]:
        name = next(each for each, known in PAGES.items() if known is page)
        return {
            **self._common(query),
            "name": name,
            "path": _path(name),
            "events": link("/events", query, view=name),
            **page.show(self._monitor, query),
        }

    def _common(self, query: dict[str, str]) -> dict[str, Any]:
        return {
            "space": self._monitor.namespace,
            "problem": self._monitor.problem,
            "now": time.time(),
            "query": query,
            "live": query.get("live") != "0",
        }

    def _answer(self, template: str, names: dict[str, Any], status: int = 200) -> Response:
        html = self._templates.get_template(template).render(names)
        return Response(html.encode("utf-8", "replace"), status, media_type="text/html")

    def _error(self, status: int, title: str, detail: str) -> Response:
        names = {**self._common({}), "name": "", "title": title, "detail": detail, "live": False}
        return self._answer("error.html", names, status)

    async def events(self, request: Request) -> Response:
        """Answer with a stream of the regions of a page, each whenever it has changed."""
        query = dict(request.query_params)
        page = PAGES.get(query.pop("view", ""))
        if page is None:
            return self._error(404, "No such page", "There is nothing to listen to.")
        if self._listeners >= _MOST_LISTENERS:
            return self._error(503, "Too many listeners", "Close other windows of the dashboard.")
        return StreamingResponse(self._stream(page, query), media_type="text/event-stream")

    async def _stream(self, page: Page, query: dict[str, str]) -> AsyncIterator[bytes]:
        sent: dict[str, str] = {}
        self._listeners += 1
        try:
            while not self._stopping():
                version = self._monitor.version
                names = self._names(page, query)
                for region in page.regions:
                    template = self._templates.get_template(f"regions/{region}.html")
                    html = template.render(names)
                    if sent.get(region) != html:
                        sent[region] = html
                        yield _event(region, html)
                await asyncio.sleep(_LEAST_BETWEEN_S)
                await self._change(version)
        finally:
            self._listeners -= 1

    async def _change(self, version: int) -> None:
        """Wait for a change since `version`, for a while, or for the end of the server."""
        waited = 0.0
        while waited < _MOST_BETWEEN_S and not self._stopping():
            try:
                async with asyncio.timeout(_TICK_S):
                    await self._monitor.changed(version)
            except TimeoutError:
                waited += _TICK_S
            else:
                return

    async def entry(self, request: Request) -> Response:
        """Answer with an entry: original and rendition side by side, and its revisions."""
        query = dict(request.query_params)
        try:
            key = decode_key(query.get("key", ""))
            revisions = await self._monitor.store.history(key)
            stored = _chosen(revisions, query.get("revision", ""))
            if stored is None:
                detail = "It was deleted or evicted, it has expired, or it was never put."
                return self._error(404, "This entry is not there", detail)
            names = await self._side_by_side(stored, query)
        except (InvalidKey, InvalidRequest) as error:
            return self._error(400, "This cannot be shown", str(error))
        except SharedContextError as error:
            return self._error(503, "This cannot be read now", str(error))
        names |= {"revisions": revisions, "newest": stored is revisions[0]}
        return self._answer("entry.html", {**self._common(query), "name": "entries", **names})

    async def _side_by_side(self, stored: StoredEntry, query: dict[str, str]) -> dict[str, Any]:
        original = await self._reader.original(stored)
        rendition = await self._reader.rendition(stored, 0)
        budget = _budget(query.get("max_tokens", ""))
        question = query.get("question", "").strip() or None
        both = await asyncio.to_thread(
            passages.compare, original, rendition, stored.record.profile, budget, question
        )
        record = rendition.record if rendition else None
        return {
            "seen": Seen(stored, record),
            "record": record,
            "both": both,
            "budget": budget,
            "question": question,
            "state": entry_state(stored.record, record),
            "original_tokens": record.original_tokens if record else None,
            "open": query.get("open") == "1",
            "least_budget": MIN_TOKENS,
        }

    async def original(self, request: Request) -> Response:
        """Answer with an original as a file, byte for byte."""
        try:
            key = decode_key(request.query_params.get("key", ""))
            revisions = await self._monitor.store.history(key)
            stored = _chosen(revisions, request.query_params.get("revision", ""))
            if stored is None:
                return self._error(404, "This entry is not there", "There is nothing to download.")
            content = await self._reader.original(stored)
        except InvalidKey as error:
            return self._error(400, "This cannot be read", str(error))
        except SharedContextError as error:
            return self._error(503, "This cannot be read now", str(error))
        headers = {"Content-Disposition": f'attachment; filename="original-{stored.revision}.txt"'}
        return Response(content_bytes(content), headers=headers, media_type="text/plain")

    async def missing(self, _request: Request, _error: Exception) -> Response:
        """Answer that there is no such page."""
        return self._error(404, "No such page", "The address is not one of the dashboard's.")


def _environment() -> Environment:
    """Return the templates, all loaded: nothing is read from disk while requests are answered."""
    environment = Environment(
        loader=PackageLoader("sharedctx.dashboard"),
        autoescape=True,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {
        name: getattr(text, name) for name in text.__all__ if name != "clean"
    } | {"clean": text.visible, "token": encode_key}
    environment.globals |= {"link": link, "percent_saved": percent_saved}
    for name in environment.list_templates():
        environment.get_template(name)
    return environment


def _path(page: str) -> str:
    return "/" if page == "overview" else f"/{page}"


def _event(name: str, html: str) -> bytes:
    data = "".join(f"data: {line}\n" for line in html.splitlines())
    return f"event: {name}\n{data}\n".encode("utf-8", "replace")


def _budget(text_of_it: str) -> int | None:
    if not text_of_it:
        return None
    if not text_of_it.isdecimal():
        raise InvalidRequest("The budget is a number of tokens.")
    return int(text_of_it[:9])


def _chosen(revisions: list[StoredEntry], revision: str) -> StoredEntry | None:
    if not revision:
        return revisions[0] if revisions else None
    return next((each for each in revisions if str(each.revision) == revision), None)


def build_app(
    monitor: Monitor, hosts: Collection[str], stopping: Callable[[], bool] = lambda: False
) -> ASGIApp:
    """Return the dashboard as an ASGI application.

    Args:
        monitor: The picture that it shows.
        hosts: Host names under which it may be asked for, without port.
        stopping: Tells whether the server is about to end.
    """
    dashboard = Dashboard(monitor, stopping)
    routes = [
        Route("/entry", dashboard.entry),
        Route("/original", dashboard.original),
        Route("/events", dashboard.events),
        Mount("/static", StaticFiles(directory=_STATIC)),
        *(Route(_path(name), partial(dashboard.page, name=name)) for name in PAGES),
    ]
    app = Starlette(routes=routes, exception_handlers={404: dashboard.missing})
    return Guard(app, hosts)
