"""Definitions, signatures and imports of source code, read with tree-sitter for the probes alone.

Node types of all grammars stand in one table: the same word means the same in each of them.
"""

from __future__ import annotations

import functools
import importlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from tree_sitter import Language, Node, Parser

from tests.benchmarks.compression.probes.view import plain

__all__ = ("Definition", "Outline", "language_of", "outline")


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


_GRAMMARS: Final = {
    "python": ("tree_sitter_python", "language"),
    "javascript": ("tree_sitter_javascript", "language"),
    "typescript": ("tree_sitter_typescript", "language_typescript"),
    "tsx": ("tree_sitter_typescript", "language_tsx"),
    "go": ("tree_sitter_go", "language"),
    "rust": ("tree_sitter_rust", "language"),
    "java": ("tree_sitter_java", "language"),
    "c": ("tree_sitter_c", "language"),
    "cpp": ("tree_sitter_cpp", "language"),
    "csharp": ("tree_sitter_c_sharp", "language"),
    "ruby": ("tree_sitter_ruby", "language"),
    "php": ("tree_sitter_php", "language_php"),
    "bash": ("tree_sitter_bash", "language"),
}
_ENDINGS: Final = {
    **dict.fromkeys(("py", "pyi", "pyw"), "python"),
    **dict.fromkeys(("js", "mjs", "cjs", "jsx"), "javascript"),
    **dict.fromkeys(("ts", "mts", "cts"), "typescript"),
    "tsx": "tsx",
    "go": "go",
    "rs": "rust",
    "java": "java",
    "c": "c",
    **dict.fromkeys(("h", "hpp", "hh", "hxx", "cc", "cpp", "cxx", "c++"), "cpp"),
    **dict.fromkeys(("cs", "c#"), "csharp"),
    "rb": "ruby",
    "php": "php",
    **dict.fromkeys(("sh", "bash", "shell", "zsh", "console"), "bash"),
}
_FUNCTIONS = _set(
    "function_definition function_declaration generator_function_declaration "
    "method_definition method_declaration constructor_declaration function_item "
    "function_signature_item method singleton_method function_signature "
    "abstract_method_signature method_signature method_elem method_spec preproc_function_def "
    "delegate_declaration local_function_statement destructor_declaration "
    "operator_declaration compact_constructor_declaration annotation_type_element_declaration"
)
_TYPES = _set(
    "class_definition class_declaration abstract_class_declaration interface_declaration "
    "type_alias_declaration enum_declaration internal_module module type_spec type_alias "
    "struct_item enum_item union_item trait_item mod_item type_item record_declaration "
    "annotation_type_declaration struct_specifier enum_specifier class_specifier "
    "union_specifier namespace_definition namespace_declaration struct_declaration class "
    "trait_declaration type_definition alias_declaration type_alias_statement "
    "macro_definition record_struct_declaration concept_definition"
)
_IMPORTS = _set(
    "import_statement import_from_statement future_import_statement import_spec "
    "use_declaration import_declaration preproc_include using_directive "
    "namespace_use_declaration extern_crate_declaration using_declaration package_clause "
    "package_declaration"
)
_CONSTANTS = _set(
    "assignment variable_declarator const_spec var_spec const_item static_item preproc_def "
    "const_element init_declarator variable_assignment property_declaration "
    "public_field_definition field_definition"
)
_FUNCTION_VALUES = _set("variable_declarator assignment_expression pair field_definition")
_FIELDS = _set("field_declaration public_field_definition field_definition")
_BODIES_ONLY = _set("struct_specifier enum_specifier class_specifier union_specifier")
_NAMES = re.compile(r"[\w$]+[?!=]?")
_WORD = re.compile(r"[\w$@./-]+")
_FENCE_SAME = frozenset(_GRAMMARS)


@dataclass(frozen=True, slots=True)
class Definition:
    """Something with a name.

    Attributes:
        name: Its name.
        keyword: The word before the name, such as ``def`` or the type that a C function returns.
        parameters: Names of the parameters, if it is a function.
        length: Number of characters of name and parameters in the original.
        local: Whether it is defined inside a function.
        constant: Whether it is a constant or variable.
    """

    name: str
    keyword: str = ""
    parameters: tuple[str, ...] = ()
    length: int = 0
    local: bool = False
    constant: bool = False


