"""TypeScript, and what TSX shares with it."""

from __future__ import annotations

from typing import Final

from hunch.text.comment_styles import block
from hunch.text.language import C_BLOCK, DocComment, Grammar, Language
from hunch.text.languages import javascript
from hunch.text.syntax import begins, by_name

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
    names={**javascript.NAMES, "public_field_definition": by_name},
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
