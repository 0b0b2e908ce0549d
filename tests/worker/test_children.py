"""The pool of child processes, without a worker around it."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import anyio.lowlevel
import psutil
import pytest

from sharedctx.codec import content_bytes, content_hash, pack
from sharedctx.records import EntryRecord, State
from sharedctx.segments import Guarantee
from sharedctx_workers.children import ChildFailure, Children
from sharedctx_workers.frames import PREFIX, READY, Reply, Request, decode_frame, encode_frame
from sharedctx_workers.prose.loading import TextSettings
from tests.worker.harness import PROFILE, text_of, until

_FAULTY = (sys.executable, "-P", str(Path(__file__).with_name("faulty_child.py")))


def _packed(text: str) -> tuple[bytes, EntryRecord]:
    data = content_bytes(text)
    return pack(data), EntryRecord(content_hash(data), len(data), PROFILE, None, time.time())


@asynccontextmanager
async def _pool(slots: int = 1, time_limit: float = 20.0) -> AsyncIterator[Children]:
    pool = Children(slots, time_limit=time_limit, memory_limit=1024, command=_FAULTY)
    async with pool:
        await pool.start()
        yield pool


def _pids() -> set[int]:
    return {
        child.pid for child in psutil.Process().children() if "faulty_child" in str(child.cmdline())
    }


async def test_a_sound_child_is_kept_and_a_broken_one_replaced() -> None:
    async with _pool() as pool:
        first = _pids()
        assert len(first) == 1
        rendition, packed = await pool.compress(*_packed(text_of("fine")))
        assert rendition.state is State.READY
        assert packed
        with pytest.raises(ChildFailure, match="ValueError"):
            await pool.compress(*_packed(text_of("RAISE")))
        assert _pids() == first
        with pytest.raises(ChildFailure, match="SIGSEGV"):
            await pool.compress(*_packed(text_of("CRASH")))
        assert await pool.count(*_packed(text_of("CRASH"))) > 100
        assert len(_pids()) == 1
        assert _pids() != first
    assert not _pids()


_LETTER = "".join(
    f"The operator of the service on host h{i} was asked to look at the log of the job {i * 7}, "
    f"which should not be running before the end of the migration of table_{i}. "
    for i in range(60)
)


async def test_children_drop_words_by_the_backend_that_is_set() -> None:
    text = TextSettings("lexical")
    pool = Children(1, time_limit=20.0, memory_limit=1024, text=text, command=_FAULTY)
    async with pool:
        await pool.start()
        assert pool.text_backend == ("lexical-1", "")
        rendition, _ = await pool.compress(*_packed(_LETTER))
    assert rendition.guarantee is Guarantee.ABRIDGED
    assert rendition.transforms[-1].startswith("kompress:lexical-1:0.")


async def test_children_without_the_model_say_why_they_use_another() -> None:
    text = TextSettings("torch", "/no/such/folder", "cpu")
    pool = Children(1, time_limit=20.0, memory_limit=0, text=text, command=_FAULTY)
    async with pool:
        await pool.start()
        backend, reason = pool.text_backend
    assert backend in {"student-1", "lexical-1"}
    assert "no folder /no/such/folder" in reason


async def test_a_cancelled_job_ends_its_child() -> None:
    async with _pool(slots=2) as pool:
        with anyio.move_on_after(0.5) as scope:
            await pool.compress(*_packed(text_of("HANG")))
        assert scope.cancelled_caught
        assert pool.busy == 0
        assert len(_pids()) == 1


async def test_jobs_wait_for_a_free_child() -> None:
    async with _pool() as pool, anyio.create_task_group() as tasks:
        for i in range(4):
            tasks.start_soon(pool.compress, *_packed(text_of(f"number{i}")))
        await anyio.lowlevel.checkpoint()
        assert len(_pids()) == 1
    assert pool.stuck == 0


async def test_a_job_that_ignores_its_limit_is_reported_as_stuck() -> None:
    async with _pool() as pool:
        child = pool._idle[0]
        pool._busy[child] = anyio.current_time() - 10
        assert pool.stuck == 0
        pool._busy[child] -= 10
        assert pool.stuck == 1


async def test_content_other_than_recorded_is_refused() -> None:
    packed, record = _packed(text_of("one"))
    _, other = _packed(text_of("two"))
    async with _pool() as pool:
        with pytest.raises(ChildFailure, match="recorded hash"):
            await pool.compress(packed, other)
        with pytest.raises(ChildFailure, match="not a valid zstd frame|does not unpack"):
            await pool.compress(packed[:-1], record)


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("import sys; sys.exit(3)", "exit code 3"),
        ("print('hello', flush=True); input()", "nonsense"),
        ("import os, sys; os.write(1, bytes(4)); input()", "nonsense"),
    ],
)
async def test_a_child_that_does_not_start_says_why(program: str, reason: str) -> None:
    command = (sys.executable, "-c", program)
    async with Children(2, time_limit=1.0, memory_limit=0, command=command) as pool:
        with pytest.raises(ChildFailure, match=reason):
            await pool.start()
        assert not pool.warm


async def test_a_program_that_is_not_there_is_a_failure() -> None:
    async with Children(1, time_limit=1.0, memory_limit=0, command=("/not/there",)) as pool:
        with pytest.raises(ChildFailure, match="no child process could be started"):
            await pool.start()


async def test_children_do_not_inherit_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NATS_URL", "nats://user:secret@host")
    monkeypatch.setenv("SHAREDCTX_SERVERS", "nats://user:secret@host")
    async with _pool():
        environment = psutil.Process(_pids().pop()).environ()
    assert "secret" not in str(environment)
    assert environment["PATH"] == os.environ["PATH"]


async def test_a_child_ends_with_its_stdin() -> None:
    process = await anyio.open_process([*_FAULTY, "0", "{}"])
    assert process.stdout is not None
    assert process.stdin is not None
    await process.stdout.receive()
    await process.stdin.aclose()
    await until(lambda: process.returncode is not None, "its end")
    assert process.returncode == 0
    await process.aclose()


async def test_a_child_that_hangs_ends_even_when_its_parent_does_nothing() -> None:
    packed, record = _packed(text_of("HANG"))
    process = await anyio.open_process([*_FAULTY, "0", "{}"])
    assert process.stdout is not None
    assert process.stdin is not None
    await process.stdout.receive()
    await process.stdin.send(encode_frame(Request("compress", record.header(), packed, 0.1)))
    await until(lambda: process.returncode is not None, "its end")
    assert process.returncode == -signal.SIGALRM
    await process.aclose()


@pytest.mark.parametrize("reply", [READY, Reply("error", error="KeyError", retire=True)])
def test_replies_round_trip(reply: Reply) -> None:
    data = encode_frame(reply)
    assert PREFIX.unpack(data[: PREFIX.size]) == (len(data) - PREFIX.size,)
    assert decode_frame(Reply, data[PREFIX.size :]) == reply


def test_requests_round_trip() -> None:
    request = Request("count", "{}", b"x", 1.5)
    assert decode_frame(Request, encode_frame(request)[PREFIX.size :]) == request


@pytest.mark.parametrize("body", [b"", b"\xc1", b"\x00", b"\x90", b"\x96\x01\x01\x01\x01\x01\x01"])
def test_other_bytes_are_no_frames(body: bytes) -> None:
    with pytest.raises(ValueError, match="not a Reply"):
        decode_frame(Reply, body)
