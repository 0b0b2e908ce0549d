"""S2: TLS and logins. Who is not to be trusted gets nothing; who is refused hears so at once."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import nkeys
import pytest

from sharedctx import AuthError, Credentials, InvalidRequest, SharedContext
from sharedctx import sync as blocking
from sharedctx.embedded import NatsServer
from sharedctx.embedded.children import child_environment
from tests.faults.certificates import Certificates, make_certificates
from tests.worker.harness import WorkerProcess

SOON_S = 3.0
"""Less than the connect timeout, so that a refusal within it was not waited out."""
PASSWORD = "canary-password-Zq81"
USERS = f"authorization {{ users: [ {{user: admin, password: {PASSWORD}}} ] }}\n"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("tls"))


@asynccontextmanager
async def serving(folder: Path, config: str) -> AsyncIterator[str]:
    """Give host and port of a server with `config`."""
    server = NatsServer(folder / "nats", config=config)
    await asyncio.to_thread(server.start)
    try:
        yield server.url.removeprefix("nats://")
    finally:
        await asyncio.to_thread(server.stop)


async def refused(url: str, credentials: Credentials, match: str) -> AuthError:
    began = time.monotonic()
    with pytest.raises(AuthError, match=match) as caught:
        await SharedContext(url, credentials=credentials).open()
    assert time.monotonic() - began < SOON_S
    return caught.value


async def works(url: str, credentials: Credentials) -> None:
    async with SharedContext(url, credentials=credentials) as ctx:
        await ctx.put("k", "content")
        assert await ctx.get("k") == "content"
        link = ctx._store._connection._nats._transport  # type: ignore[attr-defined]
        assert link._io_writer.get_extra_info("ssl_object") is not None


class PlainServer:
    """Greets like a NATS server without TLS, and keeps what clients then say."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.heard = b""
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                link, _ = self._listener.accept()
            except OSError:
                return
            with link:
                link.sendall(b'INFO {"server_id":"x","version":"2.15.1","max_payload":1048576}\r\n')
                link.settimeout(0.5)
                try:
                    while data := link.recv(4096):
                        self.heard += data
                        if b"PING" in data:
                            link.sendall(b"PONG\r\n")
                except OSError:
                    continue

    def close(self) -> None:
        self._listener.close()


@pytest.mark.parametrize("how", ["scheme", "authority", "one of several"])
async def test_nothing_is_said_to_a_server_without_tls(
    certificates: Certificates, how: str
) -> None:
    server = PlainServer()
    login = {"user": "admin", "password": PASSWORD}
    urls = [f"{'nats' if how == 'authority' else 'tls'}://{server.address}"]
    if how == "one of several":
        urls.insert(0, f"nats://{server.address}")
    if how == "authority":
        login["tls_ca"] = str(certificates.ca)
    try:
        began = time.monotonic()
        with pytest.raises(AuthError, match="offers no TLS"):
            await SharedContext(urls, credentials=Credentials(**login)).open()  # type: ignore[arg-type]
        assert time.monotonic() - began < SOON_S
        assert server.heard == b""
    finally:
        server.close()


async def test_a_real_server_without_tls_is_refused_for_tls_urls(tmp_path: Path) -> None:
    async with serving(tmp_path, USERS) as host:
        error = await refused(f"tls://admin:{PASSWORD}@{host}", Credentials(), "offers no TLS")
        assert PASSWORD not in str(error)


async def test_tls(tmp_path: Path, certificates: Certificates) -> None:
    async with serving(tmp_path, certificates.tls_block() + USERS) as host:
        login: dict[str, Any] = {"user": "admin", "password": PASSWORD}
        trusting = Credentials(**login, tls_ca=certificates.ca)
        await works(f"tls://{host}", trusting)
        await works(f"nats://{host}", trusting)
        own = ssl.create_default_context(cafile=certificates.ca)
        await works(f"tls://{host}", Credentials(**login, tls=own))
        await refused(f"tls://{host}", Credentials(**login), "not to be trusted.*NATS_CA")
        await refused(f"nats://{host}", Credentials(**login), "not to be trusted")
        other = Credentials(**login, tls_ca=certificates.other_ca)
        await refused(f"tls://{host}", other, "not to be trusted")
        wrong = Credentials(user="admin", password="no", tls_ca=certificates.ca)
        await refused(f"tls://{host}", wrong, "refused the credentials")


