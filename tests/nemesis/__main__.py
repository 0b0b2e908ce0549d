"""``python -m tests.nemesis``: real processes, real faults, and a judge.

Client and worker processes use a namespace on one nats-server (r1) or on three with three replicas
(r3) while faults, drawn from a seed, happen to all of them. Every call is recorded. At the end
everything is healed and read back, and a checker says which promises were broken. The same seed
brings the same faults in the same order; what is called in between is up to the processes.

Where the kernel permits it, each server has a network of its own (a namespace of Linux), and the
clients and workers that use no proxies share another; a router between them drops packets. The
network of the machine is left alone, and nothing remains. This takes root, or the command
``unshare --map-root-user --net python -m tests.nemesis``. Elsewhere proxies stand for the network.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from tests.faults.hosts import refusal
from tests.nemesis.checker import Verdict
from tests.nemesis.faults import FAULTS, kinds_for
from tests.nemesis.report import Result, load_results, table
from tests.nemesis.run import Settings, check, run, settings_of
from tests.nemesis.world import REPLICAS, NetworkKind

_SHOWN = 20


def main() -> None:
    """Parse the command line and do what it says."""
    parser = arguments()
    given = parser.parse_args()
    keep = given.keep or Path(tempfile.mkdtemp(prefix="nemesis-"))
    if given.summary:
        results = load_results(keep)
        print(*map(table, results), sep="\n\n")
        sys.exit(any(result.broken for result in results) or not results)
    if given.check:
        sys.exit(tell(given.check, check(given.check)))
    if given.replay:
        old = settings_of(given.replay)
        settings = replace(old, folder=free_folder(keep, old.config, old.seed))
        choose_network(old.network)
    else:
        network = choose_network(given.network)
        possible = kinds_for(given.config, network)
        kinds = given.faults.split(",") if given.faults else possible
        if unknown := set(kinds) - set(possible):
            parser.error(f"there are no such faults here: {', '.join(sorted(unknown))}")
        folder = free_folder(keep, given.config, given.seed)
        settings = Settings(
            given.config, given.seed, given.operations, given.seconds, kinds, folder, network
        )
    print(
        f"{settings.config} on {settings.network}, seed {settings.seed}, in {settings.folder}",
        flush=True,
    )
    failed = tell(settings.folder, asyncio.run(run(settings)))
    if not failed and not given.keep_all:
        discard_history(settings.folder)
    sys.exit(failed)


def arguments() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", choices=sorted(REPLICAS), default="r1")
    parser.add_argument("--seed", default="1", help="any text (default: %(default)s)")
    parser.add_argument("--operations", type=int, default=20_000, help="calls, at least")
    parser.add_argument("--seconds", type=float, help="run so long instead")
    parser.add_argument(
        "--network",
        choices=["auto", "namespaces", "proxies"],
        default="auto",
        help="what is between the processes (default: namespaces where they are permitted)",
    )
    parser.add_argument(
        "--faults",
        help=f"comma-separated, of {', '.join(FAULTS)} (default: all that are possible)",
    )
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="DIR",
        help="where results go, and the histories of runs that failed (default: a new folder)",
    )
    parser.add_argument("--keep-all", action="store_true", help="keep every history")
    parser.add_argument("--check", type=Path, metavar="RUN", help="judge a kept run again")
    parser.add_argument("--replay", type=Path, metavar="RUN", help="run a kept run again")
    parser.add_argument("--summary", action="store_true", help="add up the results in --keep DIR")
    return parser


def choose_network(wanted: str) -> NetworkKind:
    """Return what joins the processes; end with an error when it is not permitted."""
    if wanted == "proxies":
        return "proxies"
    problem = refusal()
    if not problem:
        return "namespaces"
    if wanted == "namespaces":
        sys.exit(f"Network namespaces are not permitted here: {problem}")
    print(f"No network namespaces, so proxies: {problem}")
    return "proxies"


def free_folder(keep: Path, config: str, seed: str) -> Path:
    """Return a folder for a run that does not exist yet."""
    number = 0
    while (folder := keep / f"{config}-{seed}-{number}").exists():
        number += 1
    return folder


def tell(folder: Path, verdict: Verdict) -> bool:
    """Print the result of a run, and return whether it failed."""
    print(table(Result.load(folder / "result.json")))
    for violation in verdict.violations[:_SHOWN]:
        print(f"! {violation.promise}: {violation.text}")
    if verdict.violations:
        print(
            f"{len(verdict.violations)} violations. Judge it again with --check {folder}, run it "
            f"again with --replay {folder}."
        )
    return bool(verdict.violations)


def discard_history(folder: Path) -> None:
    """Keep what was run and its result, and remove everything else."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in {"run.json", "result.json", "faults.jsonl"}:
            path.unlink()


if __name__ == "__main__":
    main()
