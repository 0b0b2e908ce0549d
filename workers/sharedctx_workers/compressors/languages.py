"""The programming languages that are read by parsing, and what their grammars call things.

A language here is a table: which nodes define something, which hold bodies, which are comments. The
rest of the code compressor knows nodes only through it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from tree_sitter import Language as Grammar

from sharedctx.segments import NoteStyle

__all__ = ("LANGUAGES", "Language", "grammar")

_HASH = NoteStyle("# ", "", implied=("line",))
_SLASH = NoteStyle("/* ", " */", implied=("line",))


@dataclass(frozen=True, slots=True)
class Language:
    """What the code compressor has to know about a language; node types are its grammar's.

    Attributes:
        name: Its name, lower case.
        grammar: Module and function that hold the grammar.
        tells: Matches lines that are common in it and rare elsewhere. Only for the order of trial.
        functions: Nodes that define something with a body to run.
        types: Nodes that define something with members: classes, interfaces, name spaces.
        groups: What holds others under a heading and defines nothing by a word: rules, targets.
        anonymous: Functions without a name.
        bodies: Nodes that hold statements or members.
        data: Nodes that hold values: lists, tables.
        imports: Nodes that name what is used from elsewhere.
        comments: Comments.
        transparent: Nodes whose children are statements of what is around them.
        calls: Nodes that call something.
        throws: Nodes that raise an error.
        attached: Nodes that belong to the statement after them.
        signatures: Nodes that declare something without a body.
        constants: Nodes that bind names for good: constants whatever their names, aliases of types.
        style: How to write a note.
        placeholder: What a body must hold at least.
        macros: Matches what a preprocessor drops where it confuses the grammar, as a group.
        strange: Matches more that the grammar may not know, as a group. It is written over where
            less is damaged then.
        tolerance: Share of characters that may fail to parse: macros are beyond any grammar.
    """

    name: str
    grammar: tuple[str, str]
    tells: re.Pattern[str]
    functions: frozenset[str]
    types: frozenset[str]
    bodies: frozenset[str]
    imports: frozenset[str]
    calls: frozenset[str]
    throws: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    anonymous: frozenset[str] = frozenset()
    data: frozenset[str] = frozenset()
    comments: frozenset[str] = frozenset(("comment",))
    transparent: frozenset[str] = frozenset()
    attached: frozenset[str] = frozenset()
    signatures: frozenset[str] = frozenset()
    constants: frozenset[str] = frozenset()
    style: NoteStyle = _SLASH
    placeholder: str = ""
    macros: re.Pattern[str] | None = None
    strange: re.Pattern[str] | None = None
    tolerance: float = 0.03


def _tells(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"^[ \t]{{0,16}}+(?:{pattern})", re.MULTILINE)


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


@cache
def grammar(language: Language) -> Grammar:
    """Return the grammar of `language`, loading it on first use."""
    module, function = language.grammar
    return Grammar(getattr(import_module(module), function)())


_PYTHON = Language(
    name="python",
    grammar=("tree_sitter_python", "language"),
    tells=_tells(
        r"(?:async )?def \w+\(|class \w+.*:|from [\w.]+ import |import \w|@\w|elif .*:"
        r"|(?:if|for|while|with|try|except|else|finally)\b.*:$|self\.\w|raise [A-Z]"
    ),
    functions=_set("function_definition"),
    types=_set("class_definition type_alias_statement"),
    anonymous=_set("lambda"),
    bodies=_set("block"),
    data=_set("dictionary list set tuple argument_list parenthesized_expression"),
    imports=_set("import_statement import_from_statement future_import_statement"),
    calls=_set("call"),
    throws=_set("raise_statement"),
    style=_HASH,
    placeholder="...",
)
_JAVASCRIPT_TELLS = (
    r"(?:export |async )*function\b|import\b.*\bfrom ?['\"]|(?:const|let|var) [\w{[]"
    r"|export\b(?! (?:declare|type|interface|enum|abstract)\b)"
    r"|.*=> ?\{|class \w+.*\{|module\.exports|['\"]use strict"
)
_JAVASCRIPT = Language(
    name="javascript",
    grammar=("tree_sitter_javascript", "language"),
    tells=_tells(_JAVASCRIPT_TELLS),
    functions=_set(
        "function_declaration generator_function_declaration method_definition "
        "variable_declarator assignment_expression pair field_definition"
    ),
    types=_set("class_declaration class"),
    anonymous=_set("function_expression arrow_function generator_function"),
    bodies=_set("statement_block class_body switch_body class_static_block"),
    data=_set("object array template_string"),
    imports=_set("import_statement"),
    calls=_set("call_expression new_expression"),
    throws=_set("throw_statement"),
)
# `import("module").Type`, `<in out T extends ...>`
_TYPESCRIPT_STRANGE = re.compile(
    r"""(import\((?:"[^"\n]*"|'[^'\n]*')\)\.)(?=[A-Za-z_$])|[<,]\s*((?:in |out )+)(?=[A-Z])"""
)
_TYPESCRIPT = Language(
    name="typescript",
    grammar=("tree_sitter_typescript", "language_typescript"),
    tells=_tells(
        rf"{_JAVASCRIPT_TELLS}|(?:export |declare )*(?:interface|type|enum) \w"
        r"|(?:public|private|protected|readonly) \w"
        r"|(?:static |async )*\w+<[^()\n]*>\(\w+\??: "
        r"|(?:static |readonly |get |set )*[\w?]+(?:\([^()\n]*\))?: "
        r"(?:[A-Z]\w|string|number|boolean|void|any\b|unknown)[^\n]*;$"
    ),
    functions=_JAVASCRIPT.functions - _set("field_definition")
    | _set("function_signature abstract_method_signature public_field_definition"),
    types=_set(
        "class_declaration class abstract_class_declaration interface_declaration "
        "enum_declaration type_alias_declaration internal_module module"
    ),
    anonymous=_JAVASCRIPT.anonymous,
    bodies=_JAVASCRIPT.bodies | _set("interface_body enum_body object_type"),
    data=_JAVASCRIPT.data,
    imports=_JAVASCRIPT.imports,
    calls=_JAVASCRIPT.calls,
    throws=_JAVASCRIPT.throws,
    attached=_set("decorator"),
    signatures=_set("method_signature call_signature construct_signature property_signature"),
    strange=_TYPESCRIPT_STRANGE,
)
_TSX = Language(
    name="tsx",
    grammar=("tree_sitter_typescript", "language_tsx"),
    tells=_TYPESCRIPT.tells,
    functions=_TYPESCRIPT.functions,
    types=_TYPESCRIPT.types,
    anonymous=_TYPESCRIPT.anonymous,
    bodies=_TYPESCRIPT.bodies,
    data=_TYPESCRIPT.data,
    imports=_TYPESCRIPT.imports,
    calls=_TYPESCRIPT.calls,
    throws=_TYPESCRIPT.throws,
    attached=_TYPESCRIPT.attached,
    signatures=_TYPESCRIPT.signatures,
    strange=_TYPESCRIPT.strange,
)
_GO = Language(
    name="go",
    grammar=("tree_sitter_go", "language"),
    tells=_tells(
        r"package \w+$|func [\w(]|import [(\"]|(?:const|var) \($|type \w+ (?:struct|interface)"
        r"|[\w, ]{1,60} := \S"
    ),
    functions=_set("function_declaration method_declaration"),
    types=_set("type_spec type_alias"),
    anonymous=_set("func_literal"),
    bodies=_set("block field_declaration_list interface_type"),
    data=_set("literal_value"),
    imports=_set("package_clause import_declaration"),
    calls=_set("call_expression"),
    transparent=_set("statement_list"),
    signatures=_set("method_elem"),
    constants=_set("const_declaration var_declaration"),
)
_RUST = Language(
    name="rust",
    grammar=("tree_sitter_rust", "language"),
    tells=_tells(
        r"(?:pub(?:\(\w+\))? )?(?:(?:async |const |unsafe )*fn|struct|enum|trait|mod) \w|use [\w:]+"
        r"|impl\b|#!?\[|let (?:mut )?\w|(?:pub )?(?:const|static) (?:mut )?[A-Z]\w*: "
    ),
    functions=_set("function_item function_signature_item macro_definition"),
    types=_set("struct_item enum_item union_item trait_item mod_item type_item impl_item"),
    anonymous=_set("closure_expression"),
    bodies=_set("block declaration_list field_declaration_list enum_variant_list match_block"),
    data=_set("array_expression"),
    imports=_set("use_declaration extern_crate_declaration"),
    calls=_set("call_expression macro_invocation"),
    comments=_set("line_comment block_comment"),
    attached=_set("attribute_item"),
    constants=_set("const_item static_item"),
)
_JAVA = Language(
    name="java",
    grammar=("tree_sitter_java", "language"),
    tells=_tells(
        r"package [\w.]+;|import [\w.*]+;|(?:public|private|protected|static|final|abstract) \w|@\w"
    ),
    functions=_set("method_declaration constructor_declaration compact_constructor_declaration"),
    types=_set(
        "class_declaration interface_declaration enum_declaration record_declaration "
        "annotation_type_declaration"
    ),
    anonymous=_set("lambda_expression"),
    bodies=_set(
        "block constructor_body class_body interface_body enum_body annotation_type_body "
        "switch_block"
    ),
    data=_set("array_initializer argument_list"),
    imports=_set("package_declaration import_declaration"),
    calls=_set("method_invocation object_creation_expression"),
    throws=_set("throw_statement"),
    comments=_set("line_comment block_comment"),
    transparent=_set("enum_body_declarations"),
    constants=_set("enum_constant"),
)
_C_TELLS = (
    r"#(?:include|define|ifn?def|endif|pragma)\b|(?:static|extern|typedef|struct|enum) \w"
    r"|(?:int|void|char|long|unsigned|float|double|size_t)[ *]+\w+ ?\("
)
# What the preprocessor replaces in a declaration: questions of its conditions, lines that are no
# more than a macro, words before a type and its name, and after parameters and enumerators. What is
# matched without a group, the rest of its own lines, stays.
_PART = r"(?:[^();{}]|\([^();{}]*\))"
_ARGUMENTS = rf"(?:[ \t]*\((?:[^();{{}}]|\({_PART}*\))*\))"
_MACRO = r"[A-Z][A-Z0-9_]{3,}"
_C_STRANGE = re.compile(
    r"^[ \t]*#[ \t]*(?:el)?if[ \t]+!?__has_include[ \t]*(\([^()\n]*\))"
    r"|^[ \t]*#(?:[^\\\n]|\\(?:\r?\n|.))*+"
    rf"|^[ \t]*({_MACRO}[ \t]*:|{_MACRO}{_ARGUMENTS})[ \t]*$(?!\s*[,{{)\"=;|&+])"
    rf"|^[ \t]*({_MACRO}|__[A-Z_]{{3,}})[ \t]*$(?!\s*[,{{)}}\"=;|&+])"
    rf"|\b((?:{_MACRO}|__[a-z]+){_ARGUMENTS}?)(?=\s+(?:\w+[ \t]+){{1,3}}[*&]*\w)"
    rf"|\b((?:{_MACRO}[ \t]+)?{_MACRO}{_ARGUMENTS})(?=\s+\w+[ \t]*\()"
    rf"|\)((?:\s+(?:{_MACRO}|__\w+){_ARGUMENTS}?)+)(?=\s*[;{{])"
    rf"|\w[ \t]+({_MACRO}{_ARGUMENTS})(?=\s*[,=])",
    re.MULTILINE,
)
_C = Language(
    name="c",
    grammar=("tree_sitter_c", "language"),
    tells=_tells(_C_TELLS),
    functions=_set("function_definition preproc_function_def"),
    types=_set("struct_specifier union_specifier enum_specifier"),
    bodies=_set("compound_statement field_declaration_list enumerator_list declaration_list"),
    data=_set("initializer_list"),
    imports=_set("preproc_include"),
    calls=_set("call_expression"),
    transparent=_set(
        "preproc_ifdef preproc_if preproc_else preproc_elif preproc_elifdef linkage_specification"
    ),
    signatures=_set("declaration field_declaration type_definition"),
    constants=_set("preproc_def type_definition"),
    strange=_C_STRANGE,
    tolerance=0.08,
)
_CPP = Language(
    name="cpp",
    grammar=("tree_sitter_cpp", "language"),
    tells=_tells(
        rf"{_C_TELLS}|namespace\b|template ?<|class \w|using \w|(?:public|private):"
        r"|.*\w::\w"
    ),
    functions=_C.functions,
    types=_C.types | _set("class_specifier namespace_definition alias_declaration"),
    anonymous=_set("lambda_expression"),
    bodies=_C.bodies,
    data=_C.data,
    imports=_C.imports | _set("using_declaration"),
    calls=_C.calls,
    throws=_set("throw_statement"),
    transparent=_C.transparent,
    signatures=_C.signatures | _set("template_declaration"),
    constants=_C.constants,
    # `class EXPORTED Name {`, `public SLOTS:`
    macros=re.compile(
        r"\b(?:class|struct)\s+([A-Z][A-Z0-9_]{2,})(?=\s+\w+\s*(?:final\s*)?[:{])"
        r"|^[ \t]*(?:public|protected|private)[ \t]+([A-Z_]{2,}|slots)(?=[ \t]*:)",
        re.MULTILINE,
    ),
    strange=_C.strange,
    tolerance=_C.tolerance,
)
_C_SHARP = Language(
    name="csharp",
    grammar=("tree_sitter_c_sharp", "language"),
    tells=_tells(
        r"using [\w.= ]+;|namespace [\w.]+|\[\w+.*\]$|(?:public|private|protected|internal) \w"
    ),
    functions=_set(
        "method_declaration constructor_declaration destructor_declaration property_declaration "
        "operator_declaration indexer_declaration local_function_statement delegate_declaration"
    ),
    types=_set(
        "class_declaration struct_declaration interface_declaration record_declaration "
        "enum_declaration namespace_declaration file_scoped_namespace_declaration"
    ),
    anonymous=_set("lambda_expression anonymous_method_expression"),
    bodies=_set("block declaration_list enum_member_declaration_list accessor_list switch_body"),
    data=_set("initializer_expression argument_list"),
    imports=_set("using_directive extern_alias_directive"),
    calls=_set("invocation_expression object_creation_expression"),
    throws=_set("throw_statement throw_expression"),
    transparent=_set("preproc_if preproc_else preproc_elif"),
)
_RUBY = Language(
    name="ruby",
    grammar=("tree_sitter_ruby", "language"),
    tells=_tells(
        r"def [\w.?!=]+|class [A-Z]|module [A-Z]|require(?:_relative)? ['\"]|end$|attr_\w+ :"
    ),
    functions=_set("method singleton_method"),
    types=_set("class module"),
    anonymous=_set("do_block block lambda"),
    bodies=_set("body_statement"),
    data=_set("hash array"),
    imports=frozenset(),
    calls=_set("call"),
    style=_HASH,
)
_PHP = Language(
    name="php",
    grammar=("tree_sitter_php", "language_php"),
    tells=_tells(r"<\?php|<\?="),
    functions=_set("function_definition method_declaration"),
    types=_set("class_declaration interface_declaration trait_declaration enum_declaration"),
    anonymous=_set("anonymous_function arrow_function"),
    bodies=_set("compound_statement declaration_list enum_declaration_list switch_block"),
    data=_set("array_creation_expression"),
    imports=_set("php_tag namespace_use_declaration namespace_definition use_declaration"),
    constants=_set("const_declaration"),
    calls=_set(
        "function_call_expression member_call_expression scoped_call_expression "
        "object_creation_expression"
    ),
    throws=_set("throw_expression"),
)
_BASH = Language(
    name="bash",
    grammar=("tree_sitter_bash", "language"),
    tells=_tells(
        r"#! ?/\S*(?:sh|env \w*sh)\b|(?:function )?[\w-]+ ?\(\) ?\{|fi$|done$|esac$|then$"
        r"|set -[a-z]|\w+=[\"'$(\w]|echo |local \w|exit \d|[^;\n]*; ?(?:then|do)$|[\w*|-]+\)$"
    ),
    functions=_set("function_definition"),
    types=frozenset(),
    bodies=_set("compound_statement do_group"),
    data=_set("array"),
    imports=frozenset(),
    calls=_set("command"),
    constants=_set("variable_assignment declaration_command"),
    style=_HASH,
    placeholder=":",
)

LANGUAGES: Mapping[str, Language] = {
    language.name: language
    for language in (
        *(_PYTHON, _JAVASCRIPT, _TYPESCRIPT, _TSX, _GO, _RUST, _JAVA),
        *(_C, _CPP, _C_SHARP, _RUBY, _PHP, _BASH),
    )
}
"""Every language, by name. Where several fit a text equally, the first is taken."""
