"""Zig."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hunch.text.comment_styles import marked
from hunch.text.language import DocComment, Grammar, Language
from hunch.text.syntax import begins, first_child, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

_title = first_child("string", "identifier")


def _test(node: Node) -> str:
    return _title(node).strip('"')


_CONTAINERS: Final = frozenset(
    {"struct_declaration", "union_declaration", "opaque_declaration", "enum_declaration", "error_set_declaration"}
)


def _field_name(node: Node) -> str:
    return text_of(node.child_by_field_name("name")) or first_child("identifier")(node)


def _kind(node: Node, kind: str) -> str:
    """Types and imports are what other captures say."""
    if kind != "constant":
        return kind
    is_other = any(child.type in _CONTAINERS or text_of(child).startswith("@import") for child in node.children)
    return "" if is_other else kind


def _is_refused(signature: str, decorators: str) -> bool:
    return signature.startswith("test")  # its compiler refuses documentation there


LANGUAGE = Language(
    name="zig",
    extensions=("zig",),
    line_comments=("//",),
    block_comments=(),
    grammar=Grammar(
        module="tree_sitter_zig",
        query="""
        (variable_declaration (builtin_function (builtin_identifier) @_b (#eq? @_b "@import"))) @import
        (function_declaration) @function
        (test_declaration) @function
        (variable_declaration [(struct_declaration) (union_declaration) (opaque_declaration)]) @struct
        (variable_declaration [(enum_declaration) (error_set_declaration)]) @enum
        (source_file (variable_declaration) @constant)
        (struct_declaration [(variable_declaration) @constant (container_field) @field])
        (enum_declaration (container_field) @constant)
        """,
        names={
            "variable_declaration": first_child("identifier"),
            "test_declaration": _test,
            "container_field": _field_name,
        },
        kind_of=_kind,
        begins=begins(
            r'pub|export|inline|extern|extern "[^"\n]*"|noinline',
            holds=r"const[ \t]+\w+[ \t]*=[ \t]*(?:packed |extern )?(?:struct|enum|union|opaque)\b",
            others=r'fn[ \t]+\w|test[ \t]+["{\w]',
        ),
        spaced_names=frozenset({"test_declaration"}),
    ),
    doc_comment=DocComment(style=marked("///"), is_refused=_is_refused),
)
