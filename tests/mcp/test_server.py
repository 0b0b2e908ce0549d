"""The MCP server, against a real nats-server and worker."""

from __future__ import annotations

import asyncio
import json
import pydoc_data.topics
import socket
import urllib.error
import urllib.request

import pytest

from sharedctx import SharedContext, tokens
from sharedctx.embedded import NatsServer, Stack
from tests.mcp.conftest import COMMAND, Session, http_server, over_http, over_stdio

TEXT = pydoc_data.topics.topics["formatstrings"]
ROWS = json.dumps([{"path": f"src/module_{n}.py", "size": 100 * n} for n in range(400)])


async def ready(session: Session, key: str) -> None:
    async with asyncio.timeout(60):
        while (await session.ask("context_list", prefix=key))["entries"][0]["state"] == "pending":
            await asyncio.sleep(0.05)


async def whole_round(session: Session) -> None:
    """Put, get by query, get by lines, list, stats, search, resource."""
    put = await session.ask("context_put", key="docs/format", content=TEXT, agent="writer")
    assert (put["key"], put["uri"]) == ("docs/format", "ctx://docs%2Fformat")
    await session.ask("context_put", key="tool/rows", content=ROWS)
    await ready(session, "docs/format")

    short = await session.ask("context_get", key="docs/format")
    assert short["view"] == "rendition"
    assert (short["agent"], short["revision"]) == ("writer", put["revision"])
    assert short["tokens"] == tokens.load().count(short["text"]) < short["original_tokens"] / 2
    assert "lines='120-164'" in short["note"]
    assert short["original_lines"] == TEXT.count("\n")

    question = "What does the percent type of a format do?"
    found = await session.ask("context_get", key="docs/format", query=question, max_tokens=300)
    assert found["tokens"] <= 300
    assert "Percentage" in found["text"]
    lines = await session.ask("context_get", key="docs/format", lines="L10-20")
    assert lines["text"] == "".join(TEXT.splitlines(keepends=True)[9:20])
    assert lines["lines"] == [10, 20]
    assert (lines["note"], lines["complete"]) == (None, False)

    listed = await session.ask("context_list")
    assert [entry["key"] for entry in listed["entries"]] == ["docs/format", "tool/rows"]
    assert listed["entries"][0]["tokens"] == short["tokens"]
    assert listed["next_after"] is None
    stats = await session.ask("context_stats")
    assert stats["entries"] == 2
    assert stats["tokens_saved"] > 0

    hit = (await session.ask("context_search", query="percentage sign"))["passages"][0]
    assert hit["key"] == "docs/format"
    assert hit["text"] in TEXT
    assert await session.templates() == ["ctx://{key}"]
    assert await session.read(put["uri"]) == short["text"]


async def test_a_session_over_stdio(stack: Stack, namespace: str) -> None:
    async with over_stdio(stack.url, namespace, "--allow-writes") as session:
        await whole_round(session)


async def test_sessions_over_http(stack: Stack, namespace: str) -> None:
    with http_server(stack.url, namespace, "--allow-writes") as url:
        assert url.startswith("http://127.0.0.1:")
        async with over_http(url) as session, over_http(url) as other:
            await whole_round(session)
            assert (await other.ask("context_stats"))["entries"] == 2


async def test_writing_is_off_unless_allowed(stack: Stack, namespace: str) -> None:
    async with SharedContext(stack.url, namespace=namespace) as ctx:
        await ctx.put("key", "content")
    async with over_stdio(stack.url, namespace) as session:
        tools = await session.tools()
        names = {"context_get", "context_search", "context_list", "context_stats"}
        assert tools.keys() == names
        assert all(tool["annotations"]["readOnlyHint"] for tool in tools.values())
        await session.refused("context_put", key="key", content="other")
        assert (await session.ask("context_get", key="key"))["text"] == "content"
    async with over_stdio(stack.url, namespace, "--allow-writes") as session:
        tools = await session.tools()
        assert tools.keys() == {*names, "context_put"}
        assert tools["context_put"]["annotations"]["readOnlyHint"] is False
        for tool in tools.values():
            assert len(tool["description"]) > 60
            assert tool["outputSchema"]["properties"]
            for option in tool["inputSchema"]["properties"].values():
                assert option["description"]


async def test_models_get_plain_text_and_a_note_apart(stack: Stack, namespace: str) -> None:
    async with SharedContext(stack.url, namespace=namespace) as ctx:
        await ctx.put("doc", TEXT, wait=True)
        expected = await ctx.get("doc")
    async with over_stdio(stack.url, namespace) as session:
        text, note = (await session.call("context_get", key="doc"))["content"]
        assert text["text"] == expected
        assert note["text"].startswith("This is a rendition")
        (exact,) = (await session.call("context_get", key="doc", lines="1-3"))["content"]
        assert exact["text"] == "".join(TEXT.splitlines(keepends=True)[:3])


