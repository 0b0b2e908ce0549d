"""What runs in the peer's own environment: a text comes in, its rendition goes out, line by line.

It imports nothing of this project.
"""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module

_WARM = json.dumps([{"id": number, "name": f"row {number}"} for number in range(200)])


def main() -> None:
    """Answer each line, a text as JSON, by a line with its rendition, until the input ends."""
    context = import_module("headroom").SharedContext()
    context.put("warm", _WARM)
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        text = json.loads(line)
        started = time.process_time()
        entry = context.put("document", text)
        seconds = time.process_time() - started
        label = " ".join(entry.transforms)
        answer = {"text": context.get("document"), "seconds": seconds, "label": label}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
