"""TypeScript, and what TSX shares with it."""

from __future__ import annotations

from typing import Final

from hunch.text.comment_styles import block
from hunch.text.language import C_BLOCK, DocComment, Grammar, Language
from hunch.text.languages import javascript
from hunch.text.syntax import begins, by_name, text_of

GRAMMAR: Final = Grammar(
    module="tree_sitter_typescript",
    function="language_typescript",
    begins=begins(
        "export|default|async|static|get|set|public|private|protected|readonly|abstract|declare|override"
        "|const(?= enum)",
        holds=r"(?:class|interface|enum|namespace|module)[ \t]+\w",
        others=r"function\b[ \t]*\*?[ \t]*[\w$]|type[ \t]+\w+[ \t]*[=<]|" + javascript.METHOD + r"(?::[^={};]*)?\{$",
    ),
    query=javascript.QUERY
    + """
(public_field_definition value: [(arrow_function) (function_expression)]) @method
(class_body (public_field_definition) @field)
(interface_body (property_signature) @field)
(enum_body [(property_identifier) @constant (enum_assignment) @constant])
(ambient_declaration [
  (lexical_declaration (variable_declarator) @constant) (variable_declaration (variable_declarator) @constant)])
(internal_module body: (statement_block [
  (lexical_declaration (variable_declarator) @constant)
  (export_statement (lexical_declaration (variable_declarator) @constant))]))
(module body: (statement_block (export_statement (lexical_declaration (variable_declarator) @constant))))
(abstract_class_declaration) @class
(interface_declaration) @interface
(type_alias_declaration) @type
(enum_declaration) @enum
(internal_module) @module
(module) @module
(function_signature) @function
(method_signature) @method.documented
(abstract_method_signature) @method.documented
""",
    merges_clauses=True,
    names={**javascript.NAMES, "public_field_definition": by_name, "property_identifier": text_of},
    kind_of=javascript.kind_of,
    wrapped_function=javascript.wrapped_function,
    qualified_is_method=True,
    body_types=javascript.BODY_TYPES,
)

LANGUAGE = Language(
    name="typescript",
    extensions=("ts", "mts", "cts"),
    aliases=("ts",),
    interpreters=("ts-node", "tsx"),
    line_comments=("//",),
    block_comments=C_BLOCK,
    grammar=GRAMMAR,
    doc_comment=DocComment(style=block),
)