async def test_long_results_are_cut_and_say_how_to_read_on(stack: Stack, namespace: str) -> None:
    text = "".join(f"This is line {n} of some length, with {n}\n" for n in range(1, 5001))
    async with SharedContext(stack.url, namespace=namespace) as ctx:
        await ctx.put("long", text, wait=True)
        await ctx.put("line", "word " * 50_000 + "\nsecond")
    async with over_stdio(stack.url, namespace, "--max-tokens", "2000") as session:
        count = tokens.load().count
        parts, span = [], "1-5000"
        while True:
            part = await session.ask("context_get", key="long", lines=span, max_tokens=20_000)
            assert part["tokens"] == count(part["text"]) <= 20_000
            parts.append(part["text"])
            if part["note"] is None:
                break
            span = part["note"].split("lines='")[1].split("'")[0]
        assert "".join(parts) == text
        assert len(parts) > 2
        usual = await session.ask("context_get", key="long", full=True)
        assert 1500 < usual["tokens"] <= 2000
        assert usual["lines"][0] == 1
        most = await session.ask("context_get", key="long", full=True, max_tokens=1_000_000)
        assert most["tokens"] <= 20_000
        small = await session.ask("context_get", key="long", max_tokens=100)
        assert small["tokens"] <= 100
        cut = await session.ask("context_get", key="line", full=True)
        assert 500 < cut["tokens"] <= 2000
        assert "Line 1 is cut: it has 250,001 characters" in cut["note"]


async def test_errors_name_the_remedy(stack: Stack, namespace: str) -> None:
    async with over_stdio(stack.url, namespace, "--allow-writes") as session:
        await session.ask("context_put", key="plan/auth", content="the plan", expect_revision=0)
        missing = await session.refused("context_get", key="plan/auht")
        assert "'plan/auth'" in missing
        assert "context_list" in await session.refused("context_get", key="zzz")
        assert "'120-164'" in await session.refused("context_get", key="plan/auth", lines="x")
        assert "line of the original is 1" in await session.refused(
            "context_get", key="plan/auth", lines="9"
        )
        both = {"query": "x", "full": True}
        assert "not them together" in await session.refused("context_get", key="plan/auth", **both)
        conflict = await session.refused(
            "context_put", key="plan/auth", content="another", expect_revision=0
        )
        assert "at revision" in conflict
        assert "Use a shorter key" in await session.refused(
            "context_put", key="k" * 2000, content="x"
        )
        with pytest.raises(Exception, match="plan/auth"):
            await session.read("ctx://plan%2Fauht")


async def test_odd_keys_are_ordinary(stack: Stack, namespace: str) -> None:
    async with over_stdio(stack.url, namespace, "--allow-writes") as session:
        for key in ("/etc/x", "../a b", "50%/é☃", "a?b#c&d", "ctx://x"):
            put = await session.ask("context_put", key=key, content=f"content of {key}")
            assert (await session.ask("context_get", key=key))["text"] == f"content of {key}"
            assert await session.read(put["uri"]) == f"content of {key}"


async def test_lists_come_in_pages(stack: Stack, namespace: str) -> None:
    keys = sorted(f"a/{number}" for number in range(25))
    async with SharedContext(stack.url, namespace=namespace) as ctx:
        for key in [*keys, "b"]:
            await ctx.put(key, key)
    async with over_stdio(stack.url, namespace) as session:
        seen: list[str] = []
        after: str | None = None
        while True:
            page = await session.ask("context_list", prefix="a/", limit=10, after=after)
            assert page["total"] == 25
            seen += [entry["key"] for entry in page["entries"]]
            after = page["next_after"]
            if after is None:
                break
            assert repr(after) in page["note"]
        assert seen == keys
        empty = await session.ask("context_list", prefix="c/")
        assert (empty["entries"], empty["note"]) == ([], "No entry has such a key.")


async def test_it_starts_before_nats_and_works_as_soon_as_it_can(own_server: NatsServer) -> None:
    await asyncio.to_thread(own_server.kill)
    async with over_stdio(own_server.url, "default") as session:
        assert len(await session.tools()) == 4
        assert "sharedctx up" in await session.refused("context_stats")
        await asyncio.to_thread(own_server.start)
        assert "namespace does not exist" in await session.refused("context_stats")
        async with SharedContext(own_server.url) as ctx:
            await ctx.put("key", "content")
        assert (await session.ask("context_get", key="key"))["text"] == "content"


async def test_over_http_a_web_page_elsewhere_gets_nothing(stack: Stack, namespace: str) -> None:
    with http_server(stack.url, namespace) as url:

        def status(**headers: str) -> int:
            data = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "ping"}).encode()
            accept = {"Accept": "application/json, text/event-stream"}
            content = {"Content-Type": "application/json"}
            request = urllib.request.Request(url, data, {**accept, **content, **headers})
            try:
                with urllib.request.urlopen(request, timeout=10) as answer:
                    return int(answer.status)
            except urllib.error.HTTPError as error:
                return error.code

        assert await asyncio.to_thread(status) == 200
        assert await asyncio.to_thread(status, Origin="https://elsewhere.example") == 403
        assert await asyncio.to_thread(status, Host="elsewhere.example") in {403, 421}


async def test_a_taken_port_is_an_error_that_says_so(stack: Stack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        process = await asyncio.create_subprocess_exec(
            *(*COMMAND, "mcp", "--transport", "http", "--port", port, "--servers", stack.url),
            stderr=asyncio.subprocess.PIPE,
        )
        _, complaint = await process.communicate()
    assert process.returncode == 1
    assert b"--port" in complaint
