"""What the lines of a configuration are."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

__all__ = ("Entry", "Kind")


class Kind(Enum):
    """What a line of a configuration is."""

    SECTION = "section"
    KEY = "key"
    ITEM = "item"
    COMMENT = "comment"
    MORE = "more"
    """A further line of the value before it."""


class Entry(NamedTuple):
    """A line, with the blank lines after it.

    Attributes:
        depth: Columns that it is indented by; keys are deeper than their section.
    """

    start: int
    end: int
    kind: Kind
    depth: int
