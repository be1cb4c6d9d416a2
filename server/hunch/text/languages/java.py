"""Java."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hunch.text.comment_styles import block
from hunch.text.language import C_BLOCK, DocComment, Grammar, Language
from hunch.text.syntax import begins, by_name

if TYPE_CHECKING:
    from tree_sitter import Node


def _declared(node: Node) -> str:
    declarator = node.child_by_field_name("declarator")
    return by_name(declarator) if declarator is not None else ""


def _kind(node: Node, kind: str) -> str:
    return "constant" if kind == "field" and _declared(node).isupper() else kind


LANGUAGE = Language(
    name="java",
    extensions=("java",),
    line_comments=("//",),
    block_comments=C_BLOCK,
    test_files=("*Test.java", "*Tests.java", "*Spec.java", "*TestCase.java", "*IT.java"),
    grammar=Grammar(
        module="tree_sitter_java",
        query="""
        (package_declaration) @import
        (import_declaration) @import
        (modifiers [(annotation) (marker_annotation)] @decorator)
        (class_declaration) @class
        (interface_declaration) @interface
        (enum_declaration) @enum
        (record_declaration) @class
        (annotation_type_declaration) @interface
        (method_declaration body: (_)) @method
        (method_declaration !body) @method.documented
        (annotation_type_element_declaration) @method.documented
        (constructor_declaration) @method
        (compact_constructor_declaration) @method
        (class_body (field_declaration) @field)
        (enum_body (enum_constant) @constant)
        (enum_body_declarations (field_declaration) @field)
        (interface_body (constant_declaration) @constant)
        """,
        depth=6,
        names={"field_declaration": _declared, "constant_declaration": _declared},
        kind_of=_kind,
        begins=begins(
            r"@\w[\w.:]*(?:\([^()\n]*\))?|public|private|protected|static|final|abstract|sealed|non-sealed"
            r"|default|synchronized|native|strictfp",
            holds=r"(?:class|interface|enum|record|@interface)[ \t]+\w",
            others=r"(?:<[^(){}\n]{0,200}>[ \t]+)?"
            r"(?!(?:return|new|throw|else|assert|yield|case|package|import|if|for|while|switch|catch|super|this|try)\b)"
            r"(?:[A-Za-z_][\w.]*(?:<[^(){};=\n]{0,200}>)?(?:\[\])*[ \t]+)?[A-Za-z_]\w*[ \t]*\([^;{}=]*(?:\{|,|\(|\w)$",
        ),
        has_type_arguments=True,
        body_types=frozenset({"class_body"}),
        comment_types=frozenset({"line_comment", "block_comment"}),
        own_decorators=frozenset({"annotation", "marker_annotation"}),
    ),
    doc_comment=DocComment(style=block),
)
