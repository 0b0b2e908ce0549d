"""Large regions of a text that may be of one kind although nothing fences them.

What marks them are the turns of a conversation, where everything between one speaker's label and
the next is said by one; commands after a prompt, with what they printed; and paragraphs in a row of
which none is prose, as in a program with blank lines in it. Only places are found here; the
compressors say whether they hold one kind.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence

from sharedctx.plain import split_lines

__all__ = ("is_composed", "outputs_of", "paragraph_runs", "turns_of")

_MAX_HEAD = 400
_NUMBER = r"(?: ?\[\d{1,6}\])?"
# At most three words: more are a sentence that ends with a colon.
_LABEL = re.compile(
    rf"(?:\*\*|#{{1,4}} )?([A-Z][\w.-]{{0,30}}(?: [\w.-]{{1,30}}){{0,2}}?){_NUMBER}"
    r"(?:\*\*)?:(?:\*\*)?(?:[ \t]|$)"
)
# Who or what has a turn. Other names in tags and brackets are markup, sections or levels.
_ROLE = (
    r"[\w:-]{0,30}(?:user|human|assistant|agent|tool|function|observation|result|output|std(?:out|err))"
    r"[\w:-]{0,30}"
)
_ROLE_MARK = re.compile(
    rf"</?({_ROLE})(?:[ \t][^<>\n]{{0,200}})?>[ \t]*$"
    rf"|\[({_ROLE})(?:[ \t#][^\[\]\"\n]{{0,200}})?\](?=[ \t]|$)",
    re.IGNORECASE,
)
_PROMPT = re.compile(r"\$ \S")
# In front of what agents in terminals say, if they call something as well.
_BULLET = re.compile(r"[●⏺] \S")
_CALL = re.compile(r"^[●⏺] [A-Z]\w{0,40}\(", re.MULTILINE)
# How any begins after a line break, which is found much faster than the beginning of a line.
_MARK = re.compile(
    rf"\n(?:(?:\*\*|#{{1,4}} )?[A-Z][\w .-]{{0,30}}?{_NUMBER}(?:\*\*)?:"
    r"|[$●⏺] \S|</?[\w:]|\[[a-zA-Z])"
)
_MAX_REMARKS = 3
_MIN_TURNS, _MAX_SPEAKERS = 3, 8
_SENTENCE = re.compile(r"[A-Za-z,;]+ [a-z]+ [a-z]+ [a-z]+")
# What begins a line of prose: no indentation, no mark of a comment or a call.
_PROSE_START = re.compile(r"[\"'(*_`]{0,2}[A-Z]|\d+[.)]? |[-*+] |[a-z]+ ")
_HEADING = re.compile(r"#{1,6} \S|(?:```|~~~)")
_FENCE = re.compile(r"^(?:```|~~~)", re.MULTILINE)  # indented ones may be of a diff
_OPENING = re.compile(r"^(`{3,20}|~{3,20})[^`\n]{0,200}$", re.MULTILINE)
# A block in which somebody shows commands, from its fence to the one that closes it.
_SESSION = re.compile(r"^(`{3,20}|~{3,20})[^`\n]{0,200}\n\s{0,200}\$ \S", re.MULTILINE)


def is_composed(text: str) -> bool:
    """Whether somebody put `text` together from parts: a conversation, or prose with outputs."""
    if turns_of(text):
        return True
    marked = len(_FENCE.findall(text)) > 1 or bool(re.search(r"^\$ \S", text, re.MULTILINE))
    return marked and any(_is_sentences(text[start:end]) for start, end in _paragraphs(text))


def turns_of(text: str) -> list[tuple[int, int]]:
    """Return ``(start, end)`` of each turn of a conversation, without its label; [] if it is none.

    A command after a prompt is a label too.
    """
    labels = list(_labels(text))
    if len(labels) < _MIN_TURNS:
        return []
    # Who speaks between fences only is quoted, such as the fields of a record.
    fenced = _fenced(text)
    speakers = Counter(name for start, _, name in labels if not _is_in(fenced, start))
    turns = [label for label in labels if speakers[label[2]] > 1]
    names = {name for _, _, name in turns}
    if len(turns) < _MIN_TURNS or len(names) > _MAX_SPEAKERS or names == {"$"}:
        return []
    ends = [start for start, _, _ in turns[1:]] + [len(text)]
    return [(said, end) for (_, said, _), end in zip(turns, ends, strict=True)]


def _labels(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield each line that may begin a turn: its start, that of what is said, and who says it."""
    sessions, has_calls = _sessions(text), bool(_CALL.search(text))
    for start, end in _marked_lines(text):
        if _is_in(sessions, start):
            continue
        head = text[start : min(end, start + _MAX_HEAD)]
        before = text.rfind("\n", 0, max(start - 1, 0)) + 1
        after_blank = not text[before : min(start, before + _MAX_HEAD)].strip()
        # Inside a paragraph only a label that has the line for itself is one, and none that may be
        # a comment.
        is_marked = head.startswith("#")
        if is_marked and not after_blank:
            label = None
        elif after_blank and not is_marked:
            label = _LABEL.match(head)
        else:
            label = _LABEL.fullmatch(head.rstrip())
        if label and (label.end() >= len(head.rstrip()) or _SENTENCE.search(head, label.end())):
            yield start, start + label.end(), label[1]
        elif _PROMPT.match(head):
            yield start, end, "$"
        elif has_calls and _BULLET.match(head):
            yield start, end, head[0]
        elif role := _ROLE_MARK.match(head.rstrip("\r\n")):
            yield start, start + role.end(), (role[1] or role[2]).lower()


