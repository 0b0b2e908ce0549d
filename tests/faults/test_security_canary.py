"""S4: no content, password or key in any log, repr, error or metric, at debug level and in trouble.

Canaries are put where secrets are; then all that processes write is read, and none may be there.
"""

from __future__ import annotations

import base64
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nkeys
import pytest

from sharedctx import sync
from sharedctx.embedded import NatsServer
from sharedctx.embedded.children import child_environment
from tests.worker.harness import WorkerProcess

pytestmark = pytest.mark.timeout(300)

CONTENT = "CANARY-content-7Hq"
PASSWORD = "CANARY-password-9Zk"
TOKEN = "CANARY-token-3Vx"
WRONG = "CANARY-wrong-5Rt"
USERS = f"""authorization {{ users: [
    {{user: admin, password: {PASSWORD}}}
    {{user: nobody, password: {PASSWORD}, permissions: {{
        publish: ["$JS.API.STREAM.INFO.>"], subscribe: ["_INBOX.>"] }} }}
] }}"""

# Runs with logging and asyncio at debug level. Every error is logged with its whole chain.
CLIENT = """
import asyncio, logging, os, pathlib, sys
logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
from sharedctx import Credentials, SharedContext
from sharedctx.metrics import ClientMetrics
from prometheus_client import CollectorRegistry, generate_latest
HOST, CONTENT, PASSWORD, TOKEN, WRONG, SEED, PEM = sys.argv[1:]
registry = CollectorRegistry()
metrics = ClientMetrics(registry)
texts = {
    "text": f"{CONTENT} is here. " * 300,
    "json": "[" + ",".join('{"id": %d, "name": "%s"}' % (n, CONTENT) for n in range(300)) + "]",
    "code": "".join(f"def {CONTENT.replace('-', '_')}_{n}(): return {n}\\n" for n in range(300)),
    "big": "".join(f"{CONTENT}{n * 2654435761 % 2**32:08x}" for n in range(20_000)),
}

async def trouble(what):
    try:
        seen = await what
    except Exception as error:
        logging.exception("failed: %r %s", error, error)
    else:
        logging.info("gave %s", type(seen).__name__)

def context(login, **more):
    url = f"nats://{HOST}" if isinstance(login, Credentials) else f"nats://{login}@{HOST}"
    given = login if isinstance(login, Credentials) else Credentials()
    return SharedContext(url, credentials=given, metrics=metrics, retry_budget=1, **more)

async def main():
    for login in (
        f"admin:{WRONG}", WRONG, f"admin:{WRONG}/{PASSWORD}", f"a:{PASSWORD},b:{WRONG}",
        Credentials(token=TOKEN), Credentials(user="admin", password=WRONG),
    ):
        logging.info("with %r", login) if isinstance(login, Credentials) else None
        try:
            await trouble(context(login).open())
        except Exception as error:
            logging.exception("failed: %r", error)
    for file in (SEED, PEM, os.devnull):
        await trouble(context(Credentials(file=file)).open())
        await trouble(context(Credentials(nkey=file)).open())
        await trouble(SharedContext(f"tls://{HOST}", credentials=Credentials(tls_ca=file)).open())
        given = Credentials(tls_cert=PEM, tls_key=file)
        await trouble(SharedContext(f"tls://{HOST}", credentials=given).open())
    async with context(f"admin:{PASSWORD}", agent="canary") as ctx, context(
        f"nobody:{PASSWORD}", create=False
    ) as nobody:
        store = ctx._store
        for key, text in texts.items():
            entry = await ctx.put(key, text)
            stored = await store.get(key)
            found = [hit for hit in await ctx.search("here")]
            logging.info("%r", [ctx, entry, stored, found, store.config, ctx._options])
            logging.info("%r", await ctx.get_entry(key))
            await ctx.get(key, timeout=0)
            await ctx.get(key, max_tokens=100, timeout=0)
            for denied in (nobody.put(key, text), nobody.get(key), nobody.search(CONTENT)):
                await trouble(denied)
        for wrong in (
            ctx.put("k", texts["text"], expect=77), ctx.put("k", texts["text"].encode()),
            ctx.put("k" * 2000, texts["text"]), ctx.get("text", full=True, query=CONTENT),
            ctx.put("k", texts["text"], ttl=10**9), ctx.wait_for("k", timeout=0.1),
        ):
            await trouble(wrong)
        pathlib.Path("ready").touch()
        while not pathlib.Path("killed").exists():
            await asyncio.sleep(0.05)
        for key, text in texts.items():
            await trouble(ctx.put(key, text))
            await trouble(ctx.get(key, timeout=0))
    print(generate_latest(registry).decode())

asyncio.run(main(), debug=True)
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    with NatsServer(tmp_path / "nats", config=USERS) as running:
        yield running


@pytest.fixture
def seed() -> str:
    return bytes(nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_USER)).decode()


def clean(text: str, *more: str) -> None:
    """No canary is in `text`, neither as it is nor in base64."""
    for secret in (CONTENT, PASSWORD, TOKEN, WRONG, *more):
        assert secret not in text, text[max(0, text.index(secret) - 800) :][:1200]
        coded = base64.b64encode(secret.encode()).decode().rstrip("=")[:-1]
        assert coded not in text


def await_file(path: Path, process: subprocess.Popen[bytes]) -> None:
    began = time.monotonic()
    while not path.exists() and process.poll() is None:
        assert time.monotonic() - began < 60
        time.sleep(0.05)


def test_a_client(server: NatsServer, tmp_path: Path, seed: str) -> None:
    (tmp_path / "seed").write_text(f"{seed[:-4]}AAAA")
    key = f"{PASSWORD}{seed}"
    pem = f"-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----\n"
    (tmp_path / "key.pem").write_text(pem)
    secrets = (CONTENT, PASSWORD, TOKEN, WRONG, "seed", "key.pem")
    output = tmp_path / "output"
    with output.open("w") as written_to:
        client = subprocess.Popen(
            [sys.executable, "-c", CLIENT, server.url.removeprefix("nats://"), *secrets],
            stdout=written_to,
            stderr=subprocess.STDOUT,
            cwd=tmp_path,
            env=child_environment() | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
    try:
        await_file(tmp_path / "ready", client)
        server.kill()
        (tmp_path / "killed").touch()
        client.wait(100)
    finally:
        client.kill()
        client.wait()
    written = output.read_text()
    assert client.returncode == 0, written[-3000:]
    for expected in ("AuthError", "PermissionDenied", "RevisionConflict", "StoreUnavailable"):
        assert expected in written
    assert "sharedctx_puts_total" in written
    clean(written, seed[:20])


def test_a_worker(server: NatsServer, tmp_path: Path) -> None:
    address = server.url.removeprefix("nats://")
    arguments = ["-m", "sharedctx_workers", "--log-level", "debug", "--servers"]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    health = ["--health-port", str(port), "--memory-limit", "700", "--time-limit", "2"]
    inline = WorkerProcess(
        tmp_path / "w1.log", *arguments, f"nats://admin:{PASSWORD}@{address}", *health
    )
    flags = ["--user", "admin", "--password", PASSWORD]
    plain = WorkerProcess(tmp_path / "w2.log", *arguments, f"nats://{address}", *flags)
    refused = WorkerProcess(tmp_path / "w3.log", *arguments, f"nats://{address}", "--token", TOKEN)
    workers = (inline, plain, refused)
    try:
        url = f"nats://admin:{PASSWORD}@{address}"
        with sync.SharedContext(url, max_attempts=2) as ctx:
            for number in range(20):
                ctx.put(f"k{number}", f"{CONTENT} number {number} says something. " * 100)
            ctx.put("deep", "[" * 100_000 + f'"{CONTENT}"' + "]" * 100_000)
            ctx.put("code", f"def f(:\n  '{CONTENT}'\n" * 500, kind="code", language="python")
            for key in (*(f"k{number}" for number in range(20)), "deep", "code"):
                assert ctx.get(key, timeout=40)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as response:
            metrics = response.read().decode()
        assert refused.process.wait(60) == 3
        server.kill()
        time.sleep(3)
    finally:
        for worker in workers:
            worker.kill()
    assert "sharedctx_jobs_total" in metrics
    clean(metrics)
    for worker in workers:
        clean(worker.log.read_text())
    assert any("job.done" in worker.log.read_text() for worker in workers)


def test_the_command(server: NatsServer) -> None:
    address = server.url.removeprefix("nats://")
    good = {"NATS_URL": f"nats://{address}", "NATS_USER": "admin", "NATS_PASSWORD": PASSWORD}
    text = f"{CONTENT} is worth hiding. " * 100

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "sharedctx.cli", *arguments],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            env=child_environment() | {"PYTHONASYNCIODEBUG": "1"} | environment,
        )

    assert run("put", "k", **good).returncode == 0
    read = run("get", "k", "--full", **good)
    assert read.stdout == text
    clean(read.stderr)
    given: list[tuple[tuple[str, ...], dict[str, str]]] = [
        (("put", "k"), {}),
        (("put", "k", "--expect", "77"), {}),
        (("put", "k", "--password", WRONG), {}),
        (("put", "k", "--servers", f"nats://admin:{WRONG}@{address}"), {}),
        (("put", "k", "--servers", f"nats://admin:{WRONG}/x@{address}"), {}),
        (("put", "k", "--servers", f"tls://admin:{PASSWORD}@{address}"), {}),
        (("put", "k", "--token", TOKEN), {}),
        (("put", "k", "--servers", "nats://127.0.0.1:9"), {}),
        (("ls", "--json"), {}),
        (("stats",), {}),
        (("doctor",), {}),
        (("doctor", "--servers", f"nats://admin:{WRONG}@{address}"), {}),
        (("history", "k", "--json"), {}),
        (("nonsense", "--password", WRONG), {}),
        (("get", "--password", WRONG), {}),
        (("--help",), {}),
        (("worker", "--slots", "no"), {}),
        (("ls",), {"NATS_USER": "nobody"}),
    ]
    with ThreadPoolExecutor(3) as pool:
        runs = list(pool.map(lambda each: run(*each[0], **{**good, **each[1]}), given))
    for ended in runs:
        clean(ended.stdout + ended.stderr)
        assert "Traceback" not in ended.stderr
    assert {ended.returncode for ended in runs} == {0, 1, 2, 4, 5}
