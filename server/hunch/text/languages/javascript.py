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
(program [(lexical_declaration (variable_declarator) @constant) (variable_declaration (variable_declarator) @constant)])
(program (export_statement [
  (lexical_declaration (variable_declarator) @constant) (variable_declaration (variable_declarator) @constant)]))
(program (export_statement value: [(call_expression) (object) (parenthesized_expression)]) @constant)
(program (expression_statement (assignment_expression left: (member_expression)) @constant))
(pair value: [(call_expression) (parenthesized_expression)]) @field
"""

_ASSIGNED_NOISE: Final = r"^(module\.)?exports\.(?=.)|(?<=\.)prototype\.|^(this|self|window|globalThis)\.|^\$"


_EXPORTS: Final = frozenset({"module.exports", "exports"})


def assigned(node: Node) -> str:
    """Read the name of what is assigned, without what only says where it is kept."""
    name = text_of(node.child_by_field_name("left"))
    if name in _EXPORTS:
        held = node.child_by_field_name("right")
        return text_of(held.child_by_field_name("name") if held is not None else None) or "exports"
    return re.sub(_ASSIGNED_NOISE, "", name)


_FUNCTIONS: Final = frozenset({"arrow_function", "function_expression", "generator_function"})
_FUNCTIONS_THEMSELVES: Final = _FUNCTIONS | {
    "function_declaration", "generator_function_declaration", "method_definition", "class_declaration",
}  # fmt: skip
_AROUND: Final = frozenset(
    {"as_expression", "satisfies_expression", "parenthesized_expression", "await_expression", "non_null_expression"}
)
_OF_LISTS: Final = frozenset(
    "map flatMap filter reduce forEach find findIndex some every sort then catch finally from replace on".split()
)
"""What takes a function and gives something else."""
_MOST_WRAPPERS: Final = 8


def _value(node: Node) -> Node | None:
    """The value of a declaration, an assignment or a pair, without what only says of which type it is."""
    value = node.child_by_field_name("right" if node.type == "assignment_expression" else "value")
    for _ in range(_MOST_WRAPPERS):
        if value is None or value.type not in _AROUND or not value.named_children:
            break
        value = value.named_children[0]
    return value


def wrapped_function(node: Node) -> Node | None:
    """`memo(() => ...)`, `create()(persist(function ...))`, `(async () => ...) satisfies Action`: the function."""
    return None if node.type in _FUNCTIONS_THEMSELVES else _function_in(_value(node))


def _function_in(value: Node | None) -> Node | None:
    for _ in range(_MOST_WRAPPERS):
        if value is None:
            return None
        if value.type in _FUNCTIONS:
            return value
        arguments = value.child_by_field_name("arguments") if value.type == "call_expression" else None
        if arguments is None or arguments.type != "arguments" or _method_of(value) in _OF_LISTS:
            return None
        held = arguments.named_children[:_MOST_WRAPPERS]
        value = next((one for one in held if one.type in _FUNCTIONS), None) or next(
            (one for one in held if one.type == "call_expression"), None
        )
    return None


def _method_of(call: Node) -> str:
    called = call.child_by_field_name("function")
    return text_of(called.child_by_field_name("property")) if called is not None else ""


def kind_of(node: Node, kind: str) -> str:
    """The kind of what a name stands for; none for what other captures name, and for entries that are no functions."""
    if kind not in {"constant", "field"}:
        return kind
    value = _value(node)
    held = value.type if value is not None else ""
    if (held in _FUNCTIONS or held == "class") and value in node.children:
        return ""
    if node.type == "assignment_expression" and not _is_exported(node):
        return ""
    if held == "class":
        return "class"
    if _function_in(value) is not None:
        return "method" if kind == "field" else "function"
    return "" if node.type == "pair" else kind


def _is_exported(node: Node) -> bool:
    left = text_of(node.child_by_field_name("left"))
    if left in _EXPORTS and node.end_point[0] - node.start_point[0] < 2:
        return False
    return re.fullmatch(r"(?:module\.)?exports(?:\.\w+)?|[A-Z]\w*(?:\.prototype)?\.\w+", left) is not None


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
        query=QUERY
        + """
        (field_definition value: [(arrow_function) (function_expression)]) @method
        (class_body (field_definition) @field)
        """,
        begins=begins(
            "export|default|async|static|get|set",
            holds=r"class[ \t]+\w",
            others=r"function\b[ \t]*\*?[ \t]*[\w$]|" + METHOD + r"\{$",
        ),
        names={**NAMES, "field_definition": field("property")},
        kind_of=kind_of,
        qualified_is_method=True,
        wrapped_function=wrapped_function,
        body_types=BODY_TYPES,
    ),
    doc_comment=DocComment(style=block),
)