def _marked_lines(text: str) -> Iterator[tuple[int, int]]:
    """Yield the lines that begin as labels and prompts do."""
    for mark in _MARK.finditer(f"\n{text}"):
        start = mark.start()  # of the line break, which `text` does not have in front
        yield start, text.find("\n", start) + 1 or len(text)


def outputs_of(text: str) -> list[tuple[int, int]]:
    """Return ``(start, end)`` of what each command after a prompt printed; [] below two of them.

    Sentences right before the next prompt are not part of it. What fences enclose is for who looks
    between them.
    """
    fenced = _sessions(text)
    prompts = [
        (start, end)
        for start, end in split_lines(text)
        if _PROMPT.match(text, start) and not _is_in(fenced, start)
    ]
    if len(prompts) < 2:
        return []
    stops = [start for start, _ in prompts[1:]] + [len(text)]
    return [
        (end, _without_remarks(text, end, stop))
        for (_, end), stop in zip(prompts, stops, strict=True)
    ]


def _sessions(text: str) -> list[tuple[int, int]]:
    """Return ``(start, end)`` of the fenced blocks that begin with a command after a prompt."""
    sessions: list[tuple[int, int]] = []
    for opened in _SESSION.finditer(text):
        close = text.find(f"\n{opened[1]}", opened.end())
        if close >= 0 and not _is_in(sessions, opened.start()):
            sessions.append((opened.start(), close))
    return sessions


def _fenced(text: str) -> list[tuple[int, int]]:
    """Return ``(start, end)`` of the fenced blocks, each to the first line that closes it."""
    blocks: list[tuple[int, int]] = []
    unclosed: set[str] = set()  # what nothing closes any more is looked for once
    place = 0
    while opened := _OPENING.search(text, place):
        mark, place = opened[1], opened.end()
        closing = re.compile(rf"^{mark}[`~]*[ \t]*$", re.MULTILINE)
        close = None if mark in unclosed else closing.search(text, place)
        if close:
            blocks.append((opened.start(), close.start()))
            place = close.end()
        else:
            unclosed.add(mark)
    return blocks


def _is_in(ranges: Sequence[tuple[int, int]], place: int) -> bool:
    """Whether `place` is in one of `ranges`, which are in order."""
    i = bisect_right(ranges, (place, place)) - 1
    return i >= 0 and place < ranges[i][1]


def _without_remarks(text: str, start: int, end: int) -> int:
    """Return where ``text[start:end]`` ends without the paragraphs of sentences at its end."""
    for _ in range(_MAX_REMARKS):
        body = text[start:end].rstrip()
        cut = body.rfind("\n\n") + 1
        if not cut or not _is_sentences(body[cut:].strip("\n")):
            break
        end = start + cut
    return end


def paragraph_runs(text: str) -> Iterator[tuple[int, int]]:
    """Yield ``(start, end)`` of two or more paragraphs in a row of which none is prose."""
    run: tuple[int, int] | None = None
    count = 0
    for start, end in _paragraphs(text):
        if _FENCE.match(text, start) or _is_prose(text[start:end]):
            if run and count > 1:
                yield run
            run, count = None, 0
        else:
            run = (run[0] if run else start, end)
            count += 1
    if run and count > 1:
        yield run


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """Yield the paragraphs, without the blank lines between them; a prompt begins one as well."""
    first = last = -1
    for start, end in split_lines(text):
        is_prompt = bool(_PROMPT.match(text, start))
        if first >= 0 and (is_prompt or not text[start:end].strip()):
            yield first, last
            first = -1
        if is_prompt:
            yield start, end
        elif text[start:end].strip():
            first, last = (start if first < 0 else first), end
    if first >= 0:
        yield first, last


def _is_prose(paragraph: str) -> bool:
    """Whether a paragraph is sentences, a heading or a command rather than code or records."""
    # With code right below, what looks like a heading is a comment.
    alone = "\n" not in paragraph.rstrip("\n")
    is_mark = alone and bool(_HEADING.match(paragraph) or _PROMPT.match(paragraph))
    return is_mark or _is_sentences(paragraph)


def _is_sentences(paragraph: str) -> bool:
    lines = paragraph.rstrip("\n").split("\n")
    started = sum(bool(_PROSE_START.match(line[:_MAX_HEAD])) for line in lines)
    running = sum(bool(_SENTENCE.search(line[:_MAX_HEAD])) for line in lines)
    return 10 * started >= 7 * len(lines) and 2 * running >= len(lines)
