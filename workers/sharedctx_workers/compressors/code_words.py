"""What the first line of a statement says about it in most programming languages.

Words that define, import and control, and the few layouts that do so without a word.
"""

from __future__ import annotations

import re

__all__ = (
    "begins_block",
    "continues",
    "defines",
    "defines_inside",
    "is_attached",
    "is_callable",
    "is_command",
    "is_condition",
    "is_constant",
    "is_control",
    "is_data",
    "is_import",
    "is_label",
    "is_macro",
    "is_plain_import",
    "is_prose",
    "is_table",
    "is_variable",
    "opens",
)

_HEAD = 200
_MODIFIERS = (
    "public private protected internal static abstract final override open data sealed inline "
    "suspend async export default local pub virtual extern unsafe companion inner case lazy "
    "implicit mutating nonmutating fileprivate convenience required final native replace create or "
    "operator tailrec const foreign global reified nonisolated indirect objc unique temporary "
    "overriding external extend mutable pure elemental recursive"
).replace(" ", "|")
_TYPES = (
    "class interface struct enum trait impl object protocol extension module namespace defmodule "
    "defprotocol defimpl @interface @implementation @protocol record package actor union library "
    "contract instance table type view message service entity architecture component mixin newtype "
    "subtype annotation unit oneof"
).replace(" ", "|")
_FUNCTIONS = (
    "fun func function function! fn def defp def(?!ault|er\\b|inition)[\\w*-]+ cp?def sub "
    "proc procedure method init deinit constructor destructor subroutine let macro task "
    "trigger index typealias rule val var property typedef theorem lemma template iterator "
    "converter filter exception external rpc modifier event error @mixin @function "
    "add_\\w+(?=\\() option(?=\\() project(?=\\()"
).replace(" ", "|")
_LEAD = rf"\(?(?:@\w+(?:\([^()\n]{{0,80}}\))?\s+|(?:{_MODIFIERS})\b(?:\(\w*\))?\s+)*"
_TYPE = re.compile(
    rf"{_LEAD}(?:{_TYPES})\s+(?:body\s+|if not exists\s+)?([\w.:$\"'-]+)", re.IGNORECASE
)
_FUNCTION = re.compile(
    rf"{_LEAD}(?:{_FUNCTIONS})(?:\s+|(?=\())(?:rec\s+|inline\s+|<[^<>\n]{{0,80}}>\s*)?"
    r"(?:\([^()\n]{0,80}\)\s*)?([\w.:$!?*+/<>=\"'-]*)",
    re.IGNORECASE,
)
# `name = function(...)`, `TName = class(...)`: what is bound to a name is what the word says.
_ASSIGNED = re.compile(
    r"([\w.:$]{1,80}\*?)\s*(?:=|<-|:)\s*(?:async\s+)?(?:function|fn|proc|lambda)\b"
    r"|(?:pub\s+)?(?:const\s+)?(\w{1,80}\*?)\s*=\s*(?:(?:packed|extern|ref)\s+)?"
    r"(?:class|record|interface|object|struct|enum|union)\b"
)
# `name(...) -> ...`, `name(...) = ...`: all of a function on one line; `name :: type`.
_EQUATION = re.compile(
    r"([a-z_][\w.!']{0,80})(?:\([^\n]{0,160}\)[^\n=>]{0,80}?(?:->|=(?![=>~]))\s*\S| :: \S)"
)
# What stands inside a body and has one of its own: there `let` is a statement, and `f(x) {` a call.
_NESTED = re.compile(
    rf"\s*(?:{_LEAD}(?:{_TYPES}|fun|func|function!?|fn|defp?|sub|proc|procedure|method|macro|"
    rf"template|iterator)\s+[\w.:$]|{_ASSIGNED.pattern})"
)
_TABLE = re.compile(r"create\b[\w ]*\b(?:table|type)\b", re.IGNORECASE)
# The section of a component that holds its program.
_SCRIPT = re.compile(r"</?(script)\b[^<>]*>$")
# What is all of a function on one line.
_SHORT = re.compile(
    rf"\s*{_LEAD}(?:fun|func|function!?|fn|defp?|sub|proc|procedure|method) +[\w.:]+ ?\("
)
# Conditions of a preprocessor stand at the margin, whatever is around them.
_CONDITION = re.compile(r"#(?:if|ifn?def|el(?:se|if|seif)|endif|(?:end)?region|pragma)\b")
# What is written as in C: `type name(...)`. A word of a type and the blanks and stars after it;
# one way to match it only, so that it is fast.
_TYPE_MARK = r"[\w:<>*&\[\],~-]"
_TYPE_WORD = rf"{_TYPE_MARK}++ [ *&]*+"
_CALLABLE = re.compile(
    rf"(?![*&>,.:-])(?:{_TYPE_WORD}){{0,7}}(?:{_TYPE_WORD}|{_TYPE_MARK}+[*&])?"
    r"([\w:~.$]{1,80})\s*\("
    r"|[-+]\s*\([^()\n]{1,80}\)\s*(\w+)"
)
_METHOD = re.compile(r"[-+]\s*\([^()\n]{1,80}\)\s*\w+")
_PROTOTYPE = re.compile(r"[\w:<>*&\[\], ~]{0,120}[\w>*&] +[*&]*\w+\s*\(")
_CONTROL = re.compile(
    r"[^\w.#]*(?:(?:if|for|foreach|while|switch|else|elsif|elseif|elif|do|try|catch|return|case|"
    r"when|match|unless|with|loop|repeat|begin|until|guard|defer|assert|print|throw|raise|finally|"
    r"except|rescue|ensure|then|end)\b|$)"
)
_IMPORT = re.compile(
    r"(?:c?import|using|use|uses|-?include|require|open|from|package|library|source|alias|load|"
    r"pragma|find_package|#\s*(?:include|import)|#:use-module|`include|runtime!?|"
    r"@(?:import|use|forward|include(?= ?\"))|"
    r"-(?:module|export|include\w*|behaviou?r|import)|\\i|apply (?:plugin|from)|"
    r"\((?:in-package|ns|require|use-modules|import|load|use|:require|:import|:use))(?![\w-])"
    r"|with [\w.]+(?:, *[\w.]+)*;"
    r"|(?:pub )?(?:local |const |let |var |my )?[\w{}, .]{1,160}:?= ?(?:await )?"
    r"@?(?:require|import)\b ?[(\"']"
)
# What needs no word around it to be an import wherever it stands.
_PLAIN_IMPORT = re.compile(
    r"(?:require|use) +[A-Z]\w*(?:::\w+)+[^()]*;|require ?\(?[\"'][\w./-]+[\"']"
    r"|from [\w.]+ import |import [\w.]+;?$"
    r"|#\s*(?:include|import)\b|(?:local |const |let |var |my )?[\w{}, .]{1,160}:?= ?(?:await )?"
    r"@?(?:require|import)\b ?[(\"']"
)
# `public:`, `private slots:`: what members are, until the next one says so.
_LABEL = re.compile(r"(?:strict )?(?:public|private|protected|published)(?: \w+)?:?$")
_MACRO = re.compile(r"#\s*define \w|-(?:define|record|type|opaque)\b")
_CONSTANT = re.compile(
    rf"{_MACRO.pattern}|(?:"
    r"(?:[\w<>\[\]]+ ){0,6}const(?:ant|expr)?|(?:static |pub )?let)\s*\w"
    r"|(?:[\w:<>\[\]*&.$@]+ ){0,6}[A-Z][A-Z0-9_]+\b[^=\n(]{0,80}="
)
_CONTINUES = re.compile(
    r"[})\]]|(?:end\w*|else|elif|elsif|elseif|catch|rescue|ensure|except|finally|until|where|begin|"
    r"then|do|done|var)\b|\{\s*$",
    re.IGNORECASE,
)
_OPENS = re.compile(r"(?:\{|begin|do|then|var|where)\s*$", re.IGNORECASE)
_DATA = re.compile(r"[\w.:$@%\[\]\"' -]{1,120}(?:=|<-)\s*(?:[\[({][^=]*)?$")
_COMMAND = re.compile(
    r"\s*(?:[\w.:$@>-]{1,80} ?(?:[({\[]|=(?!>))|(?<=\s)[\w-]{1,80}\s*:.*;$|[})\]]"
    r"|(?:if|else|for|while|end\w*)\b)"
)
_VARIABLE = re.compile(r"\s*(?:\[[\w.]+\])?\$[\w:]+(?:\.\w+)* *[-+.]?=(?!=)")
_FORM = re.compile(r"\([\w-]+")
# Words only, or several in a row and no end as of a statement.
_PROSE = re.compile(
    r"(?!.*(?:\w\([^()\n]*, |\b[A-Z]{2,} [A-Z]{3,}\b))"
    r"\s*[\"'(]?\w[\w'’,-]*(?: [\w'’(),.:;-]+){5,}[.,:;?!]?\s*$(?<![;)])"
    r"|.*(?: [a-z'’]+,?){5}(?!.*[;{}()\[\],=>|&\\\"'>]\s*$)"
)