@dataclass(slots=True)
class Outline:
    """What source code defines and imports; an import is the list of its words."""

    definitions: list[Definition] = field(default_factory=list)
    imports: list[tuple[str, ...]] = field(default_factory=list)


def language_of(hint: str) -> str | None:
    """Return the language that a file name or the mark of a fence hints at."""
    ending = hint.strip().lower().rpartition(".")[2]
    return ending if ending in _FENCE_SAME else _ENDINGS.get(ending)


@functools.cache
def _parser(language: str) -> Parser:
    module, function = _GRAMMARS[language]
    return Parser(Language(getattr(importlib.import_module(module), function)()))


def outline(text: str, language: str) -> Outline:
    """Return the definitions and imports of `text`."""
    tree = _parser(language).parse(text.encode(errors="replace"))
    found = Outline()
    pending: list[tuple[Node, bool]] = [(tree.root_node, False)]
    while pending:
        node, local = pending.pop()
        inner = local
        if node.is_named and (node.type in _IMPORTS or _is_other_import(node)):
            if not local:
                found.imports.append(tuple(_WORD.findall(plain(_text(node)))))
            if node.type != "import_declaration" or language != "go":
                continue
            found.imports.pop()
        elif node.is_named:
            for definition in _definitions(node, local=local):
                found.definitions.append(definition)
                inner = local or node.type in _FUNCTIONS
        pending += [(child, inner) for child in reversed(node.children)]
    return found


def _text(node: Node) -> str:
    return node.text.decode(errors="replace") if node.text else ""


def _is_other_import(node: Node) -> bool:
    """Return whether `node` is what Ruby has for an import, or exports what another file has."""
    if node.type == "export_statement":
        return node.child_by_field_name("source") is not None
    method = node.child_by_field_name("method") if node.type == "call" else None
    return method is not None and _text(method) in ("require", "require_relative")


def _definitions(node: Node, *, local: bool) -> Iterator[Definition]:
    """Yield what `node` defines."""
    if node.type in _FUNCTIONS:
        yield from _function(node, local=local)
    elif node.type in _TYPES:
        if node.type in _BODIES_ONLY and node.child_by_field_name("body") is None:
            return
        name = node.child_by_field_name("name") or node.child_by_field_name("declarator")
        inner = name.child_by_field_name("declarator") if name is not None else None
        while inner is not None or (name is not None and name.type == "parenthesized_declarator"):
            assert name is not None
            name = inner or next(iter(name.named_children), None)
            inner = name.child_by_field_name("declarator") if name is not None else None
        if name is not None and (found := _NAMES.findall(plain(_text(name)))):
            keyword = _before(node, name) if len(found) == 1 else ""
            yield Definition(found[-1], keyword, local=local)
    elif node.type in ("declaration", "field_declaration") and not local:
        yield from _prototypes(node)
    elif node.type in _FUNCTION_VALUES:
        yield from _function_value(node, local=local)
    elif node.type in _CONSTANTS and not local:
        yield from _constants(node)


def _function(node: Node, *, local: bool) -> Iterator[Definition]:
    name = node.child_by_field_name("name")
    parameters = node.child_by_field_name("parameters")
    if name is None:
        declarator = _function_declarator(node)
        if declarator is None:
            return
        name = declarator.child_by_field_name("declarator")
        parameters = declarator.child_by_field_name("parameters")
    if name is None or not (found := _NAMES.findall(plain(_text(name)))):
        return
    end = parameters.end_byte if parameters else name.end_byte
    yield Definition(
        found[-1],
        _before(node, name),
        tuple(_parameter_names(parameters)) if parameters else (),
        end - name.start_byte,
        local,
    )


def _function_declarator(node: Node) -> Node | None:
    """Return the declarator of a C function, below what makes its result a pointer."""
    found = node.child_by_field_name("declarator")
    while found is not None and found.type != "function_declarator":
        found = found.child_by_field_name("declarator") or next(
            (child for child in found.named_children if child.type.endswith("declarator")), None
        )
    return found


