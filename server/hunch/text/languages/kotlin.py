"""Kotlin."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hunch.text.comment_styles import block
from hunch.text.language import C_BLOCK, DocComment, Grammar, Language
from hunch.text.syntax import constant, field, first_child, text_of

if TYPE_CHECKING:
    from tree_sitter import Node

_variable = first_child("variable_declaration")


def _property(node: Node) -> str:
    return _variable(node).split(":")[0].strip()


def _kind(node: Node, kind: str) -> str:
    """Its grammar has one type of node for classes, interfaces and enums."""
    if node.type == "property_declaration" and kind in {"constant", "field"}:
        is_long = node.end_point[0] - node.start_point[0] > 1
        if is_long and any(child.type in {"getter", "setter"} for child in node.children):
            return ""  # another capture makes a method of it
        return "constant" if _property(node).isupper() else kind
    if node.type != "class_declaration":
        return kind
    head = " ".join(text_of(child) for child in node.children[:6] if not child.type.endswith("class_body"))[:400]
    if re.search(r"\binterface\b", head):
        return "interface"
    return "enum" if re.search(r"\benum\s+class\b", head) else kind


LANGUAGE = Language(
    name="kotlin",
    extensions=("kt", "kts"),
    aliases=("kt",),
    interpreters=("kotlin",),
    line_comments=("//",),
    block_comments=C_BLOCK,
    test_files=("*Test.kt", "*Tests.kt", "*Spec.kt", "*TestCase.kt", "*IT.kt"),
    grammar=Grammar(
        module="tree_sitter_kotlin",
        query="""
        (package_header) @import
        (import) @import
        (modifiers (annotation) @decorator)
        (class_declaration) @class
        (object_declaration) @class
        (companion_object) @scope
        (function_declaration (function_body)) @function
        (function_declaration) @function.documented
        (secondary_constructor) @method
        (property_declaration [(getter) (setter)]) @method.long
        (type_alias) @type
        (source_file (property_declaration) @constant)
        (class_body (property_declaration) @field)
        (enum_entry) @constant
        """,
        names={
            "type_alias": field("type"),
            "companion_object": constant(""),
            "secondary_constructor": constant("constructor"),
            "property_declaration": _property,
            "enum_entry": first_child("identifier", "simple_identifier"),
        },
        has_type_arguments=True,
        kind_of=_kind,
        body_types=frozenset({"class_body", "enum_class_body", "function_body"}),
        comment_types=frozenset({"line_comment", "block_comment"}),
        own_decorators=frozenset({"annotation"}),
    ),
    doc_comment=DocComment(style=block),
)
