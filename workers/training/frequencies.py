"""How common English words are: the table of the lexical backend.

Counted are the documents that a word occurs in: descriptions of installed packages under
permissive licenses, and turns of meetings (QMSum, MIT license). Run it in the folder of the
repository::

    PYTHONPATH=workers python -m training.frequencies --turns TURNS.jsonl SITE_PACKAGES...
"""

from __future__ import annotations

import argparse
import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path

__all__ = ("count", "main", "table")

_TARGET = Path(__file__).parent.parent / "sharedctx_workers/prose/frequencies.txt"
_PERMISSIVE = re.compile(r"\b(?:MIT|BSD|Apache|ISC|PSF|Python Software Foundation|Unlicense|CC0)\b")
_FENCED = re.compile(r"(?ms)^(?:```|~~~).*?^(?:```|~~~)|`[^`\n]*`|<[^>]*>|\S*[/_@]\S*")
_WORD = re.compile(r"(?<![\w'-])[a-z]{2,20}(?![\w'-])")
_TURNS_PER_DOCUMENT = 20
_LEAST_SHARE = 0.004
_LEVELS_PER_HALVING = 2


def _descriptions(folders: list[Path]) -> Iterator[str]:
    """Yield the description of each installed package once, if its license is permissive."""
    seen: set[str] = set()
    for folder in folders:
        for path in sorted(folder.rglob("*.dist-info/METADATA")):
            fields = Parser().parsestr(path.read_text("utf-8", errors="replace"))
            names = ("License", "License-Expression")
            licenses = [str(fields.get(name, ""))[:200] for name in names]
            licenses += fields.get_all("Classifier", [])
            name = str(fields.get("Name", "")).lower()
            if name not in seen and _PERMISSIVE.search(" ".join(licenses)):
                seen.add(name)
                yield str(fields.get_payload())


def _turns(path: Path) -> Iterator[str]:
    """Yield what was said in meetings, some turns at a time."""
    turns = [json.loads(line)["text"] for line in path.read_text("utf-8").splitlines()]
    for start in range(0, len(turns), _TURNS_PER_DOCUMENT):
        yield " ".join(turns[start : start + _TURNS_PER_DOCUMENT])


def count(documents: Iterator[str]) -> tuple[Counter[str], int]:
    """Return in how many documents each word occurs, and how many documents there are."""
    found: Counter[str] = Counter()
    total = 0
    for text in documents:
        found.update(set(_WORD.findall(_FENCED.sub(" ", text))))
        total += 1
    return found, total


def table(found: Counter[str], total: int) -> Iterator[str]:
    """Yield a line for each level, from the most to the least common words."""
    levels: dict[int, list[str]] = {}
    for word, documents in found.items():
        if documents >= max(3, _LEAST_SHARE * total):
            level = int(_LEVELS_PER_HALVING * math.log2(total / documents))
            levels.setdefault(level, []).append(word)
    for level in sorted(levels):
        yield f"{level} {' '.join(sorted(levels[level]))}"


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, help="site-packages folders")
    parser.add_argument("--turns", type=Path, help="turns of meetings, JSON lines with a text each")
    parser.add_argument("--output", type=Path, default=_TARGET)
    arguments = parser.parse_args()
    texts = list(_descriptions(arguments.folders))
    if arguments.turns:
        texts += _turns(arguments.turns)
    found, total = count(iter(texts))
    lines = list(table(found, total))
    arguments.output.write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{total} documents, {sum(line.count(' ') for line in lines)} words")


if __name__ == "__main__":
    main()
