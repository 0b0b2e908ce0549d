from __future__ import annotations

import asyncio
import os
import signal
import socket
import threading
from pathlib import Path

import nats
import psutil
import pytest

from sharedctx.embedded import NatsServer
from sharedctx.embedded import server as server_module
from sharedctx.embedded.server import find_nats_server
from sharedctx.errors import MissingExtra, StoreUnavailable


async def test_a_killed_server_comes_back_at_the_same_port_with_its_data(tmp_path: Path) -> None:
    server = NatsServer(tmp_path / "data")
    await asyncio.to_thread(server.start)
    url, pid = server.url, server.pid
    connection = await nats.connect(url)
    await connection.jetstream().add_stream(name="S", subjects=["s"])
    await connection.jetstream().publish("s", b"kept")
    await connection.close()
    await asyncio.to_thread(server.kill)
    assert not server.is_running
    assert not psutil.pid_exists(pid)
    await asyncio.to_thread(server.start)
    assert server.url == url
    assert server.pid != pid
    connection = await nats.connect(url)
    assert (await connection.jetstream().get_msg("S", 1)).data == b"kept"
    await connection.close()
    await asyncio.to_thread(server.stop)
    assert not server.is_running


def test_starting_twice_and_stopping_twice_changes_nothing(tmp_path: Path) -> None:
    server = NatsServer(tmp_path)
    server.stop()
    pid = server.start().pid
    assert server.start().pid == pid
    server.stop()
    server.stop()
    server.kill()
    assert not psutil.pid_exists(pid)


def test_it_starts_again_after_it_died_by_itself(tmp_path: Path) -> None:
    with NatsServer(tmp_path) as server:
        os.kill(server.pid, signal.SIGKILL)
        psutil.Process(server.pid).wait(5)
        assert not server.is_running
        assert server.start().is_running


def test_a_data_directory_serves_one_server(tmp_path: Path) -> None:
    with NatsServer(tmp_path), pytest.raises(StoreUnavailable, match="Another nats-server"):
        NatsServer(tmp_path).start()
    with NatsServer(tmp_path):
        pass


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with NatsServer(tmp_path / "one") as one:
        port = int(one.url.rpartition(":")[2])
        with pytest.raises(StoreUnavailable, match=f"port {port} taken"):
            NatsServer(tmp_path / "two", port=port).start()


def test_a_bad_configuration_shows_the_log(tmp_path: Path) -> None:
    server = NatsServer(tmp_path, config="no such setting {")
    with pytest.raises(StoreUnavailable, match=r"could not start(.|\n)*Parse error"):
        server.start()
    assert not server.is_running


def test_more_configuration_and_syncing_reach_the_server(tmp_path: Path) -> None:
    folder = tmp_path / "a folder"
    with NatsServer(folder, config="max_control_line: 8192", sync_interval="always") as server:
        assert 'sync_interval: "always"' in (folder / "nats-server.conf").read_text()
        assert "max_control_line: 8192" in (folder / "nats-server.conf").read_text()
        assert server.log.read_text().count("Server is ready") == 1


def test_without_a_program_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert os.access(find_nats_server(), os.X_OK)
    monkeypatch.setattr(server_module, "_NAME", "no-such-nats-server")
    with pytest.raises(MissingExtra, match=r"sharedctx\[local\]"):
        find_nats_server()


def test_before_the_first_start_there_is_no_url(tmp_path: Path) -> None:
    server = NatsServer(tmp_path)
    with pytest.raises(StoreUnavailable):
        _ = server.url
    with pytest.raises(StoreUnavailable):
        _ = server.pid


def test_its_own_port_is_waited_for(tmp_path: Path) -> None:
    with NatsServer(tmp_path) as server:
        server.kill()
        with socket.create_server(("127.0.0.1", int(server.url.rpartition(":")[2]))) as squatter:
            release = threading.Timer(0.3, squatter.close)
            release.start()
            assert server.start().is_running
            release.join()
