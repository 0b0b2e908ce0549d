"""``python -m tests.fuzz``: look for inputs that break a promise, guided by coverage.

    python -m tests.fuzz --minutes 30                # all targets, 30 minutes in all
    python -m tests.fuzz --minutes 10 --target json --target table
    python -m tests.fuzz --replay FILE --target json # what a fault was

Needs the extra: pip install -e '.[fuzz]'. Seeds are in ``tests/fuzz/corpus``; what a run learns is
kept in ``.fuzz/corpus``, and what finds a fault in ``.fuzz/faults``. A fault that is mended goes
into the corpus, so that `tests.fuzz.test_corpus` tries it forever.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tests.fuzz.targets import CORPUS, TARGETS, WORDS

ROOT = Path(__file__).parent.parent.parent
WORKSHOP = ROOT / ".fuzz"
LONGEST_BYTES = 4_096
MEMORY_MIB = 2_048
HANG_S = 300


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of fuzzing a target.

    Attributes:
        target: Its name.
        runs: Inputs that were tried.
        seconds: How long that took.
        coverage: Branches of our code that were reached.
        faults: Files with the inputs that broke a promise.
        log: What the engine printed.
    """

    target: str
    runs: int
    seconds: float
    coverage: int
    faults: tuple[Path, ...]
    log: Path

    def line(self) -> str:
        """Return it as a row of the report."""
        faults = ", ".join(str(path.relative_to(ROOT)) for path in self.faults) or "none"
        rate = self.runs / max(self.seconds, 0.1)
        return f"{self.target:12} {self.runs:9,} {rate:8,.0f} {self.coverage:8,}  {faults}"


def fuzz(target: str, seconds: int) -> Outcome:
    """Fuzz a target until the time is up or a fault is found."""
    learned, faults = WORKSHOP / "corpus" / target, WORKSHOP / "faults" / target
    for folder in (learned, faults):
        folder.mkdir(parents=True, exist_ok=True)
    before = set(faults.iterdir())
    log = WORKSHOP / f"{target}.log"
    started = time.monotonic()
    with log.open("wb") as output:
        subprocess.run(
            [*_command(target, seconds, faults), str(learned), str(CORPUS / target)],
            cwd=ROOT,
            env=_environment(),
            stdout=output,
            stderr=output,
            check=False,
        )
    taken = time.monotonic() - started
    said = log.read_text("utf-8", "replace")
    new = tuple(sorted(set(faults.iterdir()) - before))
    if not new and "Done " not in said:
        sys.exit(f"The engine did not run; its log is {log}:\n{said[-2_000:]}")
    return Outcome(target, _last(r"^#(\d+)\s", said), taken, _last(r"cov: (\d+)", said), new, log)


def _command(target: str, seconds: int, faults: Path) -> list[str]:
    command = [
        sys.executable,
        "-m",
        "tests.fuzz.engine",
        target,
        f"-max_total_time={seconds}",
        f"-artifact_prefix={faults}{os.sep}",
        f"-max_len={LONGEST_BYTES}",
        f"-rss_limit_mb={MEMORY_MIB}",
        f"-timeout={HANG_S}",
        # By the clock, which other programs slow; targets limit their CPU time themselves.
        f"-report_slow_units={HANG_S}",
    ]
    if target in WORDS:
        dictionary = WORKSHOP / f"{target}.dict"
        dictionary.write_text("".join(f'"{_quoted(word)}"\n' for word in WORDS[target]), "utf-8")
        command.append(f"-dict={dictionary}")
    return command


def _quoted(word: str) -> str:
    """Return a word as dictionaries of libFuzzer have it: bytes other than ASCII as ``\\xHH``."""
    return "".join(
        chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\x{byte:02X}"
        for byte in word.encode()
    )


def _environment() -> dict[str, str]:
    path = os.pathsep.join([str(ROOT), str(ROOT / "workers"), *filter(None, sys.path)])
    return os.environ | {"PYTHONPATH": path}


def _last(pattern: str, text: str) -> int:
    found = re.findall(pattern, text, re.MULTILINE)
    return int(found[-1]) if found else 0


def main() -> None:
    """Fuzz the targets in turn and report; exit with 1 when there were faults."""
    assert __doc__
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description=__doc__.split("\n")[0]
    )
    parser.add_argument("--minutes", type=float, default=10.0, help="for all targets together")
    parser.add_argument("--target", action="append", choices=sorted(TARGETS), help="default: all")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="run one input instead")
    options = parser.parse_args()
    targets = options.target or list(TARGETS)
    if options.replay:
        for target in targets:
            TARGETS[target](options.replay.read_bytes())
        return
    if find_spec("atheris") is None:
        sys.exit("Fuzzing needs atheris: pip install -e '.[fuzz]'")
    seconds = max(1, int(options.minutes * 60 / len(targets)))
    print(f"{'target':12} {'runs':>9} {'a second':>8} {'branches':>8}  faults")
    outcomes = []
    for target in targets:
        outcomes.append(fuzz(target, seconds))
        print(outcomes[-1].line(), flush=True)
    sys.exit(any(outcome.faults for outcome in outcomes))


if __name__ == "__main__":
    main()
