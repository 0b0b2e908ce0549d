"""A child process whose compressor only sleeps: what is left is the cost of handing out jobs."""

from __future__ import annotations

import sys
import time
from types import ModuleType

from sharedctx.records import EntryRecord, RenditionBody, RenditionRecord, State
from sharedctx.segments import Guarantee
from sharedctx_workers.prose.backend import Backend
from sharedctx_workers.prose.loading import Loaded

SLEEP_S = 0.05


def compress_packed(
    _packed: bytes, record: EntryRecord, _backend: Backend | None
) -> tuple[RenditionRecord, bytes]:
    """Sleep, and return a rendition that says nothing."""
    time.sleep(SLEEP_S)
    packed, size = RenditionBody("", b"").pack()
    rendition = RenditionRecord(
        hash=record.hash,
        profile=record.profile,
        state=State.PASSTHROUGH,
        guarantee=Guarantee.LOSSLESS,
        original_tokens=1,
        compressed_tokens=1,
        reason="it was only slept",
        elapsed_s=SLEEP_S,
        size=size,
    )
    return rendition, packed


def main() -> None:
    """Serve requests as a child does, without loading compressors that are not used."""
    job = ModuleType("sharedctx_workers.child_job")
    vars(job).update(compress_packed=compress_packed, warm=lambda _text: Loaded(None))
    sys.modules[job.__name__] = job
    from sharedctx_workers import child  # noqa: PLC0415 - it imports the module made above

    vars(child).update(child_job=job)
    child.main()


if __name__ == "__main__":
    main()
