"""JavaScript, and what TypeScript shares with it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hunch.text.comment_styles import block
from hunch.text.language import C_BLOCK, DocComment, Grammar, Language
from hunch.text.syntax import begins, constant, field, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

QUERY: Final = """
(import_statement) @import
(lexical_declaration (variable_declarator
  value: (call_expression function: (identifier) @_f (#eq? @_f "require")))) @import
(lexical_declaration (variable_declarator value: (member_expression
  object: (call_expression function: (identifier) @_f (#eq? @_f "require"))))) @import
(variable_declaration (variable_declarator
  value: (call_expression function: (identifier) @_f (#eq? @_f "require")))) @import
(export_statement !declaration source: (_)) @import
(decorator) @decorator
(function_declaration) @function
(generator_function_declaration) @function
(class_declaration) @class
(variable_declarator value: [(arrow_function) (function_expression) (generator_function)]) @function
(variable_declarator value: (class)) @class
(variable_declarator value: (object)) @object
(assignment_expression right: [(arrow_function) (function_expression) (generator_function)]) @function
(assignment_expression right: (class)) @class
(assignment_expression right: (object)) @object
(export_statement value: [(arrow_function) (function_expression) (class)]) @function
(class_body (method_definition) @method)
(object (method_definition) @method.long)
(pair value: (object)) @object
(pair value: [(arrow_function) (function_expression) (generator_function)]) @method.long
(arguments [(arrow_function) (function_expression)] @closure)
(parenthesized_expression [(arrow_function) (function_expression)] @closure)
(call_expression function: (function_expression) @closure)
"""

_ASSIGNED_NOISE: Final = r"^(module\.)?exports\.(?=.)|(?<=\.)prototype\.|^(this|self|window|globalThis)\.|^\$"


def assigned(node: Node) -> str:
    """Read the name of what is assigned, without what only says where it is kept."""
    name = text_of(node.child_by_field_name("left"))
    if name in {"module.exports", "exports"}:
        held = node.child_by_field_name("right")
        return text_of(held.child_by_field_name("name") if held is not None else None) or "exports"
    return re.sub(_ASSIGNED_NOISE, "", name)


NAMES: Final = {
    "assignment_expression": assigned,
    "pair": field("key"),
    "export_statement": constant("default"),
}
BODY_TYPES: Final = frozenset({"class_body"})

METHOD: Final = (
    r"(?!(?:if|for|while|switch|catch|with|return|function|super|new|do|else|try)\b)"
    r"[#\w$]+[ \t]*\([^(){};=]*\)[ \t]*"
)
"""How a line begins that begins a method in the body of a class, up to the brace."""

LANGUAGE = Language(
    name="javascript",
    extensions=("js", "jsx", "mjs", "cjs"),
    aliases=("js", "jsx", "node", "ecmascript"),
    file_names=("Jakefile",),
    interpreters=("node", "nodejs", "deno", "bun"),
    line_comments=("//",),
    block_comments=C_BLOCK,
    grammar=Grammar(
        module="tree_sitter_javascript",
        begins=begins(
            "export|default|async|static|get|set",
            holds=r"class[ \t]+\w",
            others=r"function\b[ \t]*\*?[ \t]*[\w$]|" + METHOD + r"\{$",
        ),
        query=QUERY + "(field_definition value: [(arrow_function) (function_expression)]) @method",
        names={**NAMES, "field_definition": field("property")},
        qualified_is_method=True,
        body_types=BODY_TYPES,
    ),
    doc_comment=DocComment(style=block),
)
