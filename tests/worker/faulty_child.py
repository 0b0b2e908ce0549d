"""A child process whose compressor misbehaves on texts that ask for it in their first word."""

from __future__ import annotations

import os
import signal
import time

from sharedctx.records import Profile, RenditionBody, RenditionRecord
from sharedctx_workers import child, pipeline
from sharedctx_workers.prose import Backend

genuine = pipeline.compress


def compress(
    original: str, profile: Profile, backend: Backend | None = None
) -> tuple[RenditionRecord, RenditionBody]:
    match original.split(maxsplit=1)[0]:
        case "CRASH":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "HANG":
            while True:
                pass
        case "BOMB":
            _ = [bytearray(16 << 20) for _ in range(4096)]
        case "RAISE":
            print(original)
            raise ValueError(original)
        case "SLOW":
            time.sleep(1.5)
    return genuine(original, profile, backend)


if __name__ == "__main__":
    pipeline.compress = compress
    child.main()
