"""``python -m tests.benchmarks.compression.hostile``: inputs that break parsers, within limits.

JSON of great depth and odd numbers, texts that regular expressions are slow on, programs that
parsers choke on, and text without spaces, each of ``--size`` characters, go through the child
process of a worker with its usual limits. Every one has to end as a rendition or be passed through;
what is ended by a limit, or by any other error, is reported. Seconds are those of the whole job.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections.abc import Iterator

from sharedctx.codec import content_bytes, content_hash, pack
from sharedctx.records import EntryRecord, Profile
from sharedctx_workers.children import ChildFailure, Children
from sharedctx_workers.settings import WorkerSettings

__all__ = ("hostile_texts",)

_PROFILE = Profile("o200k_base", 20)


def hostile_texts(size: int) -> Iterator[tuple[str, str]]:
    """Yield names and texts of about `size` characters."""
    yield from _json(size)
    yield from _repeated(size)
    yield from _programs(size)
    yield from _xml(size)
    noise = random.Random(1)
    yield "noise", "".join(chr(noise.randrange(32, 0x2FF)) for _ in range(size))
    yield "letters without blanks", "".join(noise.choices("abcdefghij", k=size))
    yield "one letter", "a" * size
    yield "no text at all", "\x00" * size


def _json(size: int) -> Iterator[tuple[str, str]]:
    yield "JSON: arrays in arrays", "[" * (size // 2) + "]" * (size // 2)
    yield "JSON: arrays that never end", "[" * size
    yield "JSON: objects in objects", '{"a":' * (size // 6) + "1" + "}" * (size // 6)
    yield "JSON: a thousand deep", "[" * 1000 + "1," * (size // 2) + "1" + "]" * 1000
    items = {
        "huge integers": "9" * 5000,
        "numbers out of range": "1e400,-1e-400,NaN",
        "lone surrogates": '"\\ud800"',
        "NUL": '"\\u0000"',
    }
    for name, item in items.items():
        yield f"JSON: {name}", f"[{','.join([item] * (size // len(item)))}]"
    members = {
        "many keys": (f'"k{i}":{i}' for i in range(size // 14)),
        "one key again and again": ('"k":1' for _ in range(size // 6)),
    }
    for name, member in members.items():
        yield f"JSON: {name}", f"{{{','.join(member)}}}"
    yield "JSON: braces in prose", 'so {"a": [1, 2' * (size // 14)


def _xml(size: int) -> Iterator[tuple[str, str]]:
    bomb = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10 if i else "ha"}">' for i in range(12))
    yield (
        "XML: entities of entities",
        f"<!DOCTYPE r [{bomb}]><r>{'<row>&e11;</row>' * (size // 12)}</r>",
    )
    declared = {
        "values of attributes": f'<!DOCTYPE r [<!ATTLIST row k CDATA "{"v" * (size // 2)}">]><r>',
        "a long name space": f'<r xmlns="{"n" * (size // 2)}">',
    }
    for name, head in declared.items():
        rows = "".join(f"<e{i}/><row/>" for i in range(size // 30))
        yield f"XML: {name}", f"{head}{rows}</r>"
    yield "XML: elements in elements", "<row>" * (size // 11) + "</row>" * (size // 11)
    yield "XML: eighty deep", "<r>" * 80 + '<row x="1">y</row>' * (size // 14) + "</r>" * 80
    contents = {
        "many attributes": "<row/>" * 9
        + "<row "
        + " ".join(f'k{i}="v"' for i in range(size // 10))
        + "/>",
        "many names": "".join(f"<e{i}>1</e{i}>" for i in range(size // 14)),
        "two names by turns": "<k>a</k><v>1</v>" * (size // 16),
        "failures": "<row><error>x\ny\nz</error></row>" * (size // 30),
        "failures in failures": "<error>\n" * 60
        + "<error>x\ny</error>" * (size // 18)
        + "</error>" * 60,
        "a long text": f"{'<row>1</row>' * 9}<t>" + "word\n" * (size // 5) + "</t>",
        "escapes of escapes": f"{'<row>1</row>' * 9}<t>&{'amp;' * (size // 4)}</t>",
        "sections without an end": "<![CDATA[" * (size // 9),
    }
    for name, content in contents.items():
        yield f"XML: {name}", f"<r>{content}</r>"


def _repeated(size: int) -> Iterator[tuple[str, str]]:
    units = {
        "blanks": " ",
        "blanks and an end": " " * 200 + "x\n",
        "line breaks": "\n",
        "carriage returns": "\r",
        "addresses": "a.b@c",
        "backslashes": "\\",
        "quotes": '"',
        "commas": ",",
        "pipes": "|",
        "table rules": "|-|-|\n",
        "dashes": "-",
        "stars": "*",
        "fences": "```\n",
        "tags": "<a>",
        "open tags": "<a ",
        "comments": "<!--",
        "headings": "# x\n",
        "links": "[a](",
        "colons": "a:1:",
        "hits": "a/b:1:\n",
        "hunks": "@@ -1 +1 @@\n",
        "diff heads": "diff --git a/x b/x\n",
        "times": "2026-11-25T10:00:00Z ",
        "escapes": "\x1b[31m",
        "tracebacks": "Traceback (most recent call last):\n",
        "notes": "[… ",
        "indents": "  - a:\n",
        "keys": "a=b\n",
        "blocks": "a {\n  b: c;\n}\n",
        "words of a setting": "a $b $c" + " $d" * 200 + "\n{}\n",
        "tree": "├── ",
        "rows of stars": f"PLAY [all] {'*' * 68}\n",
    }
    for name, unit in units.items():
        yield f"repeated: {name}", unit * (size // len(unit))


def _programs(size: int) -> Iterator[tuple[str, str]]:
    head = "import os\nimport sys\n\ndef main():\n    return os, sys\n\n"
    shapes = {
        "parentheses": "(",
        "brackets": "[",
        "braces": "{",
        "casts": "(a)",
        "lambdas": "lambda:",
        "attributes": ".a",
        "templates": "a<",
        "f-strings": "f\"{'",
        "template strings": "`${",
        "arrows": "(a)=>",
        "else": "else:\n",
        "stars": "*",
    }
    for name, unit in shapes.items():
        yield f"program: {name}", head + unit * (size // len(unit))
    yield "blocks in blocks", "a {\n" * (size // 6) + "b: c;\n" + "}\n" * (size // 6)
    deep = "".join(f"{' ' * i}if x:\n" for i in range(min(1500, int((2 * size) ** 0.5))))
    yield "program: nested blocks", head + deep
    yield "program: an open string", head + '"""' + "a\n" * (size // 2)


