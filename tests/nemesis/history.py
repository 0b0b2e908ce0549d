"""Histories: what every process called, when, and what came back, as JSON lines.

A call is written before it is made and again when it returns, without a buffer, so that the history
of a process that is killed tells what it had under way.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

__all__ = ("Kind", "Operation", "Outcome", "Recorder", "load", "read_lines")

Kind = Literal["put", "get", "delete", "clear"]
Outcome = Literal["ok", "failed", "unknown"]


@dataclass(frozen=True, slots=True)
class Operation:
    """One call of one client.

    Attributes:
        client: The process that called; one that is started again has another name.
        kind: Which call.
        key: The key, after the name of its namespace and a colon; of a clear only those.
        value: Unique name of the content that was put or read; None for a missing key.
        revision: Of a put, as it was acknowledged; of a get, when the entry was read with it, else
            0; of a delete, the newest revision that it may remove.
        started: When it was called, by the clock that all processes of a machine share.
        ended: When it returned; infinite when it never did.
        outcome: ``ok``, ``failed`` (certainly without effect) or ``unknown``.
        expect: Revision that a conditional put asked for.
        rendition: Whether a get was given a rendition, and not the original.
        problem: What the caller found wrong with what it got.
    """

    client: str
    kind: Kind
    key: str
    value: str | None = None
    revision: int = 0
    started: float = 0.0
    ended: float = math.inf
    outcome: Outcome = "unknown"
    expect: int | None = None
    rendition: bool = False
    problem: str = ""

    @property
    def namespace(self) -> str:
        return self.key.partition(":")[0]


class Recorder:
    """Writes the history of one process to `file`."""

    def __init__(self, file: Path, client: str) -> None:
        self._client = client
        self._file = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._calls = 0

    def begin(self, kind: Kind, key: str, **fields: Any) -> int:
        """Write that a call is about to be made and return its number."""
        self._calls += 1
        call = {"client": self._client, "kind": kind, "key": key, **fields}
        self._write({"call": self._calls, "started": time.monotonic(), **call})
        return self._calls

    def end(self, call: int, outcome: Outcome, **fields: Any) -> None:
        """Write that a call has returned."""
        self._write({"call": call, "ended": time.monotonic(), "outcome": outcome, **fields})

    def _write(self, line: dict[str, Any]) -> None:
        os.write(self._file, json.dumps(line, separators=(",", ":")).encode() + b"\n")


def read_lines(file: Path) -> Iterator[dict[str, Any]]:
    """Read JSON lines; the last one may be cut off, because its writer was killed."""
    lines = file.read_bytes().split(b"\n")
    yield from (json.loads(line) for line in lines[:-1])


def load(files: Iterable[Path]) -> list[Operation]:
    """Read the operations in all `files`, each written by one `Recorder`."""
    operations = []
    for file in files:
        calls: dict[int, dict[str, Any]] = {}
        for line in read_lines(file):
            calls.setdefault(line.pop("call"), {}).update(line)
        operations += [Operation(**call) for call in calls.values()]
    return operations
