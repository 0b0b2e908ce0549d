"""What commands read and write: content, JSON, tables, and figures for people."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from sharedctx.codec import content_bytes
from sharedctx.entry import ContextEntry
from sharedctx.errors import InvalidRequest
from sharedctx.records import State

__all__ = (
    "age",
    "console",
    "describe",
    "entry_fields",
    "read_content",
    "size",
    "table",
    "write_content",
    "write_json",
)

_AGE_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))
_STATE_STYLES = {
    State.PENDING: "yellow",
    State.READY: "green",
    State.PASSTHROUGH: "cyan",
    State.FAILED: "red",
}


def console(*, stderr: bool = False) -> Console:
    """Return a console on the current standard output (or error)."""
    return Console(stderr=stderr, highlight=False)


def table(*headings: str, title: str | None = None) -> Table:
    """Return a table; headings that start with ``>`` name columns of figures."""
    made = Table(
        box=box.SIMPLE_HEAD,
        title=title,
        title_justify="left",
        title_style="bold",
        header_style="bold",
        pad_edge=False,
        show_edge=False,
    )
    for heading in headings:
        figures = heading.startswith(">")
        made.add_column(
            heading.removeprefix(">"),
            justify="right" if figures else "left",
            no_wrap=figures,
            overflow="fold",
        )
    return made


def write_json(value: Any) -> None:
    """Write one JSON document on one line, at once."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def read_content(file: Path) -> str:
    """Return the text of `file`, or of standard input for ``-``, exactly as it is there.

    Raises:
        InvalidRequest: it cannot be read, or is not UTF-8 text.
    """
    try:
        data = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise InvalidRequest(f"{file} cannot be read: {error.strerror}.") from error
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidRequest(
            f"The content is not UTF-8 text (byte {error.start}). Convert it, for example with "
            "iconv, or encode it with base64."
        ) from error


def write_content(text: str) -> None:
    """Write exactly `text`; on a terminal end its last line, so that the prompt stands free."""
    data = content_bytes(text)
    if sys.stdout.isatty() and data and not data.endswith(b"\n"):
        data += b"\n"
    sys.stdout.flush()
    rest = memoryview(data)
    while rest:
        # With PYTHONUNBUFFERED this is a raw file, which may take only a part.
        rest = rest[sys.stdout.buffer.write(rest) :]
    sys.stdout.buffer.flush()


def age(seconds: float) -> str:
    """Say how long ago something was, in its largest unit."""
    for unit, name in _AGE_UNITS:
        if seconds >= unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{max(0.0, seconds):.0f} s"


def size(count: int) -> str:
    """Say a number of bytes."""
    if count < 1024:
        return f"{count} B"
    if count < 1024 * 1024:
        return f"{count / 1024:.1f} KiB"
    return f"{count / (1024 * 1024):.1f} MiB"


def describe(state: State) -> str:
    """Return the name of `state` with its color."""
    return f"[{_STATE_STYLES[state]}]{state.value}[/]"


def entry_fields(entry: ContextEntry) -> dict[str, Any]:
    """Return the JSON object of `entry`, without its content.

    While it is pending its tokens are null: counting them is the work of the rendition.
    """
    counted = entry.state is not State.PENDING
    return {
        "key": entry.key,
        "revision": entry.revision,
        "agent": entry.agent,
        "timestamp": entry.timestamp,
        "state": entry.state.value,
        "guarantee": entry.guarantee.value,
        "original_tokens": entry.original_tokens if counted else None,
        "compressed_tokens": entry.compressed_tokens if counted else None,
        "savings_percent": entry.savings_percent if counted else None,
        "transforms": entry.transforms,
        "reason": entry.reason,
        "encoding": entry.encoding,
    }
