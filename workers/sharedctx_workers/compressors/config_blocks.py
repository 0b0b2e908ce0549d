"""Settings in blocks with braces: style sheets, nginx and its like, HCL.

Programs have blocks, too. So nearly every line has to be one that only settings have: in style
sheets ``name: value;``, in nginx words without operators and calls, in HCL ``name = value`` without
a semicolon; and braces have to match.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sharedctx_workers.compressors.config_entries import Entry, Kind

__all__ = ("find_blocks",)

_MIN_BLOCKS = 3
_MAX_DEPTH = 40  # of blocks; a line is only shown together with the heads of all blocks it is in
_STRAYS = 0.03  # share of the lines that may be anything
_STRING = re.compile(r"\"(?:[^\"\\]|\\.)*+\"|'(?:[^'\\]|\\.)*+'|url\([^)]*\)|[#$]\{[^{}]*\}")
_REMARK = re.compile(r"/\*.*?\*/|(?:^|\s)//.*$")
# A comment that goes on below; in a path, "/*" stands for all files: "/etc/nginx/conf.d/*.conf".
_OPENING = re.compile(r"(?:^|[\s;{}])/\*(?!.*\*/)")
_HASH = re.compile(r"(?:^|\s)#.*$")  # a comment, but in style sheets
_STYLE = re.compile(
    r"(?:(?:[-\w$@*]+[ \t]*:[^{};]*+|@[\w-]+\b[^{};]*+|\.[\w-]+(?:\([^)]*\))?)(?:;[ \t]*|$))++"
)
_DIRECTIVE = re.compile(
    r"[a-z][\w-]*(?:[ \t]+(?:[^\s;{}()=$~^\"][^\s;{}()=]*|[$~^][^\s;{}]*|=\d{3}|\"\"))*+[ \t]*;"
)
_ASSIGNMENT = re.compile(r"(?:[\w.-]+|\"\")[ \t]*[=:][^=;]*$|\"\",?$|[\])}]+,?$|[\w.*\[\]\"-]+,?$")
_HEADS = {
    _STYLE: re.compile(r"[^;]*"),
    _DIRECTIVE: re.compile(r"[a-z][\w-]*(?:[ \t]+[^;{}]*)?"),
    _ASSIGNMENT: re.compile(
        r"(?:[\w-]+[ \t]*(?:\"\"[ \t]*)*|[\w.-]+[ \t]*=[ \t]*|\"\"[ \t]*[=:]?[ \t]*)"
    ),
}


def find_blocks(text: str, lines: Sequence[tuple[int, int, str]]) -> list[Entry] | None:
    """Return the lines of settings in blocks, in order; None when `text` is something else."""
    if text.count("{") < _MIN_BLOCKS or text.count("{") != text.count("}"):
        return None
    for statement in _HEADS:
        entries = _entries(lines, statement)
        if entries is not None:
            return [*entries[:-1], entries[-1]._replace(end=len(text))]
    return None


def _entries(
    lines: Sequence[tuple[int, int, str]], statement: re.Pattern[str]
) -> list[Entry] | None:
    """Return `lines` as entries, if nearly all are statements of one kind, heads and ends."""
    entries: list[Entry] = []
    depth = strays = blocks = 0
    in_comment = in_head = False
    for start, end, line in lines:
        if not line:
            continue
        code = line.strip() if not in_comment else ""
        was_in_comment, in_comment = in_comment, _stays_open(line, in_comment=in_comment)
        if was_in_comment or code.startswith("/*") or not (code := _bare(code, statement)):
            entries.append(Entry(start, end, Kind.COMMENT, depth))
            continue
        opened, closed = code.count("{"), code.count("}")
        kind = _kind(code, statement, depth)
        strays += kind is None
        blocks += opened > 0
        level = max(0, depth - (code[0] == "}"))
        if in_head:
            entries[-1] = entries[-1]._replace(end=end)
        else:
            entries.append(Entry(start, end, kind or Kind.MORE, level))
        in_head = code.endswith(",") and statement is _STYLE and kind is not Kind.MORE
        depth += opened - closed
        if not 0 <= depth <= _MAX_DEPTH or strays > _STRAYS * len(lines):
            return None
    is_settings = blocks >= _MIN_BLOCKS and strays <= _STRAYS * len(entries)
    return entries if is_settings and not depth else None


def _stays_open(line: str, *, in_comment: bool) -> bool:
    """Whether a comment is open at the end of a line."""
    if in_comment and "*/" not in line:
        return True
    return _OPENING.search(_STRING.sub('""', line)) is not None


def _bare(code: str, statement: re.Pattern[str]) -> str:
    """Return a line without its comments, and with nothing in its strings."""
    code = _REMARK.sub("", _STRING.sub('""', code))
    return (code if statement is _STYLE else _HASH.sub("", code)).strip()


def _kind(code: str, statement: re.Pattern[str], depth: int) -> Kind | None:
    """Return what a line is; None when it is not one of settings."""
    if not code.strip("});,"):
        return Kind.MORE
    head, brace, rest = code.partition("{")
    if brace:
        inside = rest.strip("};, ")
        is_head = _HEADS[statement].fullmatch(head.removeprefix("}").strip())
        if not is_head or (inside and not statement.match(f"{inside};")):
            return None
        return Kind.KEY if depth else Kind.SECTION
    if statement.fullmatch(code.rstrip("}").strip()):
        return Kind.KEY
    if statement is not _ASSIGNMENT and code.endswith((",", ":")):
        return Kind.MORE if depth and ":" in code else Kind.SECTION if not depth else Kind.KEY
    return None
