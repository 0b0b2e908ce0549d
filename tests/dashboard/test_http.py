"""The dashboard as a browser's network sees it: a real process, real NATS, real workers."""

from __future__ import annotations

import hashlib
import http.client
import re
import signal
import subprocess
import sys
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import anyio
import pytest

import sharedctx.dashboard
from sharedctx.codec import content_bytes
from sharedctx.dashboard.guard import HEADERS
from sharedctx.embedded import Stack
from sharedctx.embedded.children import child_environment
from tests.dashboard.site import HOSTILE, HOSTILE_KEY, ROOT, Site, start

_PACKAGE = Path(sharedctx.dashboard.__file__).parent
_PAGES = ("/", "/?by=agent&span=86400", "/entries", "/failures", "/nope", "/static/style.css")


async def test_the_overview_shows_the_figures_of_the_namespace(site: Site) -> None:
    async with site.context() as context:
        stats = await context.stats()
    page = (await anyio.to_thread.run_sync(site.get, "/")).text
    assert f"<dd>{stats.total_tokens_saved:,}<small>{stats.savings_percent:.1f} %" in page
    for name in ("coder", "scout", "editor", "planner", "code", "json", "passthrough"):
        assert f"<bdi>{name}</bdi>" in page
    assert page.count('class="column"') >= 3, "the chart is empty"
    assert "UnexpectedError" not in page


def test_lists_are_filtered_and_say_how_many_they_found(site: Site) -> None:
    assert "7 entries, the newest first" in site.get("/entries").text
    found = site.get("/entries?agent=coder&state=ready").text
    assert "2 entries" in found
    assert "src/client.py" in found
    assert "listing.json" not in found
    assert "1 entry," in site.get("/entries?kind=json").text
    assert "1 entry," in site.get("/entries?key=LISTING").text
    assert "No entry matches" in site.get("/entries?key=nothing").text
    assert "Page 1 of 1" not in site.get("/entries?page=99").text


def test_failures_say_why(site: Site) -> None:
    page = site.get("/failures").text
    assert "given up after 1 attempt: No tokenizer is named &#39;unknown-model&#39;" in page
    assert site.entry("fails") in unescape(page)
    assert "given up after" in site.get(site.entry("fails")).text


def test_every_elided_part_opens_to_what_it_stands_for(site: Site) -> None:
    page = site.get(site.entry("src/client.py")).text
    lines = (ROOT / "sharedctx" / "client.py").read_text().split("\n")
    parts = re.findall(
        r'<details class="elision"[^>]*><summary>(.*?)</summary>.*?<div class="text">(.*?)</div>',
        page,
        re.DOTALL,
    )
    assert len(parts) > 5
    for note, text in parts:
        # One part may be a stand-in, such as the body of a function, and what follows it.
        named = re.findall(r"\bL(\d+)(?:-(\d+))?\b", note)
        assert named, (note, text)
        first, last = int(named[0][0]), int(named[-1][1] or named[-1][0])
        expected = "\n".join(lines[first - 1 : last]).strip()
        assert unescape(text).strip() == expected
        assert f'<div class="l cut" id="L{first}">' in page
    assert f"{len(parts)} elided" in page
    assert page.count("<details") == len(parts)
    assert " open>" not in page
    assert site.get(site.entry("src/client.py", open=1)).text.count(" open>") == len(parts)


def test_other_views_of_an_entry(site: Site) -> None:
    small = site.get(site.entry("src/client.py", max_tokens=200)).text
    used = re.search(r"([\d,]+) tokens · [a-z]+ · \d+ elided", small)
    assert used is not None
    assert 0 < int(used[1].replace(",", "")) <= 200
    asked = site.get(site.entry("src/client.py", question="cache_bytes memory")).text
    assert '<span class="kept">' in asked
    assert "cache_bytes" in asked
    assert site.get(site.entry("src/client.py", max_tokens="3")).status == 400
    assert site.get(site.entry("src/client.py", max_tokens="-1")).status == 400


async def test_older_revisions_can_be_read(site: Site) -> None:
    async with site.context() as context:
        new, old = await context.history("docs/architecture")
    page = (await anyio.to_thread.run_sync(site.get, site.entry("docs/architecture"))).text
    assert f">{old.revision}</a>" in page
    path = site.entry("docs/architecture", revision=old.revision)
    past = (await anyio.to_thread.run_sync(site.get, path)).text
    assert "This is an older revision" in past
    assert "This is an older revision" not in page
    assert new.agent == "editor"
    assert "<bdi>writer</bdi>" in past
    download = f"/original{path.removeprefix('/entry')}"
    raw = await anyio.to_thread.run_sync(site.get, download)
    assert raw.body == content_bytes(old.original)
    assert site.get(site.entry("docs/architecture", revision=1_000)).status == 404


def test_originals_are_downloaded_byte_for_byte(site: Site) -> None:
    answer = site.get(site.entry(HOSTILE_KEY).replace("/entry", "/original"))
    assert answer.body == content_bytes(HOSTILE)
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("path", ["/", "/entries", "/failures", "entry"])
def test_content_and_keys_stay_text(site: Site, path: str) -> None:
    page = site.get(site.entry(HOSTILE_KEY, open=1) if path == "entry" else path).text
    for tag in ("<script>", "<img", "<b ", "<p hx-get", 'href="javascript'):
        assert tag not in page
    assert "\u202e" not in page, "it would reverse what follows"
    if path == "entry":
        assert "&lt;script&gt;window.pwned" in page
        assert "{{ 7 * 7 }}" in page
        assert "⟨U+202E⟩" in page
        assert "␛[31m" in page
        assert "surrogate ?" in page


