"""Logs: of package managers, builds, tests and servers, all from real runs."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from tests.benchmarks.compression.material.servers import (
    access_log,
    nats_under_load,
    worker_log,
)
from tests.benchmarks.compression.sources import Source, output
from tests.benchmarks.compression.workshop import Missing, Package, Workshop, lines_of

__all__ = ("SOURCES",)

_LEVELDB: Final = Package("npm", "leveldown@6.1.1")
_PLAYBOOK: Final = """
- hosts: localhost
  gather_facts: false
  tasks:
    - name: Make the folders of the services
      file: {path: "{{ playbook_dir }}/srv/{{ item }}", state: directory, mode: "0755"}
      loop: [web, queue, search, mail, billing, audit]
    - name: Write the configurations
      copy: {content: "workers = {{ item.n }}", dest: "{{ playbook_dir }}/srv/{{ item.name }}.conf"}
      loop: [{name: web, n: 4}, {name: queue, n: 8}, {name: search, n: 2}, {name: mail, n: 1}]
    - name: Check that the configurations parse
      command: grep -c workers {{ playbook_dir }}/srv/{{ item }}.conf
      loop: [web, queue, search, mail, billing]
      ignore_errors: true
    - name: Ask the service for its health
      uri: {url: "http://127.0.0.1:9/health", timeout: 1}
      ignore_errors: true
    - name: Remove what is old
      file: {path: "{{ playbook_dir }}/srv/audit", state: absent}