def defines(line: str) -> tuple[str, str]:
    """Return what a line defines, ``type`` or ``function``, and its name; empty for neither."""
    head = line[:_HEAD]
    for kind, pattern in (
        ("type", _TYPE),
        ("type", _SCRIPT),
        ("function", _FUNCTION),
        ("function", _ASSIGNED),
        ("function", _EQUATION),
    ):
        found = pattern.match(head)
        if found:
            return kind, next(filter(None, found.groups()), "")
    return "", ""


def defines_inside(line: str, *, has_body: bool) -> bool:
    """Whether a line in a body defines something, with a body of its own or without one."""
    return (_NESTED if has_body else _SHORT).match(line) is not None


def is_import(line: str) -> bool:
    """Whether a line names what is used from elsewhere."""
    return _IMPORT.match(line) is not None


def is_plain_import(line: str) -> bool:
    """Whether a line can be nothing but an import, even in the body of a function."""
    return _PLAIN_IMPORT.match(line) is not None


def is_label(line: str) -> bool:
    """Whether a line says who may use the members of a type that follow it."""
    return _LABEL.match(line) is not None


def is_attached(line: str) -> bool:
    """Whether a line says something about what follows it: an attribute, or a label."""
    is_attribute = line.startswith(("@", "[", "#[")) and not line.endswith((";", "end"))
    return is_attribute or is_label(line)


