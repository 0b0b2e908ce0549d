"""The dashboard as a process, and a namespace with real material for it to show."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

from sharedctx import SharedContext
from sharedctx.embedded.children import child_environment
from sharedctx.keys import encode_key

__all__ = ("HOSTILE", "HOSTILE_KEY", "Answer", "Site", "fill", "start")

ROOT = Path(__file__).parents[2]
HOSTILE_KEY = '<b onmouseover=window.pwned=1>"key"&\u202etxt'
HOSTILE = (
    "<script>window.pwned = 1</script>\n"
    '<img src=x onerror="window.pwned = 1"> <a href="javascript:window.pwned=1">x</a>\n'
    '<p hx-get="/original" hx-trigger="load">{{ 7 * 7 }}</p>\n'
    "[… 3 lines elided: L1-3]\n"
    "lone surrogate \ud800, escape \x1b[31m, reversed \u202e\r alone\n"
) + "".join(f"data: line {n} </div></details></pre>\n\n" for n in range(300))


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass(frozen=True)
class Site:
    url: str
    nats_url: str
    namespace: str

    def get(
        self, path: str, *, method: str = "GET", headers: dict[str, str] | None = None
    ) -> Answer:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        try:
            connection.request(method, path, headers=headers or {})
            answer = connection.getresponse()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, names, answer.read())
        finally:
            connection.close()

    def entry(self, key: str, **more: object) -> str:
        """Path of the page of an entry."""
        query = "".join(f"&{name}={quote(str(value))}" for name, value in more.items())
        return f"/entry?key={quote(encode_key(key))}{query}"

    def context(self) -> SharedContext:
        return SharedContext(self.nats_url, namespace=self.namespace)


class _Unknown:
    """A tokenizer that no worker has, so that jobs with it fail for a real reason."""

    name = "unknown-model"

    def count(self, text: str) -> int:
        return len(text)


async def fill(nats_url: str, namespace: str) -> None:
    """Put real material of several kinds and agents, something hostile, and something that fails.

    The namespace keeps revisions; jobs get one attempt.
    """
    rows = [{"path": f"src/m{n}.py", "size": 97 * n, "mode": "-rw-r--r--"} for n in range(300)]
    material = {
        ("coder", "src/client.py"): (ROOT / "sharedctx" / "client.py").read_text(),
        ("coder", "src/render.py"): (ROOT / "sharedctx" / "render.py").read_text(),
        ("scout", "listing.json"): json.dumps(rows, indent=1),
        ("writer", "docs/architecture"): (ROOT / "docs" / "architecture.md").read_text(),
        ("scout", HOSTILE_KEY): HOSTILE,
    }
    async with SharedContext(nats_url, namespace=namespace, history=5, max_attempts=1) as context:
        for (agent, key), text in material.items():
            await context.put(key, text, agent=agent, wait=True)
        await context.put("plan", "1. read\n2. write", agent="planner")
        await context.put("docs/architecture", material["coder", "src/client.py"], agent="editor")
    async with SharedContext(nats_url, namespace=namespace, tokenizer=_Unknown()) as context:
        await context.put("fails", material["writer", "docs/architecture"], wait=True)


def start(nats_url: str, namespace: str, *options: str) -> tuple[subprocess.Popen[bytes], Site]:
    """Start the dashboard on a free port and wait until it says where it is."""
    command = [sys.executable, "-m", "sharedctx.cli", "dashboard", "--port", "0", "--json"]
    process = subprocess.Popen(
        [*command, "--servers", nats_url, "--namespace", namespace, *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        env=child_environment(),
    )
    assert process.stdout is not None
    told = json.loads(process.stdout.readline())
    assert told["namespace"] == namespace
    return process, Site(told["url"], nats_url, namespace)