@pytest.mark.parametrize("path", _PAGES)
def test_every_answer_carries_the_policy(site: Site, path: str) -> None:
    answer = site.get(path)
    assert {name: answer.headers[name.lower()] for name in HEADERS} == HEADERS
    policy = HEADERS["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert answer.headers["cache-control"] == "no-store"
    assert not re.search(r"<style|<[^>]*\s(style|on[a-z]+)=|<script>", answer.text)


def test_only_names_of_this_machine_are_answered(site: Site) -> None:
    port = urlsplit(site.url).port
    for host in (f"127.0.0.1:{port}", f"localhost:{port}", f"[::1]:{port}", "LOCALHOST"):
        assert site.get("/", headers={"Host": host}).status == 200, host
    for host in (f"evil.example:{port}", "127.0.0.1.evil.example", "", "[", "localhost.evil"):
        answer = site.get("/entries", headers={"Host": host})
        assert answer.status in {400, 421}, host
        assert "listing.json" not in answer.text
    answer = site.get("/events?view=entries", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status == 403


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_it_only_reads(site: Site, method: str) -> None:
    assert site.get(site.entry("plan"), method=method).status == 405


def test_what_is_not_there(site: Site) -> None:
    assert site.get(site.entry("nope")).status == 404
    assert site.get("/entry?key=%3DZZ").status == 400
    assert site.get("/entry").status == 400
    assert site.get("/events?view=nope").status == 404
    assert site.get("/static/../app.py").status == 404


def _read_event(stream: http.client.HTTPResponse, name: str, containing: str) -> str:
    event, data = "", ""
    while True:
        line = stream.readline().decode().rstrip("\n")
        if line.startswith("event: "):
            event, data = line.removeprefix("event: "), ""
        elif line.startswith("data: "):
            data += line.removeprefix("data: ") + "\n"
        elif event == name and containing in data:
            return data


async def test_changes_are_pushed(site: Site) -> None:
    connection = http.client.HTTPConnection(urlsplit(site.url).netloc, timeout=30)
    connection.request("GET", "/events?view=entries&key=pushed")
    stream = connection.getresponse()
    assert stream.headers["Content-Type"].startswith("text/event-stream")
    first = await anyio.to_thread.run_sync(_read_event, stream, "entries", "")
    assert "No entry matches" in first
    text = (ROOT / "sharedctx" / "records.py").read_text()
    async with site.context() as context:
        await context.put("pushed", text, agent="late", wait=True)
        seen = await anyio.to_thread.run_sync(_read_event, stream, "entries", "ready")
        assert "<bdi>pushed</bdi>" in seen
        await context.delete("pushed")
        await anyio.to_thread.run_sync(_read_event, stream, "entries", "No entry matches")
    connection.close()


async def test_it_ends_at_once_although_somebody_listens(stack: Stack, site: Site) -> None:
    process, other = start(stack.url, site.namespace)
    connection = http.client.HTTPConnection(urlsplit(other.url).netloc, timeout=30)
    connection.request("GET", "/events?view=overview")
    stream = connection.getresponse()
    await anyio.to_thread.run_sync(stream.readline)
    process.send_signal(signal.SIGINT)
    assert await anyio.to_thread.run_sync(process.wait, 10) == 130
    connection.close()
    assert process.stdout is not None
    process.stdout.close()


def _refused(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sharedctx.cli", "dashboard", *arguments]
    return subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=60, env=child_environment()
    )


def test_other_machines_need_an_explicit_word(site: Site) -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1", "example.org"):
        ended = _refused("--servers", site.nats_url, "--namespace", "shown", "--host", host)
        assert ended.returncode == 2
        assert "--allow-remote" in ended.stderr


def test_a_namespace_that_does_not_exist_is_not_created(stack: Stack) -> None:
    for _ in range(2):
        assert _refused("--servers", stack.url, "--namespace", "nothing").returncode == 3


def test_a_name_can_be_allowed(stack: Stack, site: Site) -> None:
    process, other = start(stack.url, site.namespace, "--allowed-host", "dash.example")
    assert other.get("/", headers={"Host": "dash.example:80"}).status == 200
    assert other.get("/", headers={"Host": "other.example"}).status == 421
    process.terminate()
    process.wait(20)
    assert process.stdout is not None
    process.stdout.close()


def test_scripts_of_others_are_unchanged_and_nothing_is_fetched_elsewhere() -> None:
    vendor = _PACKAGE / "static" / "vendor"
    recorded = dict(
        re.findall(r"`([\w.-]+\.js)` \| `([0-9a-f]{64})`", (vendor / "README.md").read_text())
    )
    scripts = {path.name: path for path in vendor.glob("*.js")}
    assert recorded.keys() == scripts.keys()
    for name, path in scripts.items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == recorded[name]
    for path in (*_PACKAGE.glob("templates/**/*.html"), _PACKAGE / "static" / "style.css"):
        assert "//" not in path.read_text(), path