def _prototypes(node: Node) -> Iterator[Definition]:
    """Yield the functions that a C declaration declares without bodies."""
    declarator = _function_declarator(node)
    if declarator is None:
        return
    name = declarator.child_by_field_name("declarator")
    parameters = declarator.child_by_field_name("parameters")
    if name is not None and name.type.endswith("identifier") and parameters is not None:
        yield Definition(
            _text(name).rpartition("::")[2],
            "",
            tuple(_parameter_names(parameters)),
            parameters.end_byte - name.start_byte,
        )


def _function_value(node: Node, *, local: bool) -> Iterator[Definition]:
    """Yield the function that a variable, property or member of an object is given."""
    value = node.child_by_field_name("value") or node.child_by_field_name("right")
    parameters = value.child_by_field_name("parameters") if value else None
    names = [node.child_by_field_name(label) for label in ("name", "left", "key", "property")]
    found = _NAMES.findall(_text(next(filter(None, names), node)))
    if parameters is not None and found:
        start = next(filter(None, names), node).start_byte
        length = parameters.end_byte - start
        yield Definition(found[-1], "", tuple(_parameter_names(parameters)), length, local)
    elif not local and node.type not in ("assignment_expression", "pair"):
        yield from _constants(node)


def _constants(node: Node) -> Iterator[Definition]:
    """Yield the names that an assignment or declaration at the top of a file or class gives."""
    name = (
        node.child_by_field_name("name")
        or node.child_by_field_name("left")
        or node.child_by_field_name("declarator")
        or node.child_by_field_name("property")
        or next((child for child in node.named_children if child.type == "name"), None)
    )
    guard = node.type == "preproc_def" and node.child_by_field_name("value") is None
    if name is None or guard or not _is_constant(node) or not _at_top(node):
        return
    found = _NAMES.fullmatch(_text(name).lstrip("*& ").partition("[")[0])
    if found:
        yield Definition(found[0], constant=True)


def _is_constant(node: Node) -> bool:
    """Return whether a field of a class is the same for all objects; other nodes always are."""
    field_node = node if node.type in _FIELDS else node.parent
    while field_node is not None and field_node.type == "variable_declaration":
        field_node = field_node.parent
    if field_node is None or field_node.type not in _FIELDS:
        return True
    return re.search(r"\b(?:static|final|const|readonly)\b", _text(field_node)[:200]) is not None


_ABOVE = _set(
    "module program translation_unit source_file compilation_unit export_statement "
    "lexical_declaration variable_declaration expression_statement block class_body "
    "body_statement class_definition class_declaration declaration const_declaration "
    "var_declaration class var_spec_list declaration_list linkage_specification preproc_ifdef "
    "preproc_if preproc_else namespace_definition field_declaration_list mod_item impl_item "
    "trait_item abstract_class_declaration decorated_definition namespace_declaration "
    "program_body field_declaration preproc_elif const_element enum_declaration"
)


def _at_top(node: Node) -> bool:
    """Return whether nothing but modules, classes and declarations lies around `node`."""
    parent = node.parent
    while parent is not None:
        if parent.type not in _ABOVE:
            return False
        parent = parent.parent
    return True


def _before(node: Node, name: Node) -> str:
    """Return the word right before `name` in `node`, such as ``class``."""
    head = _text(node)[: max(0, name.start_byte - node.start_byte)]
    words = re.search(r"([A-Za-z_]\w*)\s+$", head)
    return words[1] if words else ""


def _parameter_names(parameters: Node) -> Iterator[str]:
    for child in parameters.named_children:
        if "comment" in child.type or "attribute" in child.type:
            continue
        names = child.children_by_field_name("name") or [child]
        for name in names:
            if found := _first_name(name):
                yield found


def _first_name(node: Node) -> str:
    """Return the name of a parameter, below its type, default and modifiers."""
    if not node.named_children:
        is_name = node.type.endswith(("identifier", "identifier_pattern", "variable_name"))
        is_type = node.type.endswith("type_identifier")
        return _text(node) if is_name and not is_type else ""
    for label in ("name", "pattern", "left", "declarator"):
        inner = node.child_by_field_name(label)
        if inner is not None:
            return _first_name(inner)
    if node.type in ("variable_name", "identifier"):
        return _text(node).lstrip("$")
    for child in node.named_children:
        if "type" not in child.type and (found := _first_name(child)):
            return found
    return ""