async def test_a_certificate_of_another_host_is_not_trusted(
    tmp_path: Path, certificates: Certificates
) -> None:
    async with serving(tmp_path, certificates.tls_block(server=certificates.elsewhere)) as host:
        await refused(f"tls://{host}", Credentials(tls_ca=certificates.ca), "not to be trusted")


async def test_optional_tls_is_used(tmp_path: Path, certificates: Certificates) -> None:
    async with serving(tmp_path, certificates.tls_block() + "allow_non_tls: true\n") as host:
        await works(f"tls://{host}", Credentials(tls_ca=certificates.ca))


async def test_mutual_tls(tmp_path: Path, certificates: Certificates) -> None:
    async with serving(tmp_path, certificates.tls_block(more="verify: true")) as host:
        ours = Credentials(tls_ca=certificates.ca, tls_cert=certificates.client)
        await works(f"tls://{host}", ours)
        await refused(f"tls://{host}", Credentials(tls_ca=certificates.ca), "client certificate")


async def test_tls_before_the_greeting(tmp_path: Path, certificates: Certificates) -> None:
    config = certificates.tls_block(more="handshake_first: true")
    server = NatsServer(tmp_path / "nats", config=config)
    server._is_ready = lambda: _listens(server)  # type: ignore[method-assign]  # no greeting
    await asyncio.to_thread(server.start)
    try:
        host = server.url.removeprefix("nats://")
        await works(f"tls://{host}", Credentials(tls_ca=certificates.ca, tls_first=True))
    finally:
        await asyncio.to_thread(server.stop)


def _listens(server: NatsServer) -> bool:
    for ports in server.data_dir.glob("*.ports"):
        server._port = int(ports.read_text().rpartition(":")[2].split('"')[0])
        return True
    return False


@pytest.mark.parametrize("broken", ["missing", "not PEM", "key without certificate", "two logins"])
async def test_what_cannot_be_used_is_refused_before_the_wire(
    tmp_path: Path, certificates: Certificates, broken: str
) -> None:
    junk = tmp_path / "junk.pem"
    junk.write_text("canary-key-material")
    given: dict[str, dict[str, Any]] = {
        "missing": {"tls_ca": tmp_path / "nowhere.pem"},
        "not PEM": {"tls_ca": certificates.ca, "tls_cert": junk},
        "key without certificate": {"tls_key": junk},
        "two logins": {"user": "a", "password": "b", "token": "c"},
    }
    with pytest.raises(InvalidRequest) as caught:
        await SharedContext("tls://127.0.0.1:9", credentials=Credentials(**given[broken])).open()
    assert "canary" not in str(caught.value)


# Logins