def is_constant(line: str) -> bool:
    """Whether a line binds a constant."""
    return _CONSTANT.match(line[:_HEAD]) is not None


def is_macro(line: str) -> bool:
    """Whether a line defines what a preprocessor puts in place of a name."""
    return _MACRO.match(line) is not None


def is_command(line: str) -> bool:
    """Whether a line begins as a call, an assignment, a property or the end of a block does."""
    return _COMMAND.match(line) is not None


def is_control(line: str) -> bool:
    """Whether a statement that begins with this line decides, repeats, or ends something."""
    return _CONTROL.match(line) is not None


def is_condition(line: str) -> bool:
    """Whether a line is a condition of a preprocessor."""
    return _CONDITION.match(line) is not None


def is_data(line: str) -> bool:
    """Whether a statement that begins with this line binds a value of several lines."""
    return _DATA.match(line) is not None


def is_prose(line: str) -> bool:
    """Whether a line reads like one of a sentence."""
    return _PROSE.match(line) is not None


def is_table(line: str) -> bool:
    """Whether what a line defines has its members between round brackets."""
    return _TABLE.match(line) is not None


def is_variable(line: str) -> bool:
    """Whether a line binds a variable whose mark says that it is one."""
    return _VARIABLE.match(line) is not None


def opens(line: str) -> bool:
    """Whether a line only opens a block."""
    return _OPENS.match(line) is not None


def continues(line: str) -> bool:
    """Whether a line goes on with a statement after a block in it."""
    return _CONTINUES.match(line) is not None


def begins_block(line: str) -> bool:
    """Whether a line looks like the first of something at the margin that has a body."""
    if not line or line[0].isspace() or is_control(line):
        return False
    end = line.rstrip()
    if end.endswith(("{", "->")) or _METHOD.match(line):
        return True
    if _FORM.match(end):
        return end.count("(") > end.count(")")
    return end.endswith("()") and is_callable(line, line, line, 1)


def is_callable(line: str, last: str, source: str, blocks: int) -> bool:
    """Whether a statement without a keyword defines or declares what can be called.

    Args:
        line: Its first line.
        last: The last line before its blocks.
        source: All of it.
        blocks: How many blocks of deeper lines it has.
    """
    if is_control(line) or not _CALLABLE.match(line[:_HEAD]):
        return False
    if _METHOD.match(line) or (source.endswith(";") and _PROTOTYPE.match(line[:_HEAD])):
        return True
    is_open = last == line and line.count("(") > line.count(")")
    if not blocks or is_open or "= " in line.partition("(")[0]:
        return False
    # What opens with a list of arguments, and nothing after it, is a call.
    return last.rstrip().endswith(("{", "->", ")", ":", "=")) or (last != line and blocks > 0)