"""


def _system(path: str, first: int, last: int) -> Callable[[Workshop], str]:
    """Return a maker of lines of a log of this machine."""

    def make(_: Workshop) -> str:
        try:
            return lines_of(Path(path).read_text(errors="replace"), first, last)
        except OSError as error:
            raise Missing(f"{path}: {error.strerror}") from error

    return make


def _pip(workshop: Workshop) -> str:
    target = workshop.fresh("pip")
    command = ("-m", "pip", "install", "-v", "--no-cache-dir", "--target", target)
    return workshop.run(sys.executable, *command, "httpx==0.28.0", "rich==14.1.0", registry=True)


def _pip_conflict(workshop: Workshop) -> str:
    """Return the log of a resolution that has to go back, and fails."""
    command = ("-m", "pip", "install", "-vv", "--dry-run", "--target", workshop.fresh("pip2"))
    wanted = ("httpx==0.27.2", "httpcore>=1.1", "anyio<3", "starlette>=0.46")
    return lines_of(workshop.run(sys.executable, *command, *wanted, registry=True), 1, 900)


def _npm(workshop: Workshop) -> str:
    folder = workshop.fresh("npm")
    (folder / "package.json").write_text('{"name": "shop", "version": "1.0.0"}')
    command = ("npm", "install", "--loglevel", "silly", "express@4.18.2", "commander@11.0.0")
    return lines_of(workshop.run(*command, cwd=folder, registry=True), 1, 1_200)


def _npm_failure(workshop: Workshop) -> str:
    folder = workshop.fresh("npm2")
    (folder / "package.json").write_text(
        '{"name": "shop", "version": "1.0.0", "scripts": {"build": "node build.js"},'
        ' "dependencies": {"react-dom": "18.3.1", "react": "16.8.0"}}'
    )
    (folder / "build.js").write_text("require('./missing/module')\n")
    first = workshop.run("npm", "install", "--loglevel", "verbose", cwd=folder, registry=True)
    return first + workshop.run("npm", "run", "build", "--loglevel", "verbose", cwd=folder)


def _pytest(name: str, *options: str) -> Callable[[Workshop], str]:
    """Return a maker of the output of a test suite that is older than this Python."""

    def make(workshop: Workshop) -> str:
        tools = workshop.tools()
        tests = workshop.run("find", tools.parent, "-path", f"*networkx/{name}").strip()
        command = ("-p", "no:cacheprovider", *options, tests)
        folder = workshop.fresh("pytest")
        return lines_of(workshop.run(tools / "pytest", *command, cwd=folder), 1, 2_500)

    return make


def _continuous_integration(workshop: Workshop) -> str:
    """Return the steps of a build as a CI service shows them: stamped, colored and grouped."""
    tools = workshop.tools()
    code = workshop.unpack(Package("pypi", "rich==14.1.0")) / "rich"
    tests = workshop.run("find", tools.parent, "-path", "*networkx/readwrite/tests").strip()
    ruff = (tools / "ruff", "check", "--isolated", "--select", "E,F,B,SIM")
    steps: dict[str, tuple[str | Path, ...]] = {
        "Set up Python": (sys.executable, "-VV"),
        "Install dependencies": (tools / "pip", "list"),
        "Lint": (*ruff, "--output-format", "concise", code),
        "Type check": (tools / "mypy", "--color-output", code / "console.py"),
        "Test": (tools / "pytest", "--color=yes", "-v", "-p", "no:cacheprovider", tests),
    }
    clock = datetime(2025, 11, 3, 8, 14, 7, 112345, tzinfo=UTC)
    lines = []
    for step, command in steps.items():
        shown = workshop.run(*command, env={"FORCE_COLOR": "1", "MYPY_FORCE_COLOR": "1"})
        for line in (f"##[group]Run {step}", *shown.splitlines(), "##[endgroup]"):
            clock += timedelta(microseconds=1_700 + 937 * len(line))
            lines.append(f"{clock:%Y-%m-%dT%H:%M:%S.%f}0Z {line}\n")
    return "".join(lines)


def _make(*flags: str) -> Callable[[Workshop], str]:
    """Return a maker of the output of a C++ build."""

    def make(workshop: Workshop) -> str:
        folder = workshop.copy(_LEVELDB, "leveldb") / "package/deps/leveldb/leveldb-1.20"
        workshop.run("chmod", "+x", "build_detect_platform", cwd=folder)
        return lines_of(workshop.run("make", *flags, cwd=folder), 1, 1_500)

    return make


def _broken_headers(workshop: Workshop) -> str:
    folder = workshop.unpack(_LEVELDB) / "package"
    command = ("g++", "-std=c++17", "-fsyntax-only", "-Wall", "-Wextra", "-Ideps/leveldb")
    return workshop.run(*command, "binding.cc") + workshop.run(
        *command, "-Ideps/leveldb/leveldb-1.20/include", "-Ideps/leveldb/leveldb-1.20",
        "deps/leveldb/leveldb-1.20/db/db_impl.cc", "deps/leveldb/leveldb-1.20/db/repair.cc",
        cwd=folder,
    )  # fmt: skip


def _conversions(workshop: Workshop) -> str:
    folder = workshop.unpack(Package("npm", "tree-sitter@0.25.0"))
    library = folder / "package/vendor/tree-sitter/lib"
    options = ("-fsyntax-only", "-Wall", "-Wextra", "-Wconversion", "-Iinclude", "-Isrc")
    return lines_of(workshop.run("gcc", *options, "src/lib.c", cwd=library), 1, 900)


def _javac(workshop: Workshop) -> str:
    root = workshop.unpack(Package("npm", "@capacitor/android@8.5.2"))
    sources = sorted(root.glob("package/**/*.java"))
    command = ("javac", "-Xlint:all", "-Xmaxerrs", "120", "-d", workshop.fresh("classes"))
    return workshop.run(*command, *sources)


def _cargo(*command: str) -> Callable[[Workshop], str]:
    def make(workshop: Workshop) -> str:
        root = workshop.copy(Package("debian", "librust-regex-syntax-dev"), "crate")
        crate = next(iter(root.glob("usr/share/cargo/registry/*")))
        return lines_of(workshop.run("cargo", *command, cwd=crate, registry=True), 1, 1_500)

    return make


def _nats_log(workshop: Workshop) -> str:
    with nats_under_load(workshop) as server:
        return server.log.read_text()


def _sphinx(workshop: Workshop) -> str:
    reference = workshop.unpack(Package("debian", "developers-reference"))
    folder = workshop.fresh("sphinx")
    for path in reference.glob("**/_sources/*.rst.txt*"):
        text = workshop.run("zcat", "-f", path)
        (folder / re.sub(r"\.txt(\.gz)?$", "", path.name)).write_text(text)
    command = (workshop.tools() / "sphinx-build", "-C", "-v", "-n", folder, folder / "out")
    return lines_of(workshop.run(*command), 1, 900)


def _django(workshop: Workshop) -> str:
    """Return what a new Django project says while it is set up, with its queries."""
    folder = workshop.fresh("django")
    python = workshop.tools() / "python"
    workshop.run(python, "-m", "django", "startproject", "shop", folder)
    settings = folder / "shop" / "settings.py"
    handlers = '{"version": 1, "handlers": {"c": {"class": "logging.StreamHandler"}}, '
    loggers = '"loggers": {"django.db.backends": {"handlers": ["c"], "level": "DEBUG"}}}'
    settings.write_text(settings.read_text() + f"\nLOGGING = {handlers}{loggers}\n")
    commands = (("check", "--deploy"), ("migrate", "-v", "2"), ("migrate", "missing"))
    return "".join(workshop.run(python, "manage.py", *each, cwd=folder) for each in commands)


def _ansible(workshop: Workshop) -> str:
    folder = workshop.fresh("ansible")
    (folder / "site.yml").write_text(_PLAYBOOK)
    command = (workshop.tools() / "ansible-playbook", "-vvv", "-c", "local", "site.yml")
    return workshop.run(*command, cwd=folder, env={"ANSIBLE_FORCE_COLOR": "1"})


def _strace(workshop: Workshop) -> str:
    return lines_of(workshop.run("strace", "-f", "-tt", "git", "--version"), 1, 600)


def _git_trace(workshop: Workshop) -> str:
    """Return the trace of a clone, a fetch that fails, and a garbage collection."""
    folder = workshop.copy(Package("npm", "zod@3.25.76"), "traced")
    git = ("git", "-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-C", folder)
    workshop.run("git", "init", "-q", folder)
    workshop.run(*git, "add", "-A")
    env = {"GIT_TRACE": "1", "GIT_TRACE_PERFORMANCE": "1", "GIT_TRACE_SETUP": "1"}
    commands = (("commit", "-m", "Import"), ("gc",), ("fsck", "--full"), ("fetch", "origin"))
    shown = "".join(workshop.run(*git, *command, env=env) for command in commands)
    return lines_of(shown, 1, 800)


def _tracebacks(workshop: Workshop) -> str:
    """Return what a Python program logs whose tasks fail in different ways."""
    return workshop.run(workshop.tools() / "python", "-X", "dev", "-c", _FAILING)


_FAILING: Final = """
import asyncio, json, logging, sqlite3
import networkx
logging.basicConfig(level=logging.DEBUG, format="%(asctime)s %(levelname)-8s %(name)s: %(message)s")
log = logging.getLogger("jobs")