@pytest.fixture(scope="module")
def nkey(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A file with a new seed, and its public key."""
    seed = nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_USER)
    path = tmp_path_factory.mktemp("nkey") / "seed"
    path.write_bytes(bytes(seed))
    return path, nkeys.from_seed(bytearray(seed)).public_key.decode()


async def test_every_kind_of_login(tmp_path: Path, nkey: tuple[Path, str]) -> None:
    seed, public = nkey
    hard = "p@ss/w:rd,%"
    users = (
        f"authorization {{ users: [ {{nkey: {public}}}, {{user: admin, password: '{hard}'}} ] }}"
    )
    async with serving(tmp_path / "users", users) as host:
        for credentials in (Credentials(nkey=seed), Credentials(user="admin", password=hard)):
            async with SharedContext(f"nats://{host}", credentials=credentials) as ctx:
                await ctx.put("k", "content")
        async with SharedContext(f"nats://admin:p%40ss%2Fw%3Ard%2C%25@{host}") as ctx:
            assert await ctx.get("k") == "content"
            assert "p@ss" not in repr(ctx)
            assert "p%40" not in repr(ctx)
        await refused(f"nats://{host}", Credentials(), "refused")
    async with serving(tmp_path / "token", "authorization { token: s3cr3t }") as host:
        async with SharedContext(f"nats://{host}", credentials=Credentials(token="s3cr3t")) as ctx:
            await ctx.put("k", "content")
        async with SharedContext(f"nats://s3cr3t@{host}") as ctx:
            assert await ctx.get("k") == "content"
        await refused(f"nats://{host}", Credentials(token="wrong"), "refused")


def test_the_environment_says_what_to_log_in_with(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NATS_USER", "general")
    monkeypatch.setenv("SHAREDCTX_USER", "special")
    monkeypatch.setenv("NATS_PASSWORD", "secret")
    monkeypatch.setenv("NATS_CA", "ca.pem")
    monkeypatch.setenv("NATS_INBOX_PREFIX", "_INBOX_special")
    found = Credentials.of(None)
    assert (found.user, found.password, found.tls_ca) == ("special", "secret", "ca.pem")
    file = Credentials.of(tmp_path / "a.creds")
    assert (file.user, file.tls_ca, file.inbox_prefix) == (None, "ca.pem", "_INBOX_special")
    given = Credentials(token="t")
    assert Credentials.of(given) is given
    assert "secret" not in repr(found)


def test_sync_client_command_and_worker_log_in_alike(
    tmp_path: Path, certificates: Certificates
) -> None:
    config = certificates.tls_block(more="verify: true") + USERS
    with NatsServer(tmp_path / "nats", config=config) as server:
        host = server.url.removeprefix("nats://")
        credentials = Credentials(
            user="admin",
            password=PASSWORD,
            tls_ca=certificates.ca,
            tls_cert=certificates.client,
            inbox_prefix="_INBOX_admin",
        )
        with blocking.SharedContext(f"tls://{host}", credentials=credentials) as ctx:
            ctx.put("k", "content " * 400)
            flags = ["--servers", f"tls://{host}", "--user", "admin"]
            flags += ["--tls-ca", str(certificates.ca), "--tls-cert", str(certificates.client)]
            flags += ["--inbox-prefix", "_INBOX_command"]
            environment = child_environment() | {"NATS_PASSWORD": PASSWORD}
            command = [sys.executable, "-m", "sharedctx.cli", "get", "k", *flags]
            got = subprocess.run(command, capture_output=True, check=False, env=environment)
            assert got.stdout == b"content " * 400, got.stderr
            refused = subprocess.run(
                [*command, "--password", "wrong"], capture_output=True, check=False, env=environment
            )
            assert (refused.returncode, b"refused the credentials" in refused.stderr) == (1, True)
            worker = WorkerProcess(
                tmp_path / "worker.log", "-m", "sharedctx_workers", *flags, "--password", PASSWORD
            )
            try:
                entry = ctx.get_entry("k")
                began = time.monotonic()
                while entry is not None and entry.state == "pending":
                    assert time.monotonic() - began < 40, worker.log.read_text()
                    time.sleep(0.1)
                    entry = ctx.get_entry("k")
            finally:
                worker.kill()
            assert PASSWORD not in worker.log.read_text()


async def test_a_worker_that_is_refused_ends(tmp_path: Path) -> None:
    async with serving(tmp_path, USERS) as host:
        for url, login in ((f"nats://{host}", "wrong"), (f"tls://{host}", PASSWORD)):
            worker = WorkerProcess(
                tmp_path / f"{login}.log",
                *("-m", "sharedctx_workers", "--servers", url),
                *("--user", "admin", "--password", login),
            )
            try:
                assert await asyncio.wait_for(worker.ended(), 40) == 3
            finally:
                worker.kill()
            assert login not in worker.log.read_text()
