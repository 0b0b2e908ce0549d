"""What the cells of a column are: numbers, as people and programs write them, or few values."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ("is_identifier", "is_number", "is_rule", "is_typed", "is_void", "number_of")

_NUMBER = re.compile(
    r"(?P<sign>[-+]?)[$€£]?(?P<digits>\d[\d,_]*(?:\.\d*)?|\.\d+)(?P<power>[eE][-+]?\d{1,3})?"
    r" ?(?P<unit>%|[kKMGTPE]?i?B?|[munµ]?s)"
)
_MAX_NUMBER = 32
_MAX_VALUE = 1e100  # so that squares and sums stay finite
_FACTORS = {"k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18}
_SECONDS = {"ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_VOID = frozenset(("", "-", "--", "n/a", "N/A", "null", "NULL", "NA", "None", "none", "?", "nan"))
_HEX = re.compile(r"(?:0x)?(?=[a-f]{0,7}\d)[\da-f]{7,64}", re.IGNORECASE)
_RULE = frozenset("-=+|: \t\r\n_")
_DATE = re.compile(r"\d{2,4}[-/.:]\d{1,2}[-/.:]\d{1,4}")


def number_of(cell: str) -> float | None:
    """Return the value of a number such as ``-12``, ``1,024``, ``4.5G`` or ``12%``; else None."""
    cell = cell.strip()
    if not cell or len(cell) > _MAX_NUMBER or not (cell[0] in "+-.$€£" or cell[0].isdigit()):
        return None
    try:
        number = float(cell)
    except ValueError:
        found = _NUMBER.fullmatch(cell)
        if not found:
            return None
        digits = found["digits"].replace(",", "").replace("_", "")
        unit = found["unit"]
        factor = _SECONDS.get(unit) or _FACTORS.get(unit[:1], 1.0)
        number = factor * float(f"{found['sign']}{digits}{found['power'] or ''}")
    return number if abs(number) < _MAX_VALUE else None


def is_number(cell: str) -> bool:
    """Whether a cell is a number."""
    return number_of(cell) is not None


def is_void(cell: str) -> bool:
    """Whether a cell says that there is no value."""
    return cell.strip() in _VOID


def is_identifier(cell: str) -> bool:
    """Whether a cell is a hash or another identifier in hexadecimal digits."""
    return _HEX.fullmatch(cell) is not None


def is_typed(column: Sequence[str]) -> bool:
    """Whether the cells of a column are of one type: numbers, dates, hashes, or of a few words."""
    cells = [cell.strip() for cell in column if not is_void(cell)]
    if not cells:
        return False
    numbers = sum(
        is_number(cell) or bool(_DATE.match(cell) or _HEX.fullmatch(cell)) for cell in cells
    )
    few = len(set(cells)) <= max(1, len(cells) // 4) and max(map(len, cells)) <= _MAX_NUMBER
    return few or 10 * numbers >= 9 * len(cells)


def is_rule(line: str) -> bool:
    """Whether a line only separates others: blank, or drawn with dashes."""
    return not line.strip() or (_RULE.issuperset(line) and ("--" in line or "==" in line))
