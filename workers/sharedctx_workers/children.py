"""The child processes of a worker: kept warm, and killed when a job goes beyond its limits."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Self

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from sharedctx.errors import CorruptEntry
from sharedctx.records import (
    RENDITION_HEADER,
    EntryRecord,
    RenditionRecord,
)
from sharedctx_workers.frames import PREFIX, READY, Reply, Request, decode_frame, encode_frame
from sharedctx_workers.prose.loading import TextSettings

__all__ = ("CHILD_COMMAND", "ChildFailure", "Children")

CHILD_COMMAND = (sys.executable, "-P", "-m", "sharedctx_workers.child")
"""How a child is started; added are the memory limit in MiB and the text settings in JSON."""

_DEFAULT_TEXT = TextSettings()
# Imports and vocabulary take under a second; a loaded host may need many times that.
_START_LIMIT_S = 60.0
# A child that is killed is gone at once. Busy for longer than this beyond its limit: stuck.
_STUCK_AFTER_S = 15.0
_ONE_CPU_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "TRANSFORMERS_OFFLINE": "1",
}
# More than any packed rendition takes; a child must not fill the memory of its parent.
_LARGEST_FRAME = 1 << 30


class ChildFailure(Exception):
    """A job could not be done in its child. The text says why and never quotes the content."""


def _environment() -> dict[str, str]:
    """What children inherit: the modules of their parent, but not its credentials.

    A child has one CPU and no business on the network.
    """
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("NATS_", "SHAREDCTX_"))
    }
    return inherited | _ONE_CPU_OFFLINE | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def _ending(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


class _Child:
    """One child process, warm and idle, or at work on one request."""

    def __init__(self, process: Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._process = process
        self._requests = process.stdin
        self._replies = BufferedByteReceiveStream(process.stdout)
        self.ready = READY

    @classmethod
    async def start(cls, command: Sequence[str]) -> _Child:
        """Start a child and wait until it is warm."""
        try:
            process = await anyio.open_process(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=None,  # for a traceback while it starts; once warm it writes nothing there
                env=_environment(),
                start_new_session=True,
            )
        except OSError as error:
            raise ChildFailure(f"no child process could be started: {error.strerror}") from error
        child = cls(process)
        try:
            with anyio.fail_after(_START_LIMIT_S):
                child.ready = await child._receive()
        except TimeoutError:
            await child.aclose()
            raise ChildFailure("a child process did not start in time") from None
        except BaseException:
            await child.aclose()
            raise
        return child

    async def _receive(self) -> Reply:
        try:
            (size,) = PREFIX.unpack(await self._replies.receive_exactly(PREFIX.size))
            if size > _LARGEST_FRAME:
                raise ValueError(f"A frame of {size} bytes is not ours.")
            return decode_frame(Reply, await self._replies.receive_exactly(size))
        except (anyio.IncompleteRead, anyio.EndOfStream, anyio.BrokenResourceError):
            code = await self._process.wait()
            raise ChildFailure(f"its child process ended with {_ending(code)}") from None
        except ValueError:
            raise ChildFailure("its child process answered nonsense") from None

    async def ask(self, request: Request) -> Reply:
        """Hand over `request` and wait for the reply, however long that takes."""
        with contextlib.suppress(anyio.BrokenResourceError):  # receiving tells how it ended
            await self._requests.send(encode_frame(request))
        return await self._receive()

    async def aclose(self) -> None:
        """Kill the child and wait until it is gone."""
        with anyio.CancelScope(shield=True):
            if self._process.returncode is None:
                self._process.kill()
            await self._process.aclose()


class Children:
    """A pool of children, one job in each at a time.

    Args:
        slots: Children at most.
        time_limit: Seconds that one job may take.
        memory_limit: MiB of address space of each child; 0 does not limit.
        text: How they abridge prose.
        command: How to start a child.
    """

    def __init__(
        self,
        slots: int,
        *,
        time_limit: float,
        memory_limit: int,
        text: TextSettings = _DEFAULT_TEXT,
        command: Sequence[str] = CHILD_COMMAND,
    ) -> None:
        self._time_limit = time_limit
        self._memory_limit = memory_limit
        self._command = (*command, str(memory_limit), json.dumps(asdict(text)))
        self._slots = anyio.CapacityLimiter(slots)
        self._idle: list[_Child] = []
        self._busy: dict[_Child, float] = {}
        self.warm = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        while self._idle:
            await self._idle.pop().aclose()

    async def start(self) -> None:
        """Start every child, so that the first jobs find them warm.

        Raises:
            ChildFailure: the children of this installation do not start.
        """
        failures: list[ChildFailure] = []

        async def start_one() -> None:
            try:
                self._idle.append(await _Child.start(self._command))
            except ChildFailure as failure:
                failures.append(failure)

        async with anyio.create_task_group() as starting:
            for _ in range(int(self._slots.total_tokens)):
                starting.start_soon(start_one)
        if failures:
            raise failures[0]
        self.warm = True

    @property
    def text_backend(self) -> tuple[str, str]:
        """What knows the words of prose in warm children, and why it is none that was asked for."""
        return (self._idle[0].ready.header, self._idle[0].ready.error) if self._idle else ("", "")

    @property
    def busy(self) -> int:
        """Jobs at work."""
        return len(self._busy)

    @property
    def stuck(self) -> int:
        """Jobs that run on although their time limit is well past."""
        now = anyio.current_time()
        return sum(now > deadline + _STUCK_AFTER_S for deadline in self._busy.values())

    async def compress(self, packed: bytes, record: EntryRecord) -> tuple[RenditionRecord, bytes]:
        """Compress a packed content; wait for a free child first.

        Returns:
            The record of the rendition, and the rendition packed.

        Raises:
            ChildFailure: it went beyond a limit, or the compressor broke.
        """
        reply = await self._run(Request("compress", record.header(), packed, self._time_limit))
        try:
            rendition = RenditionRecord.from_headers({RENDITION_HEADER: reply.header})
        except CorruptEntry:
            raise ChildFailure("its child process answered nonsense") from None
        if (rendition.hash, rendition.profile) != (record.hash, record.profile):
            raise ChildFailure("its child process answered for another content")
        return rendition, reply.packed

    async def count(self, packed: bytes, record: EntryRecord) -> int:
        """Count the tokens of a packed content; wait for a free child first.

        Raises:
            ChildFailure: it went beyond a limit, or the tokenizer broke.
        """
        request = Request("count", record.header(), packed, self._time_limit)
        return (await self._run(request)).tokens

    async def _run(self, request: Request) -> Reply:
        async with self._slots:
            child = self._idle.pop() if self._idle else await _Child.start(self._command)
            reply = await self._ask(child, request)
        if reply.outcome == "memory":
            raise ChildFailure(f"it needs more memory than the limit of {self._memory_limit} MiB")
        if reply.outcome == "error":
            raise ChildFailure(reply.error)
        return reply

    async def _ask(self, child: _Child, request: Request) -> Reply:
        """Ask `child`, which goes back to the idle ones only after a sound reply."""
        self._busy[child] = anyio.current_time() + request.time_limit
        reply = Reply("error", retire=True)
        try:
            with anyio.fail_after(request.time_limit):
                reply = await child.ask(request)
        except TimeoutError:
            limit = f"{request.time_limit:g} s"
            raise ChildFailure(f"it takes longer than the time limit of {limit}") from None
        finally:
            if reply.retire:
                await child.aclose()
            else:
                self._idle.append(child)
            del self._busy[child]
        return reply
