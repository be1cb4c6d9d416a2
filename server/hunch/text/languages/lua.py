"""Lua."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hunch.text.comment_styles import marked
from hunch.text.language import DocComment, Grammar, Language
from hunch.text.syntax import begins, first_child, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

_MOST_WRAPPERS: Final = 8


def _assignment(node: Node) -> Node:
    """`local x = 1` holds the assignment."""
    return node.named_children[0] if node.type == "variable_declaration" and node.named_children else node


def _declared(node: Node) -> str:
    return first_child("variable_list")(_assignment(node)).partition("<")[0].strip()


def _value(node: Node) -> Node | None:
    listed = [child for child in _assignment(node).named_children if child.type == "expression_list"]
    return listed[0].named_children[0] if listed and listed[0].named_child_count == 1 else None


def _wrapped_function(node: Node) -> Node | None:
    """`wrap(function ... end)`: the function."""
    value = _value(node) if node.type in {"variable_declaration", "assignment_statement"} else None
    for _ in range(_MOST_WRAPPERS):
        if value is None or value.type == "function_definition":
            return value
        arguments = value.child_by_field_name("arguments") if value.type == "function_call" else None
        held = arguments.named_children[:_MOST_WRAPPERS] if arguments is not None else []
        value = next((one for one in held if one.type == "function_definition"), None) or next(
            (one for one in held if one.type == "function_call"), None
        )
    return None


def _kind(node: Node, kind: str) -> str:
    if kind != "constant":
        return kind
    value = _value(node)
    if value is not None and (value.type == "function_definition" or text_of(value).startswith("require")):
        return ""
    return "function" if _wrapped_function(node) is not None else kind


LANGUAGE = Language(
    name="lua",
    extensions=("lua", "rockspec"),
    interpreters=("lua", "luajit"),
    line_comments=("--",),
    block_comments=(("--[[", "]]"),),
    grammar=Grammar(
        module="tree_sitter_lua",
        query="""
        (variable_declaration (assignment_statement (expression_list
          value: (function_call name: (identifier) @_r (#eq? @_r "require"))))) @import
        (function_declaration) @function
        (assignment_statement (expression_list . value: (function_definition) .)) @function
        (field name: (_) value: (function_definition)) @method.long
        (arguments (function_definition) @closure)
        (chunk [(variable_declaration (assignment_statement)) (assignment_statement)] @constant)
        """,
        names={"assignment_statement": first_child("variable_list"), "variable_declaration": _declared},
        kind_of=_kind,
        wrapped_function=_wrapped_function,
        begins=begins(
            r"local",
            holds=r"(?!)",
            others=r"function[ \t]+[\w.:]+|[\w.]+[ \t]*=[ \t]*function\b",
        ),
        ends=b"end",
    ),
    doc_comment=DocComment(style=marked("---")),
)
