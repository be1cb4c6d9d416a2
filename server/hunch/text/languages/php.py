"""PHP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hunch.text.comment_styles import block
from hunch.text.language import C_BLOCK, DocComment, Grammar, Language
from hunch.text.languages.javascript import assigned
from hunch.text.syntax import begins, first_child, text_of

if TYPE_CHECKING:
    from tree_sitter import Node


def _property(node: Node) -> str:
    return first_child("variable_name")(node).lstrip("$")


def _defined(node: Node) -> str:
    """`define('LIMIT', 10)` is LIMIT."""
    arguments = text_of(node.child_by_field_name("arguments"))
    return arguments.lstrip("(").partition(",")[0].strip(" '\"")


LANGUAGE = Language(
    name="php",
    extensions=("php", "phtml", "php5", "php7"),
    interpreters=("php",),
    line_comments=("//", "#"),
    block_comments=C_BLOCK,
    test_files=("*Test.php", "*Tests.php", "*Spec.php", "*TestCase.php", "*IT.php"),
    grammar=Grammar(
        module="tree_sitter_php",
        function="language_php",
        query="""
        (php_tag) @import
        (namespace_definition !body) @import
        (namespace_use_declaration) @import
        (attribute_list) @decorator
        (namespace_definition body: (_)) @namespace
        (class_declaration) @class
        (interface_declaration) @interface
        (trait_declaration) @trait
        (enum_declaration) @enum
        (function_definition) @function
        (method_declaration body: (_)) @method
        (method_declaration !body) @method.documented
        (assignment_expression right: [(anonymous_function) (arrow_function)]) @function.long
        (argument [(anonymous_function) (arrow_function)] @closure)
        (const_declaration (const_element) @constant)
        (property_declaration (property_element) @field)
        (enum_case) @constant
        (program (expression_statement (function_call_expression function: (name) @_d
          arguments: (arguments . (argument (_)))) @constant (#eq? @_d "define")))
        """,
        begins=begins(
            r"#\[[^\]\n]*\]|public|private|protected|static|final|abstract|readonly",
            holds=r"(?:class|interface|trait|enum)[ \t]+\w",
            others=r"function[ \t]+&?\w",
        ),
        depth=5,
        names={
            "assignment_expression": assigned,
            "const_element": first_child("name"),
            "property_element": _property,
            "function_call_expression": _defined,
        },
        own_decorators=frozenset({"attribute_list"}),
    ),
    doc_comment=DocComment(style=block),
)
