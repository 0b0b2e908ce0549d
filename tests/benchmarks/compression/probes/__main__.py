"""``python -m tests.benchmarks.compression.probes FILE --kind KIND``: how many probes of a file.

With ``--rendition FILE`` also how many of them that rendition answers, and which it does not.
"""

from __future__ import annotations

import argparse
from collections import Counter
from pathlib import Path

from tests.benchmarks.compression.documents import KINDS, CorpusDocument
from tests.benchmarks.compression.probes import candidates

__all__ = ("main",)


def main() -> None:
    """Print the groups of probes of a file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--kind", choices=KINDS, required=True)
    parser.add_argument("--rendition", type=Path, help="a rendition of the file")
    parser.add_argument("--misses", type=int, default=10, help="list so many misses of each group")
    arguments = parser.parse_args()
    text = arguments.file.read_text(errors="replace")
    document = CorpusDocument(arguments.kind, arguments.file.name, text, arguments.file.name)
    rendition = (arguments.rendition or arguments.file).read_text(errors="replace")
    probes = candidates(document)
    missed = [probe for probe in probes if not probe.found(rendition)]
    misses = Counter(probe.group for probe in missed)
    for (group, must), count in Counter((probe.group, probe.must) for probe in probes).items():
        kind = "must" if must else "information"
        print(f"{group:32} {kind:11} {count - misses[group]:5} of {count:5}")
        for probe in [probe for probe in missed if probe.group == group][: arguments.misses]:
            print(f"    missed: {probe.describe()}")


if __name__ == "__main__":
    main()
