"""Go."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hunch.text.comment_styles import marked
from hunch.text.language import C_BLOCK, DocComment, Grammar, Language
from hunch.text.syntax import begins, by_name, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

_KINDS: Final = {"struct_type": "struct", "interface_type": "interface"}


def _receiver(node: Node) -> str:
    """`func (c *Cache[T]) Get(...)` is Cache.Get."""
    receiver = text_of(node.child_by_field_name("receiver"))
    match = re.search(r"([A-Za-z_]\w*)\s*(\[[^\]]*\])?\s*\)$", receiver)
    return f"{match.group(1)}.{by_name(node)}" if match else by_name(node)


def _kind(node: Node, kind: str) -> str:
    if kind != "type":
        return kind
    declared = node.child_by_field_name("type")
    return _KINDS.get(declared.type, kind) if declared is not None else kind


LANGUAGE = Language(
    name="go",
    extensions=("go",),
    aliases=("golang",),
    line_comments=("//",),
    block_comments=C_BLOCK,
    grammar=Grammar(
        module="tree_sitter_go",
        query="""
        (package_clause) @import
        (import_declaration) @import
        (function_declaration) @function
        (method_declaration) @method
        (type_declaration (type_spec) @type)
        (type_declaration (type_alias) @type)
        (method_elem) @method.documented
        (source_file (const_declaration (const_spec) @constant))
        (source_file (var_declaration [(var_spec) @constant (var_spec_list (var_spec) @constant)]))
        (field_declaration_list (field_declaration name: (field_identifier) @field))
        """,
        begins=begins(
            r"",
            holds=r"type[ \t]+\w+[ \t]*(?:\[[^\]\n]*\][ \t]*)?(?:struct|interface)\b",
            others=r"func[ \t]+[(\w]|type[ \t]+\w",
        ),
        depth=4,
        names={"field_identifier": text_of, "method_declaration": _receiver},
        kind_of=_kind,
        qualified_is_method=True,
    ),
    doc_comment=DocComment(style=marked("//")),
)
