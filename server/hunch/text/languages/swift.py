"""Swift."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hunch.text.comment_styles import marked
from hunch.text.language import C_BLOCK, DocComment, Grammar, Language
from hunch.text.syntax import begins, constant, text_of

if TYPE_CHECKING:
    from tree_sitter import Node


def _kind(node: Node, kind: str) -> str:
    """Its grammar has one type of node for classes, structs and enums."""
    if node.type == "property_declaration" and kind in {"constant", "field"}:
        is_long = node.end_point[0] - node.start_point[0] > 1
        return "" if is_long and node.child_by_field_name("computed_value") is not None else kind
    if node.type != "class_declaration":
        return kind
    keyword = text_of(node.child_by_field_name("declaration_kind"))
    return keyword if keyword in {"struct", "enum"} else kind


LANGUAGE = Language(
    name="swift",
    extensions=("swift",),
    interpreters=("swift",),
    line_comments=("//",),
    block_comments=C_BLOCK,
    test_files=("*Test.swift", "*Tests.swift", "*Spec.swift", "*TestCase.swift", "*IT.swift"),
    grammar=Grammar(
        module="tree_sitter_swift",
        query="""
        (import_declaration) @import
        (attribute) @decorator
        (class_declaration) @class
        (protocol_declaration) @interface
        (function_declaration) @function
        (protocol_function_declaration) @function.documented
        (init_declaration) @method
        (deinit_declaration) @method
        (subscript_declaration) @method
        (property_declaration computed_value: (_)) @method.long
        (typealias_declaration) @type
        (source_file (property_declaration) @constant)
        (class_body (property_declaration) @field)
        (enum_class_body (property_declaration) @field)
        (enum_class_body (enum_entry name: (simple_identifier) @constant))
        (protocol_body (protocol_property_declaration name: (pattern bound_identifier: (simple_identifier) @field)))
        """,
        begins=begins(
            r"@\w[\w.:]*(?:\([^()\n]*\))?|public|private|fileprivate|internal|open|package|final|static"
            r"|override|mutating|nonmutating|nonisolated|isolated|required|convenience|indirect|optional"
            r"|dynamic|(?:private|fileprivate|internal|public)\(set\)|class(?= (?:func|var))|distributed"
            r"|nonisolated\(\w*\)",
            holds=r"(?:class|struct|enum|extension|protocol|actor)[ \t]+\w",
            others=r"func[ \t]+\S|init[?!]?[(<]|deinit\b|subscript[(<]|typealias[ \t]+\w",
        ),
        names={
            "init_declaration": constant("init"),
            "simple_identifier": text_of,
            "deinit_declaration": constant("deinit"),
            "subscript_declaration": constant("subscript"),
        },
        has_type_arguments=True,
        kind_of=_kind,
        body_types=frozenset({"class_body", "enum_class_body", "function_body"}),
        comment_types=frozenset({"comment", "multiline_comment"}),
        own_decorators=frozenset({"attribute"}),
    ),
    doc_comment=DocComment(style=marked("///")),
)
