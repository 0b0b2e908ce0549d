"""Fresh bytes: documents like those of the corpus that no cache has seen, at any size."""

from __future__ import annotations

import csv
import io
import json
import random
import re
import string
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

from tests.benchmarks.compression.documents import CorpusDocument

__all__ = ("SERIES_KINDS", "enlarged", "varied")

# A number that can be another one of as many digits without breaking what it stands in.
_NUMBER: Final = re.compile(r"(?<![\w.\\])[1-9]\d{2,}(?![\w.])")
# Keywords of no language have an underscore or a capital letter inside.
_IDENTIFIER: Final = re.compile(r"\b[a-z]{2,}(?:_[a-z]|[A-Z])[a-zA-Z_]{4,}\b")
SERIES_KINDS: Final = ("json", "log", "search", "table", "text", "code")


def varied(text: str, seed: object) -> str:
    """Return `text` with every number of three or more digits replaced by another.

    One identifier gets another name as well: code has few numbers.
    """
    source = random.Random(repr(seed))

    def another(match: re.Match[str]) -> str:
        digits = len(match[0])
        return str(source.randrange(10 ** (digits - 1), 10**digits))

    changed = _NUMBER.sub(another, text)
    names = Counter(_IDENTIFIER.findall(changed))
    if not names:
        return changed
    name = names.most_common(1)[0][0]
    other = name[:-3] + "".join(source.choices(string.ascii_lowercase, k=3))
    return re.sub(rf"\b{name}\b", other, changed)


def enlarged(documents: Sequence[CorpusDocument], kind: str, size: int) -> str:
    """Return one document of `kind` with about `size` characters.

    It is made of the documents of the corpus, over and over, with other numbers each time.
    """
    own = [each for each in documents if each.kind == kind and _is_plain(each)]
    parts: list[str] = []
    length = 0
    while length < size:
        document = own[len(parts) % len(own)]
        part = varied(document.text, len(parts)) if len(parts) >= len(own) else document.text
        part = part[: max(2_000, size - length)] if kind not in {"json", "table"} else part
        parts.append(part)
        length += len(part)
    return _JOINED.get(kind, "\n".join)(parts)


def _is_plain(document: CorpusDocument) -> bool:
    """Whether documents like this one can be put one after the other to make a larger one."""
    if document.kind == "json":
        return document.text[:1] in "[{" and not document.name.endswith("jsonl")
    if document.kind == "table":
        return document.name.endswith("airports.csv")
    if document.kind == "code":
        return document.name.endswith(".py")
    if document.kind == "search":
        return document.name.startswith(("grep/", "rg/columns", "rg/vimgrep"))
    return True


def _joined_arrays(parts: Sequence[str]) -> str:
    return json.dumps([json.loads(part) for part in parts], indent=1)


def _joined_tables(parts: Sequence[str]) -> str:
    header, *rows = csv.reader(io.StringIO(parts[0]))
    for part in parts[1:]:
        rows += list(csv.reader(io.StringIO(part)))[1:]
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([header, *rows])
    return out.getvalue()


_JOINED: Final[dict[str, Callable[[Sequence[str]], str]]] = {
    "json": _joined_arrays,
    "table": _joined_tables,
}
