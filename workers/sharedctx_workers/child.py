"""A child process of a worker: takes documents on stdin, one at a time, and answers on stdout.

It has limits that it cannot exceed and that do not need a living parent: address space
(`RLIMIT_AS`), a timer that ends it, and the death of its parent.

Run by `sharedctx_workers.children` as ``python -m sharedctx_workers.child MEMORY_LIMIT_MIB TEXT``,
where TEXT is the JSON of the `TextSettings`.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import resource
import signal
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from sharedctx.errors import SharedContextError
from sharedctx.records import ENTRY_HEADER, EntryRecord
from sharedctx_workers import child_job
from sharedctx_workers.frames import PREFIX, READY, Reply, Request, decode_frame, encode_frame
from sharedctx_workers.prose import Backend
from sharedctx_workers.prose.loading import Loaded, TextSettings

__all__ = ("main",)

_PR_SET_PDEATHSIG = 1
# The parent keeps the time; this only ends a child whose parent is gone or stopped.
_TIMER_MARGIN_S = 5.0


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        # When memory runs out on this host, a child goes first: it holds one job, not the worker.
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("500")


def _ignore_stop_signals() -> None:
    # A terminal and systemd signal the whole group. The worker decides when its children end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _limit_memory(limit: int) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core file would hold the content
    if limit:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        soft = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep the pipes to the parent for the protocol; what else is printed goes nowhere."""
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    with Path(os.devnull).open("r+b") as nowhere:
        for standard in (0, 1, 2):
            os.dup2(nowhere.fileno(), standard)
    return requests, replies


def _requests(pipe: BinaryIO) -> Iterator[Request]:
    while prefix := pipe.read(PREFIX.size):
        (size,) = PREFIX.unpack(prefix)
        yield decode_frame(Request, pipe.read(size))


def _address_space() -> int:
    if sys.platform != "linux":
        return 0
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


def _reason(error: BaseException) -> str:
    """What our own errors say; of all others, which may quote the content, type and place only."""
    if isinstance(error, SharedContextError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"


def _answer(request: Request, backend: Backend | None) -> Reply:
    try:
        record = EntryRecord.from_headers({ENTRY_HEADER: request.header})
        if request.task == "count":
            return Reply("done", tokens=child_job.count_packed(request.packed, record))
        rendition, packed = child_job.compress_packed(request.packed, record, backend)
        return Reply("done", rendition.header(), packed)
    except MemoryError:
        return Reply("memory", retire=True)
    except BaseException as error:  # noqa: BLE001 - panics of Rust code are not Exceptions
        return Reply("error", error=_reason(error))


def _ready(loaded: Loaded) -> Reply:
    """Return the first frame: which backend is warm, and why a better one is not."""
    name = loaded.backend.name if loaded.backend else "none"
    return READY._replace(header=name, error=" ".join(loaded.skipped))


def main() -> None:
    """Serve requests until stdin ends."""
    limit = int(sys.argv[1]) << 20
    _die_with_parent()
    _ignore_stop_signals()
    _limit_memory(limit)
    loaded = child_job.warm(TextSettings(**json.loads(sys.argv[2])))
    requests, replies = _take_pipes()
    replies.write(encode_frame(_ready(loaded)))
    replies.flush()
    for request in _requests(requests):
        signal.setitimer(signal.ITIMER_REAL, request.time_limit + _TIMER_MARGIN_S)
        reply = _answer(request, loaded.backend)
        signal.setitimer(signal.ITIMER_REAL, 0)
        if limit and _address_space() > limit // 2:
            reply = reply._replace(retire=True)
        replies.write(encode_frame(reply))
        replies.flush()


if __name__ == "__main__":
    main()