async def _run(size: int) -> int:
    settings = WorkerSettings(servers=())
    broken = 0
    limits = {"time_limit": settings.time_limit, "memory_limit": settings.memory_limit}
    print(f"{size:,} characters each; limits: {limits}")
    async with Children(
        1, time_limit=settings.time_limit, memory_limit=settings.memory_limit
    ) as pool:
        await pool.start()
        for name, text in hostile_texts(size):
            data = content_bytes(text)
            record = EntryRecord(content_hash(data), len(data), _PROFILE, None, time.time())
            started = time.perf_counter()
            try:
                rendition, _ = await pool.compress(pack(data), record)
            except ChildFailure as failure:
                outcome, broken = f"FAILED: {failure}", broken + 1
            else:
                label = rendition.transforms[0] if rendition.transforms else ""
                outcome = f"{rendition.state} {label}"
            print(f"{time.perf_counter() - started:7.2f} s  {name:32}  {outcome}", flush=True)
    print(f"{broken} were ended by a limit or failed")
    return broken


def main() -> int:
    """Run it; the exit code tells whether any input was too much."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", type=int, default=1_000_000, help="characters of each input")
    arguments = parser.parse_args()
    return min(1, asyncio.run(_run(arguments.size)))


if __name__ == "__main__":
    raise SystemExit(main())
