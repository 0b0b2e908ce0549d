"""Configuration in text: sections, keys and items of TOML, INI, ``.env``, YAML, and in blocks.

TOML and INI are for the parsers of the standard library to accept. YAML and ``.env`` have a strict
grammar of lines here: one line that cannot be of the format, and the text is something else.
"""

from __future__ import annotations

import configparser
import re
import tomllib
from collections.abc import Sequence

from sharedctx.plain import split_lines
from sharedctx_workers.compressors.config_blocks import find_blocks
from sharedctx_workers.compressors.config_entries import Entry, Kind

__all__ = ("find_entries",)

_MIN_KEYS = 3
_MAX_HEAD = 400
_MAX_PARSED = 5_000_000
_SECTION = re.compile(r"[ \t]*\[\[?[^\]\n]{1,200}\]\]?[ \t]*(?:[#;].*)?$")
_SETTING = re.compile(
    r"[ \t]*(?:export +)?[\"']?[\w.@/$:*-][\w .@/$:*\[\]-]{0,120}?[\"']?[ \t]*[=:]"
)
_VARIABLE = re.compile(r"(?:export +)?[A-Za-z_][\w.-]{0,120}[ \t]?=")
_YAML_KEY = re.compile(
    r"(?P<key>\"[^\"\n]{1,120}\"|'[^'\n]{1,120}'|[\w.$/@<*-][\w.$/@*+-]{0,120}"
    r"(?: [\w.$/@+-]{1,40}){0,3}) {0,20}:(?= |$)"
)
_BLOCK_SCALAR = re.compile(r"[|>][-+0-9]{0,3}\s*(?:#.*)?$")


def find_entries(text: str) -> list[Entry] | None:
    """Return the lines of a configuration, in order; None when `text` is not one."""
    lines = [
        (start, end, text[start : min(end, start + _MAX_HEAD)].rstrip())
        for start, end in split_lines(text)
    ]
    for find in (_settings, _yaml, find_blocks):
        entries = find(text, lines)
        if entries and sum(entry.kind is Kind.KEY for entry in entries) >= _MIN_KEYS:
            return _joined(entries)
    return None


_Lines = Sequence[tuple[int, int, str]]


def _joined(entries: Sequence[Entry]) -> list[Entry]:
    """Return entries without gaps: blank lines belong to what precedes them."""
    ends = [*(entry.start for entry in entries[1:]), entries[-1].end]
    starts = [0, *ends[:-1]]
    return [
        entry._replace(start=start, end=end)
        for entry, start, end in zip(entries, starts, ends, strict=True)
    ]


def _with_end(entries: list[Entry], end: int) -> list[Entry]:
    """Return entries up to the end of the text."""
    if entries:
        entries[-1] = entries[-1]._replace(end=end)
    return entries


def _settings(text: str, lines: _Lines) -> list[Entry] | None:
    """Return the lines of TOML, INI or a list of variables."""
    if not (_is_toml(text) or _is_ini(text, lines) or _is_variables(lines)):
        return None
    entries: list[Entry] = []
    depth = 0
    for start, end, line in lines:
        if not line:
            continue
        if line.lstrip()[0] in "#;":
            kind = Kind.COMMENT
        elif _SECTION.match(line) and not line[0].isspace():
            kind, depth = Kind.SECTION, line.count(".")
        elif _SETTING.match(line) and not (line[0].isspace() and entries):
            kind = Kind.KEY
        else:
            kind = Kind.MORE if entries else Kind.COMMENT
        entries.append(Entry(start, end, kind, depth + (kind is not Kind.SECTION)))
    return _with_end(entries, len(text))


def _is_toml(text: str) -> bool:
    if len(text) > _MAX_PARSED or "=" not in text:
        return False
    try:
        return bool(tomllib.loads(text.replace("\r\n", "\n")))
    except (ValueError, RecursionError):
        return False


def _is_ini(text: str, lines: _Lines) -> bool:
    """Whether `text` has sections of settings, and nothing outside of them."""
    first = next((line for _, _, line in lines if line and line[0] not in "#;"), "")
    if len(text) > _MAX_PARSED or not _SECTION.match(first):
        return False
    strays = 0
    for _, _, line in lines:
        is_known = not line or line[0] in "#; \t" or _SECTION.match(line) or _SETTING.match(line)
        strays += not is_known
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except (configparser.Error, ValueError, TypeError, AttributeError):
        return False
    return 20 * strays <= len(lines)


def _is_variables(lines: _Lines) -> bool:
    """Whether all lines give values to variables, as ``.env`` files do."""
    full = [line for _, _, line in lines if line and not line.startswith("#")]
    return len(full) >= _MIN_KEYS and all(map(_VARIABLE.match, full))


def _yaml(text: str, lines: _Lines) -> list[Entry] | None:
    """Return the lines of YAML."""
    reader = _YamlReader()
    for start, end, line in lines:
        if line and not reader.read(start, end, line):
            return None
    strays = sum(entry.kind is Kind.MORE for entry in reader.entries) - reader.in_scalars
    if 3 * strays > len(reader.entries):
        return None
    return _with_end(reader.entries, len(text))


class _YamlReader:
    """Reads YAML line by line, as far as block structure needs it."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.in_scalars = 0
        self._scalar = -1  # indentation of the key whose block scalar we are in
        self._keys: list[tuple[int, set[str]]] = []  # of the mappings around us

    def read(self, start: int, end: int, line: str) -> bool:
        """Take the next line; return whether it can be YAML."""
        body = line.lstrip(" ")
        indent = len(line) - len(body)
        if self._scalar >= 0 and indent > self._scalar:
            self._add(start, end, Kind.MORE, indent)
            self.in_scalars += 1
            return True
        self._scalar = -1
        if body[0] == "\t":
            return False
        if body[0] == "#" or line in ("---", "...") or line.startswith(("%YAML", "--- ")):
            self._keys = self._keys if body[0] == "#" else []
            self._add(start, end, Kind.COMMENT, indent)
            return True
        return self._structure(start, end, body, indent)

    def _add(self, start: int, end: int, kind: Kind, depth: int) -> None:
        self.entries.append(Entry(start, end, kind, depth))

    def _structure(self, start: int, end: int, body: str, indent: int) -> bool:
        """Take a line that is a key, an item, or more of a value."""
        depth, is_item = indent, False
        while body.startswith("- ") or body == "-":
            rest = body[1:].lstrip(" ")
            self._close(indent + 1)
            indent, body, is_item = indent + len(body) - len(rest), rest, True
        key = _YAML_KEY.match(body)
        if not key:
            if is_item:
                self._add(start, end, Kind.ITEM, depth)
            elif self.entries and indent > 0:
                self._add(start, end, Kind.MORE, indent)
            return is_item or bool(self.entries and (indent > 0 or body[0] in "]}"))
        if not self._declare(key["key"], indent):
            return False
        value = body[key.end() :].strip()
        if _BLOCK_SCALAR.match(value):
            self._scalar = indent if not is_item else depth
        self._add(start, end, Kind.KEY, depth)
        return True

    def _close(self, indent: int) -> None:
        """Leave the mappings that are indented by `indent` or more."""
        while self._keys and self._keys[-1][0] >= indent:
            self._keys.pop()

    def _declare(self, key: str, indent: int) -> bool:
        """Note a key of the mapping at `indent`; return whether it is new there."""
        self._close(indent + 1)
        if not self._keys or self._keys[-1][0] < indent:
            self._keys.append((indent, set()))
        known = self._keys[-1][1]
        is_new = key not in known or key == "<<"
        known.add(key)
        return is_new
