"""``python -m tests.planted``: plant ten bugs, one at a time, and see that the tests notice each.

A test counts only if it passes without the bug and fails, rather than breaks, with it.
"""

from __future__ import annotations

import argparse
import sys

from tests.planted.bugs import BUGS
from tests.planted.trial import Trial, try_without

LIMIT_S = 60.0
"""How long it may take to notice a bug."""


def main() -> None:
    """Parse the command line, plant bugs and print what noticed them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bugs", nargs="*", help=f"of {', '.join(BUGS)} (default: all)")
    names = parser.parse_args().bugs or list(BUGS)
    if unknown := set(names) - set(BUGS):
        parser.error(f"there are no such bugs: {', '.join(sorted(unknown))}")
    sound = try_without([test for name in names for test in BUGS[name].caught_by])
    print(f"without a bug: {sound.summary}\n", flush=True)
    caught = 0
    for name in names:
        trial = Trial.of(name)
        noticed = sound.passed and trial.noticed and trial.seconds <= LIMIT_S
        caught += noticed
        print(
            f"{'caught' if noticed else 'MISSED'}  {name:<24} {trial.seconds:5.1f} s  "
            f"{BUGS[name].says}\n{'':8}{trial.evidence}",
            flush=True,
        )
    print(f"\n{caught} of {len(names)} caught")
    sys.exit(caught < len(names))


if __name__ == "__main__":
    main()
