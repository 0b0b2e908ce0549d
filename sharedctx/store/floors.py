"""What a client has seen of each key, so that it is never shown anything older."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, NamedTuple

__all__ = ("NOTHING_SEEN", "Floor", "Floors")

_MOST_KEYS: Final = 16_384
"""Some 4 MB. More than the newest 10,000 keys that a namespace keeps by default."""


class Floor(NamedTuple):
    """The oldest answer about a key that may still be given.

    Attributes:
        revision: The newest revision that was seen.
        gone: The key was seen to be absent since then, so that only a later put counts.
        exact: It was seen of this very key. Otherwise an older entry is current too, if it comes
            from a server that knows `revision`.
    """

    revision: int
    gone: bool = False
    exact: bool = True

    def admits(self, revision: int | None) -> bool:
        """Whether an answer is certainly not too old: a revision, or None for an absent key."""
        if revision is None:
            return self.gone
        return revision > self.revision if self.gone else revision >= self.revision


NOTHING_SEEN: Final = Floor(0, gone=True)


class Floors:
    """The floors of one client in one namespace, in bounded memory."""

    def __init__(self, most_keys: int = _MOST_KEYS) -> None:
        self._most_keys = most_keys
        self._floors: OrderedDict[str, Floor] = OrderedDict()
        self._others = NOTHING_SEEN
        self.highest = 0
        """The newest revision that was seen of any key."""

    def of(self, key: str) -> Floor:
        """Return the floor of `key`."""
        return self._floors.get(key, self._others)

    def saw(self, key: str, revision: int, *, gone: bool = False) -> None:
        """Note that `key` was seen at `revision`, or absent at that revision of the namespace."""
        floor = Floor(revision, gone)
        self._floors[key] = max(floor, self._floors.pop(key, floor))
        self.highest = max(self.highest, revision)
        if len(self._floors) > self._most_keys:
            _, dropped = self._floors.popitem(last=False)
            # From now on, every key without a floor of its own is treated as if it were this one.
            self._others = max(self._others, Floor(dropped.revision, exact=False))

    def cleared(self, revision: int) -> None:
        """Note that no key is left that was put at or before `revision`."""
        self._floors = OrderedDict(
            (key, floor) for key, floor in self._floors.items() if floor.revision > revision
        )
        self._others = max(self._others, Floor(revision, gone=True))
        self.highest = max(self.highest, revision)

    def forget(self) -> None:
        """Start over, because the namespace did."""
        self._floors.clear()
        self._others, self.highest = NOTHING_SEEN, 0
