"""Tables: delimited data from packages, and what tools print in columns."""

from __future__ import annotations

import sys
from typing import Final

from tests.benchmarks.compression.sources import Source, files, output
from tests.benchmarks.compression.workshop import Package, Workshop, lines_of

__all__ = ("SOURCES",)

_VEGA: Final = Package("npm", "vega-datasets@3.2.1")
_POKEDEX: Final = Package("npm", "pokedex@1.1.0")
_MODULES = """
import json, sys, tokenize
from pathlib import Path
print("file\\tlines\\tbytes\\tfunctions\\tclasses\\tlongest_line")
for path in sorted(Path(sys.argv[1]).rglob("*.py"))[:400]:
    text = path.read_text()
    lines = text.splitlines() or [""]
    print(path.relative_to(sys.argv[1]), len(lines), len(text), text.count("def "),
          text.count("class "), max(map(len, lines)), sep="\\t")
"""


def _installed(workshop: Workshop) -> str:
    return lines_of(workshop.run("dpkg", "-l"), 1, 400)


def _installed_sizes(workshop: Workshop) -> str:
    fields = "${Package}\t${Version}\t${Architecture}\t${Installed-Size}\t${Section}\n"
    return lines_of(workshop.run("dpkg-query", "-W", f"-f={fields}"), 1, 500)


def _measured_modules(workshop: Workshop) -> str:
    django = workshop.unpack(Package("pypi", "django==5.2.6"))
    return workshop.run(sys.executable, "-c", _MODULES, django / "django")


def _pip_list(workshop: Workshop) -> str:
    return workshop.run(workshop.tools() / "pip", "list", "-v", "--disable-pip-version-check")


def _coverage_report(workshop: Workshop) -> str:
    """Return what coverage prints after the tests of one package ran under it."""
    tools = workshop.tools()
    tests = workshop.run("find", tools.parent, "-path", "*networkx/classes/tests").strip()
    coverage = tools / "coverage"
    folder = workshop.fresh("coverage")
    workshop.run(
        coverage, "run", "--source=networkx", "-m", "pytest", "-q", "-p", "no:cacheprovider", tests,
        cwd=folder,
    )  # fmt: skip
    return workshop.run(coverage, "report", "-m", cwd=folder)


def _disk_use(workshop: Workshop) -> str:
    return lines_of(workshop.run("du", "-a", "--max-depth=3", "/usr/share/doc"), 1, 600)


def _open_files(workshop: Workshop) -> str:
    return lines_of(workshop.run("lsof", "-n", "-P"), 1, 300)


def _vendors(workshop: Workshop) -> str:
    data = workshop.unpack(Package("debian", "ieee-data"))
    return lines_of((data / "usr/share/ieee-data/mam.csv").read_text(), 1, 1_200)


def _symbols(workshop: Workshop) -> str:
    return lines_of(workshop.run("nm", "-D", "-S", "/usr/bin/git"), 1, 500)


SOURCES: Final[tuple[Source, ...]] = (
    files("table", _VEGA, "package/data/*.csv", count=6, low=3_000, high=250_000),
    files("table", _VEGA, "package/data/*.tsv", count=2, low=3_000, high=250_000),
    files("table", _POKEDEX, "package/data/csv/*.csv", count=6, low=5_000, high=150_000),
    files("table", Package("npm", "world-countries@5.1.0"), "**/*.csv", count=1, high=400_000),
    output("table", "ieee-data/mam.csv", _vendors, "mam.csv"),
    output("table", "tools/dpkg-l.txt", _installed),
    output("table", "tools/dpkg-query.tsv", _installed_sizes, "packages.tsv"),
    output("table", "tools/ps-aux.txt", lambda w: w.run("ps", "auxww")),
    output("table", "tools/ps-ef-forest.txt", lambda w: w.run("ps", "-ef", "--forest")),
    output("table", "tools/top.txt", lambda w: w.run("top", "-b", "-n", "1", "-w", "160")),
    output("table", "tools/modules.tsv", _measured_modules, "modules.tsv"),
    output("table", "tools/pip-list.txt", _pip_list),
    output("table", "tools/coverage-report.txt", _coverage_report),
    output("table", "tools/du.txt", _disk_use),
    output("table", "tools/ss.txt", lambda w: w.run("ss", "-anp")),
    output("table", "tools/lsof.txt", _open_files),
    output("table", "tools/nm.txt", _symbols),
    output("table", "tools/services.txt", lambda w: w.run("cat", "/etc/services")),
    output(
        "table",
        "tools/update-alternatives.txt",
        lambda w: w.run("update-alternatives", "--get-selections"),
    ),
)
