"""Which lines say nothing that an error line does not say as well.

Test runners tell a failure several times: as a step of the run, as the heading of its details, and
in the summary. One of these will do, and the one with the most words is best.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from sharedctx_workers.compressors.log_events import Event

__all__ = ("Told",)

_WORD = re.compile(r"[\w-]+")
_PROGRESS = re.compile(r"\[\s{0,3}\d{1,3}%\]")
_MAX_BODY = 600
_MAX_TELLING = 5_000
_MAX_HOLDERS = 64


def _said(event: Event) -> tuple[str, ...]:
    """Return what stands between blanks, each as the words of a name: `` path to test |``."""
    parts = _PROGRESS.sub("", event.body[:_MAX_BODY]).split()
    said = (_WORD.findall(part) for part in parts)
    return tuple(f" {' '.join(words)} |" for words in said if words)


def _words(parts: Sequence[str]) -> frozenset[str]:
    return frozenset("".join(parts).replace("|", "").split())


class Told:
    """Tells which events say nothing that an error line does not say as well."""

    def __init__(self, events: Sequence[Event]) -> None:
        """Look at the different error lines among `events`."""
        telling = [event for event in events if event.level >= 3 and event.is_new_form]
        lines = [_said(event) for event in telling[:_MAX_TELLING]]
        words = [_words(line) for line in lines]
        self._counts = Counter(word for own in words for word in own)
        self._holders: dict[str, list[tuple[int, int, str]]] = {}
        for event, line, own in zip(telling, lines, words, strict=False):
            said = "".join(line)
            for word in own:
                if self._counts[word] <= _MAX_HOLDERS:
                    self._holders.setdefault(word, []).append((len(said), event.start, said))

    def __contains__(self, event: Event) -> bool:
        """Whether a longer or later line has each part of `event`, or a name that ends with it."""
        parts = _said(event)
        words = _words(parts)
        rarest = min(words, key=lambda word: (self._counts[word], word), default="")
        own = (sum(map(len, parts)), event.start)
        return any(
            own < (size, start) and _tells(said, parts)
            for size, start, said in self._holders.get(rarest, ())
        )


def _tells(said: str, parts: Sequence[str]) -> bool:
    """Whether `said` has all of `parts`, and those that are plain words in the same order."""
    place = 0
    for part in parts:
        is_name = part.count(" ") > 2
        found = said.find(part, 0 if is_name else place)
        if found < 0:
            return False
        place = place if is_name else found
    return True