def work(number):
    if number % 11 == 3:
        json.loads('{"amount": 12,')
    if number % 13 == 5:
        sqlite3.connect(":memory:").execute("select total from invoices")
    if number % 17 == 7:
        networkx.shortest_path(networkx.path_graph(4), 0, 99)
    if number % 29 == 11:
        int("12,5")

async def job(number):
    log.info("job %d started for customer %d", number, number * 7919 % 1000)
    await asyncio.sleep(0)
    try:
        work(number)
    except (ValueError, sqlite3.Error):
        log.exception("job %d failed", number)
    except Exception as error:
        raise RuntimeError(f"job {number} gave up") from error
    log.info("job %d done after %d ms", number, number * 31 % 97)

async def main():
    await asyncio.gather(*map(job, range(160)), return_exceptions=False)

asyncio.run(main(), debug=True)
"""


def _simulated(*packages: str) -> Callable[[Workshop], str]:
    return lambda workshop: workshop.run("apt-get", "install", "-s", "-y", *packages)


SOURCES: Final[tuple[Source, ...]] = (
    output("log", "system/dpkg.log", _system("/var/log/dpkg.log", 1, 1_200)),
    output("log", "system/alternatives.log", _system("/var/log/alternatives.log", 1, 800)),
    output("log", "system/apt-history.log", _system("/var/log/apt/history.log", 1, 400)),
    output("log", "system/apt-term.log", _system("/var/log/apt/term.log", 1, 900)),
    output("log", "system/dmesg.log", lambda w: lines_of(w.run("dmesg"), 1, 900)),
    output("log", "pip/install.log", _pip),
    output("log", "pip/conflict.log", _pip_conflict),
    output("log", "npm/silly.log", _npm),
    output("log", "npm/failure.log", _npm_failure),
    output("log", "apt/simulate.log", _simulated("gnome-core")),
    output("log", "pytest/verbose.log", _pytest("classes/tests", "-v")),
    output(
        "log",
        "pytest/failures.log",
        _pytest("classes/tests/test_graphviews.py", "-vv", "--tb=long"),
    ),
    output("log", "pytest/quiet.log", _pytest("readwrite", "-q", "--durations=20", "-ra")),
    output("log", "pytest/short.log", _pytest("algorithms/operators", "-v", "--tb=short")),
    output("log", "ci/build.log", _continuous_integration),
    output(
        "log",
        "make/leveldb.log",
        _make("OPT=-O0 -Wall -Wextra -Wshadow", "out-static/libleveldb.a"),
    ),
    output("log", "make/dry-run.log", _make("-n", "-d", "out-static/libleveldb.a")),
    output("log", "gcc/headers.log", _broken_headers),
    output("log", "gcc/conversions.log", _conversions),
    output("log", "javac/errors.log", _javac),
    output("log", "cargo/build.log", _cargo("build", "--offline", "-vv")),
    output("log", "cargo/test.log", _cargo("test", "--offline", "--no-fail-fast")),
    output("log", "nats/server.log", _nats_log),
    output("log", "worker/console.log", worker_log("console")),
    output("log", "http/access.log", access_log),
    output("log", "sphinx/build.log", _sphinx),
    output("log", "django/migrate.log", _django),
    output("log", "ansible/playbook.log", _ansible),
    output("log", "strace/git.log", _strace),
    output("log", "git/trace.log", _git_trace),
    output("log", "python/tracebacks.log", _tracebacks),
)
