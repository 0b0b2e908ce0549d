"""The grammar of one log line: its time, its level, and the forms that known tools write.

Everything is decided by how a line begins, never by a word somewhere in it, so that prose about
errors and source code full of logging calls are not taken for logs. All patterns are anchored and
bounded, and see no more than the head of a line.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

__all__ = ("MAX_HEAD", "Form", "LineKind", "form_of", "is_quoted", "strip_colors")

MAX_HEAD = 400
"""How much of a line is looked at."""


class LineKind(Enum):
    """What a line of output is."""

    EVENT = "event"
    """It has a time or a level."""
    RUNNER = "runner"
    """A known tool writes it."""
    BOUNDARY = "boundary"
    """A part of the run begins here."""
    SUMMARY = "summary"
    """How a run ended, in numbers."""
    CONTINUED = "continued"
    """Indented: it belongs to the line before."""
    BLANK = "blank"
    """Nothing."""
    OTHER = "other"
    """Anything else."""


class Form(NamedTuple):
    """What the head of a line says about it.

    Attributes:
        kind: What it is.
        level: 0 for debugging, 1 for information and success, 2 for warnings, 3 for errors; -1 when
            it does not say.
        body: Where its message begins, after the time or the place that it is about.
        time: Where its time begins, if it has one.
    """

    kind: LineKind
    level: int = -1
    body: int = 0
    time: int = 0


_COLORS = re.compile(
    r"\x1b(?:\[[0-9;?]{0,24}[A-Za-z]|\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)|[()][0-9A-B])"
)
_DAY = (
    r"(?:\d{4}[-/.]\d\d[-/.]\d\d|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}"
    r"|\d{1,2}[/ -][A-Z][a-z]{2}[/ -]\d{4})"
)
_CLOCK = r"\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?"
_ZONE = r"(?: ?(?:Z|UTC|GMT|[+-]\d\d:?\d\d))?"
_TIME = (
    rf"(?:{_DAY}[T _:,]{{1,2}}\d{{1,2}}:\d\d(?::\d\d(?:[.,]\d{{1,9}})?)?(?: [AP]M)?{_ZONE}"
    rf"|(?:[A-Z][a-z]{{2}},? )?[A-Z][a-z]{{2}} [ \d]?\d,? (?:\d{{4}},? )?{_CLOCK}(?: [AP]M)?"
    rf"(?: (?:[A-Z]{{2,4}} )?\d{{4}})?|\d\d[-.]\d\d {_CLOCK}|[IWEFD]\d{{4}} {_CLOCK}"
    rf"|(?:\d{{8}}-)?{_CLOCK}(?::\d{{3}})?|\d{{10}}(?:\d{{3}}|\.\d{{1,9}})?"
    r"|\d{6} \d{6}(?= \d{1,9} [A-Z]{4})|\+? {0,8}\d{1,9}\.\d{3,9}s?| {0,8}\d{1,9} ms(?=:))"
)
# "web-1  | " of containers, "127.0.0.1 - frank " of web servers, "name " of other programs,
# "340:M ", "[1234] " and "[main] [worker] " of servers, "<14>1 " of syslog, "E, " and "INFO  " of
# loggers.
_BEFORE_TIME = (
    r"(?P<before>[\w.-]{1,60} {0,20}\| |[\w.:-]{1,60} \S{1,60} \S{1,60} (?=\[)"
    r"|[a-z][\w.:-]{1,60} (?=\d{4}-)|- (?=\d{10} )|\d{1,10}:[A-Z] (?=\d)"
    r"|(?:\[[^\]\n]{1,40}\] ?){1,3}"
    r"|<\d{1,3}>\d? ?|[A-Z], (?=\[)|[A-Z]{3,8}:? {1,8}(?=[\[(]?\d))?"
)
_STAMP = re.compile(rf"{_BEFORE_TIME}[\[(<]?{_TIME}[\])>]?[:,|]?(?=[\s\[|]|$)")
# "sshd[62312]: " of a program, perhaps on a host, "==9291== ", "[worker 3] ", "│ " of a frame.
_TAG = re.compile(
    r"(?:(?:[\w.-]{1,60} )?[\w./@()-]{1,60}\[\d{1,10}\]: "
    r"|(?:==\d{1,10}==|--\d{1,10}--)(?: |(?=[A-Z]))"
    r"|\[[A-Za-z][^\]\n]{2,40}\](?:\[[^\]\n]{1,40}\]){0,3}:? (?=\S)|[│┃║╷╵╭╰┌└├] ?){1,8}"
)
_FIELDS = re.compile(r"(?:time|ts|timestamp|t|level|lvl|severity)=\S")
_LEVELS = {
    **dict.fromkeys(("TRACE", "DEBUG", "VERBOSE", "FINE", "FINER", "FINEST"), 0),
    **dict.fromkeys(("INFO", "NOTICE", "LOG", "CONFIG", "NOTE", "HINT", "OK", "SUCCESS"), 1),
    **dict.fromkeys(("WARN", "WARNING"), 2),
    **dict.fromkeys(("ERROR", "ERR", "ERR!", "FATAL", "CRITICAL", "CRIT", "SEVERE"), 3),
    **dict.fromkeys(("ALERT", "EMERG", "PANIC"), 3),
}
_NAME = "|".join(sorted((re.escape(name) for name in _LEVELS), key=len, reverse=True))
# Also of "[2026-03-01 10:00:00: INFO/main]", which begins or ends a name.
_LEVEL = re.compile(rf"(?:^|[\s\[(<|:/])({_NAME})(?=[\s\])>|:/]|$)")
_LOWER_LEVEL = re.compile(
    r"(?:\blevel=\"?|\[|<)(trace|debug|info|notice|warn|warning|error|err|fatal|critical|crit|alert)"
    r"(?=[\s\]>\":;,]|$)",
    re.IGNORECASE,
)
_OPENING_LEVEL = re.compile(
    rf"(?:[\[(<](?P<a>{_NAME})\s{{0,8}}[\])>]|(?P<b>{_NAME}):|(?:npm|yarn) (?P<c>{_NAME})\b"
    rf"|(?P<d>TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL)\s)"
)
_DIAGNOSTIC = re.compile(
    r"(?:[^\s:][^:\n]{0,200}:(?:(?:\d{1,7}:){0,2} ?|\d{1,7}:\d{1,7} - ))?"
    r"(fatal error|error|warning|note|info|help|hint|fatal|remark)"
    r"(?:\[\w{1,20}\]| [A-Z]{1,5}\d{2,5})?: \S",
    re.IGNORECASE,
)
# "app.py:470:63: F821 Undefined name", "app.py:47:6: W0718: Too general", as linters write it.
_FINDING = re.compile(r"[^\s:][^:\n]{0,200}:\d{1,7}:(?:\d{1,7}:)? (?=[A-Z]{1,5}\d{2,5}:? )")
_DIAGNOSED = {"warning": 2, "note": 1, "info": 1, "help": 1, "hint": 1, "remark": 1}
# "py311: 967 D ", "W/Zygote(  31): ", and after a time " 1702  2395 E ".
_LETTER = re.compile(
    r"[\w.-]{1,60}: \d{1,9} (?P<a>[DVIWEFC]) (?=\S)"
    r"|(?P<b>[DVIWEF])/[\w.$ -]{1,60}\( {0,8}\d{1,9}\): "
)
_LETTER_AFTER = re.compile(r"(?: {1,8}\d{1,9}){1,2} (?P<a>[DVIWEF]) (?=\S)")
_KLOG = {"I": 1, "W": 2, "E": 3, "F": 3, "D": 0, "V": 0, "C": 3}
_ACCESS = re.compile(r"\"[A-Z]{3,10} [^\"]{0,300}\" (\d)\d\d\b")


# Source that a compiler or a test runner quotes: "12 | x = 1", ">       assert x", "...".
_QUOTED = re.compile(r"\d{1,6} {1,4}[|+~-](?: |$)|>\s{2,}\S|\.{3}$")

# What is raised in a group of exceptions: "  | ValueError: no".
_IN_GROUP = (
    r"\s{1,60}\| (?:[A-Za-z_]\w{0,80}\.){0,8}[A-Za-z_]\w{0,80}(?:Error|Exception|Group)(?:: |\s*$)"
)
_SOURCE = re.compile(r"\s{0,20}\d{0,7} {0,12}\||\s{0,200}[~^]{1,200}\s*$")


def _any_of(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns))


_FAILED = _any_of(
    r"Traceback \(most recent call last\):",
    r"(?:FAILED|FAIL|ERROR)(?::|\s+\S)",
    r"\s{0,12}--- FAIL: ",
    r"not ok\b",
    r"E\s{1,8}\S",
    r"E: \S",
    r"[^\s:][^:\n]{0,200}:\d{1,7}: \w{1,60}(?:Error|Exception|Failure|Failed)\b",
    r"\S.{0,300} (?:FAILED|FAIL|ERROR)(?:\s+\[\s{0,2}\d{1,3}%\]|\s*\(.{1,20}\)|)\s*$",
    r"test \S{1,200} \.\.\. FAILED",
    r"\S.{0,200} \.\.\. (?:FAIL|ERROR)\s*$",
    r"make(?:\[\d+\])?: \*\*\* ",
    r"thread '.{0,100}'(?: \(\d{1,10}\))? panicked at ",
    r"panic: ",
    r"Exception in thread ",
    r"Caused by: ",
    r"(?:[A-Za-z_][\w$]{0,80}\.){0,8}[A-Za-z_]\w{0,80}(?:Error|Exception)(?:: |\s*$)",
    r" ! \[(?:rejected|remote rejected)\]",
    r"\s{1,8}[✗✕✘×] \S",
    r"remote: (?:error|fatal|rejected)\b",
    _IN_GROUP,
    r"\s{1,8}\d{1,6}:\d{1,5}\s{1,8}(?:error|✖)\s",
    r"CONFLICT \(",
    r"(?:##\[error\]|::error)",
    r"Segmentation fault|Killed\s*$|Aborted\b",
)
_WARNED = _any_of(
    r"\s{1,8}\d{1,6}:\d{1,5}\s{1,8}(?:warning|⚠)\s",
    r"W: \S",
    r"(?:##\[warning\]|::warning)",
    r"[\w./-]{1,200}:\d{1,6}: \w{0,60}Warning: ",
    r"\s{0,8}\w{0,60}Warning: ",
    r"[A-Z]{1,4}\d{3,4} (?:\[\*\] )?[A-Z`]",
    r"(?:CMake |npm )?(?:Warning|WARN)\b",
    r"npm (?:warn|error)\b",  # npm puts this before all that a failed script wrote
    r"dpkg: warning",
)
_SUMMARY = _any_of(
    r"=+ .{0,200}\b(?:passed|failed|errors?|skipped)\b.{0,100} in [\d.]+s.{0,40}=+\s*$",
    r"\d{1,9} (?:passed|failed|errors?|skipped|warnings?|deselected)(?:, | in |$)",
    # "15 examples, 6 failures", "✖ 30 problems (24 errors, 6 warnings)", "Tests: 19, Errors: 1".
    r"(?:[^\w\s] )?\d{1,9}%? \w{2,20}(?: \w{2,20})?"
    r"(?:,? \(?\d{1,9} \w{2,20}(?: \w{2,20})?){1,6}\)?\.?\s*$",
    r"[A-Z][a-z]{2,20}: \d{1,9}(?:, [A-Z][a-z]{2,20}: \d{1,9}){1,6}\.?\s*$",
    r"\s{0,8}\d{1,9} (?:passing|failing|pending)\b",
    r"Ran \d+ tests? in ",
    r"(?:OK|FAILED)(?: \(|\s*$)",
    r"test result: ",
    r"(?:ok|FAIL|---)\s+\S{1,200}\s+(?:[\d.]+s|\(cached\))",
    r"Tests?(?: run| Suites)?: +\d",
    r"(?:BUILD|COMPILATION) (?:SUCCESS|FAILURE|SUCCESSFUL|FAILED)",
    r"(?:Successfully|Failed to) (?:installed|built|build|uninstalled|tagged)\b",
    r"(?:added|removed|changed|up to date|audited|found) .{0,80}(?:packages?|vulnerabilities)",
    r"\d+ upgraded, \d+ newly installed",
    r"Found \d+ (?:errors?|warnings?|issues?)",
    r"Success: no issues found",
    r"All checks passed",
    r".{0,60}exit(?<!\wexit)(?:ed with|(?:ed)? (?:code|status))\b",
    r".{0,60}return code(?<!\wreturn code)\b",
    r"##\[error\]Process completed",
    r"(?:real|user|sys)\s+\d+m[\d.]+s",
    r"\s{0,4}Finished \S.{0,80} in [\d.]+",
    r"\s{0,4}\d+ files? changed",
    r"1\.\.\d+\s*$",
    r"# (?:tests|pass|fail|ok) +\d",
    r"Total:? ",
    r"TOTAL\s",
)
_BOUNDARY = _any_of(
    r"={3,80} .{1,200} ={3,80}\s*$",
    r"_{3,80} .{1,200} _{3,80}\s*$",
    r"-{3,80} .{1,200} -{3,80}\s*$",
    r"(?:##\[(?:group|section|command)\]|::group::|section_start:)",
    r"Step \d+/\d+ ?:",
    r"#\d+ \[",
    r"> Task :",
    r"(?:\[INFO\] )?-{3,8} [\w.:-]+ \(",
    r"make(?:\[\d+\])?: Entering directory",
    r"(?:Start-Date|Log started|Commandline): ",
    r"(?:collecting|collected) \d+ items?",
    r"(?:platform|rootdir|plugins|cachedir)(?: |: )",
    r"(?:\+{1,4}|\$) [\w./\"'\[-]",
    r"(?:PLAY|TASK|RUNNING HANDLER) (?:\[|RECAP)",
    r"Cloning into '",
    r"On branch ",
)
_RUNNER = _any_of(
    # Test runners.
    r"\S{1,300}::\S{1,300} (?:PASSED|FAILED|SKIPPED|ERROR|XFAIL|XPASS)",
    r"(?:PASSED|FAILED|SKIPPED|ERROR|XFAIL|XPASS|PASS|SKIP)\s+\S",
    r"\S{1,200}\.\w{1,5} [.FEsxX]{1,200}\s+\[\s{0,2}\d{1,3}%\]",
    r"[.FEsxX]{8,200}(?:\s+\[\s{0,2}\d{1,3}%\])?\s*$",
    r"\w{1,200} \([\w.]{1,200}\)(?: \.\.\.|\s*$)",
    r".{1,200} ?\.{3}\s{1,100}\[?"
    r"(?:ok|OK|skipped|SKIPPED|done|FAIL|ERROR|ignored|yes|no|\(cached\))\b",
    r"(?:=== (?:RUN|PAUSE|CONT|NAME)|\s{0,12}--- (?:PASS|FAIL|SKIP):) ",
    r"(?:ok|not ok) \d+\b",
    r"(?:ok|FAIL|\?)\s{1,4}\t\S",
    r"running \d+ tests?",
    r"(?:={60,80}|-{70})\s*$",
    r"\s{0,8}#\d{1,4} {1,2}\S.{0,200}[(:]",  # a frame of a stack
    r".{1,300}[ (]\d{1,6}(?:\.\d{1,6})? ?(?:[mnuµ]?s|sec(?:ond)?s?|min(?:ute)?s?)\)?\.?\s*$",
    r"\s{1,8}[✓✔√] ",
    # What a client of HTTP sends and gets.
    r"[<>] (?:[A-Z]{3,10} \S{1,300} HTTP/\d|HTTP/\d|[A-Za-z][\w-]{1,40}: )",
    r"[{}] \[\d{1,9} bytes data\]",
    r"(?:failures|stack backtrace):\s*$",
    # Builds.
    r"make(?:\[\d+\])?: ",
    r"(?:\S{0,80}/)?(?:[\w.+-]{1,40}-)?(?:gcc|g\+\+|cc|c\+\+|clang(?:\+\+)?|ld|ar"
    r"|ranlib|rustc|javac)(?:-\d+)? -",
    r"(?:libtool|checking|configure|config\.status|creating|copying|running|adding|writing|byte-compiling)"
    r"(?: |: )\S",
    r"\s{0,4}(?:CC|CXX|LD|AR|AS|GEN|LINK|HOSTCC|INSTALL|CCLD|CXXLD|MKDIR|RM)\s{1,10}\S",
    r"\[\s{0,3}\d{1,3}%\] ",
    r"\[\d{1,6}/\d{1,6}\] ",
    r"-- (?:Found|Looking|Check|Detecting|Performing|Configuring|Generating|Build|The"
    r"|Installing|Up-to-date)",
    r"\s{1,8}(?:Compiling|Checking|Downloaded|Downloading|Finished|Running|Updating|Fresh|Locking|Adding"
    r"|Installing|Blocking|Documenting|Doc-tests|Packaging|Verifying|Removing|Dirty) \S",
    r"In file included from ",
    r"[^\s:]{1,200}: In (?:member )?function ",
    r"Download(?:ing|ed) from \S+: http",
    # Packages.
    r"(?:Collecting|Using cached|Downloading|Requirement already satisfied:|Building wheels? for"
    r"|Created wheel for|Stored in directory:|Installing collected packages:|Attempting uninstall:"
    r"|Found existing installation:|Uninstalling|Successfully uninstalled|Preparing metadata"
    r"|Obtaining|Processing|Looking in (?:indexes|links):|Getting requirements) ?\S",
    r"\s{2,4}(?:Using cached|Downloading|Preparing metadata|Getting requirements|Installing build"
    r"|Building wheel|Created wheel|Stored in directory|Attempting uninstall|Found existing"
    r"|Uninstalling|Successfully uninstalled|Created temporary directory|Link requires|Found link"
    r"|Skipping link|Added )",
    r"(?:(?:Get|Hit|Ign|Err):\d+|Inst|Conf|Remv) \S",
    r"(?:Selecting previously|Preparing to unpack|Unpacking|Setting up|Processing triggers for"
    r"|Removing|Purging|Reading package lists|Building dependency tree|Reading state"
    r"|Extracting templates|Adding|Creating|Updating|update-\w+: using|\(Reading database) ?\S",
    r"npm (?:notice|http|verb(?:ose)?|info|silly?|timing)\b",
    r"(?:End-Date|Requested-By|Install|Reinstall|Upgrade|Downgrade|Remove|Purge|Log ended): \S",
    # Version control and containers.
    r"remote: ",
    r"(?:Enumerating|Counting|Compressing|Receiving|Writing|Resolving|Unpacking|Updating)"
    r" (?:objects|deltas|files):",
    r" [*+=!-] \[?\S.{0,80}\]? +\S+ +-> ",
    r"(?:From|To) (?:https?://|git@|ssh://|\.{0,2}/)",
    r" (?:create|delete) mode \d{6} ",
    r" rename \S.{0,300} \(\d+%\)",
    r"(?:\t| {4})(?:modified|deleted|new file|renamed|both modified): {1,12}\S",
    r"(?: ---> |Removing intermediate|Sending build context|Digest: |Status: )",
    r"[0-9a-f]{12}: (?:Pull|Push|Layer|Already|Waiting|Download|Verifying|Extracting|Preparing)",
    r"#\d+ (?:\d+\.\d+ |DONE|CACHED|sha256:|exporting|naming|resolve|extracting|transferring)",
    r"(?:##\[\w+\]|::\w+(?: [^:]{0,200})?::|section_(?:start|end):)",
    r"(?:ok|changed|skipping|fatal|failed|included): \[",
    # What programs call, and what interpreters do.
    r"(?:\[pid {1,8}\d+\] |\d{1,8} {1,4})?[a-z][a-z_\d]{1,40}\(.{0,300}(?:\) {1,40}= (?:-?\d|0x|\?)"
    r"| <unfinished \.\.\.>$)",
    r"(?:\[pid {1,8}\d+\] |\d{1,8} {1,4})?(?:<\.{3} \w{1,40} resumed>|\+{3} exited |--- SIG)",
    r"import (?:'[\w.]{1,200}'|[\w.]{1,200}) # \S",
    r"# (?:cleanup\[\d\]|destroy|code object|extension module|trying|\S{1,300} matches) \S",
)

_KNOWN = (
    (_FAILED, Form(LineKind.RUNNER, 3)),
    (_WARNED, Form(LineKind.RUNNER, 2)),
    (_BOUNDARY, Form(LineKind.BOUNDARY)),
    (_RUNNER, Form(LineKind.RUNNER, 1)),
)


def is_quoted(head: str) -> bool:
    """Whether the line that begins with `head` is source that a compiler quotes or points at."""
    return bool(_SOURCE.match(head)) and form_of(head).level < 3


def strip_colors(text: str) -> str:
    """Return `text` without terminal control sequences."""
    return _COLORS.sub("", text) if "\x1b" in text else text


@lru_cache(maxsize=1 << 12)
def form_of(head: str) -> Form:
    """Return the form of the line that begins with `head`, without colors."""
    if not head or head.isspace():
        return Form(LineKind.BLANK)
    stamp = _STAMP.match(head)
    if stamp:
        return _event(head, stamp)
    if head[0] not in " \t":
        opening = _OPENING_LEVEL.match(head)
        if opening:
            return Form(LineKind.EVENT, _LEVELS[opening[opening.lastindex or 0]], 0)
        letter = _LETTER.match(head)
        if letter:
            return Form(LineKind.EVENT, _KLOG[letter["a"] or letter["b"]], letter.end())
        if _FIELDS.match(head):
            return Form(LineKind.EVENT, _lower_level(head), 0)
    return _of_tool(head)


def _event(head: str, stamp: re.Match[str]) -> Form:
    """Return the form of a line that begins with a time; a mere table of numbers is no event."""
    body = stamp.end()
    rest = head[body : body + 120]
    if not any(map(str.isalpha, rest)):
        return Form(LineKind.OTHER)
    found = _LEVEL.search(rest)
    level = _LEVELS[found[1]] if found else _lower_level(rest)
    if level < 0 and head[0] in _KLOG and head[1:5].isdigit():
        level = _KLOG[head[0]]
    if level < 0 and (letter := _LETTER_AFTER.match(head, body)):
        level, body = _KLOG[letter["a"]], letter.end()
    if level < 0:
        access = _ACCESS.search(head, body) if '"' in head else None
        level = {"4": 2, "5": 3}.get(access[1], 1) if access else -1
    if level < 0 and _FAILED.match(head, body + 1):
        level = 3
    if level < 0 and (finding := _FINDING.match(head, body + 1)):
        level, body = 2, finding.end()
    return Form(LineKind.EVENT, level, body, len(stamp["before"] or ""))


def _lower_level(rest: str) -> int:
    found = _LOWER_LEVEL.search(rest)
    return _LEVELS[found[1].upper()] if found else -1


def _of_tool(head: str) -> Form:
    """Return the form of a line without time or level."""
    if _SUMMARY.match(head):
        return Form(LineKind.SUMMARY)
    diagnostic = None if head[0] in " \t" else _DIAGNOSTIC.match(head)
    if diagnostic:
        level = _DIAGNOSED.get(diagnostic[1].lower(), 3)
        return Form(LineKind.RUNNER, level, diagnostic.start(1))
    finding = _FINDING.match(head)
    if finding:
        return Form(LineKind.RUNNER, 2, finding.end())
    known = next((form for pattern, form in _KNOWN if pattern.match(head)), None)
    belongs = head[0] in " \t" or _QUOTED.match(head)
    tag = None if known or belongs else _TAG.match(head)
    if tag:
        return _tagged(tag.end(), form_of(head[tag.end() :]))
    return known or Form(LineKind.CONTINUED if belongs else LineKind.OTHER)


def _tagged(start: int, rest: Form) -> Form:
    """Return the form of a line that begins with the name of what writes it, up to `start`."""
    is_own = rest.kind in (LineKind.OTHER, LineKind.RUNNER)
    kind = LineKind.EVENT if is_own else rest.kind
    return Form(kind, rest.level, start + rest.body, start + rest.time)
