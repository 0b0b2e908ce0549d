"""``python -m tests.fuzz.engine TARGET [option of libFuzzer ...]``: fuzz one target, with atheris.

It ends at the first fault, which it prints; what caused it lies where ``-artifact_prefix`` says.
"""

from __future__ import annotations

import sys

import atheris

# Coverage guides the search only through modules that are imported in here.
with atheris.instrument_imports(include=["sharedctx", "sharedctx_workers"]):
    from tests.fuzz.targets import TARGETS

__all__ = ("main",)


def main() -> None:
    """Fuzz until libFuzzer ends the process."""
    target = TARGETS[sys.argv[1]]
    atheris.Setup([sys.argv[0], *sys.argv[2:]], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
