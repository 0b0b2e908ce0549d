"""The `sharedctx` command. Nothing heavy is imported before `main` runs."""

from __future__ import annotations

import importlib.util
import sys

__all__ = ("main",)


def main() -> None:
    """Run the command line; the exit status is 1 when the extra ``cli`` is not installed."""
    missing = [name for name in ("typer", "rich") if importlib.util.find_spec(name) is None]
    if missing:
        sys.exit(
            f"sharedctx: the command line needs {' and '.join(missing)}. "
            "Install the extra: pip install 'sharedctx[cli]'"
        )
    from sharedctx.cli.app import app  # noqa: PLC0415 - only now is it known that it can be

    app(prog_name="sharedctx")
