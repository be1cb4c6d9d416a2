"""PHP."""

from __future__ import annotations

from hunch.text.comment_styles import block
from hunch.text.language import C_BLOCK, DocComment, Grammar, Language
from hunch.text.languages.javascript import assigned
from hunch.text.syntax import begins

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
        """,
        begins=begins(
            r"#\[[^\]\n]*\]|public|private|protected|static|final|abstract|readonly",
            holds=r"(?:class|interface|trait|enum)[ \t]+\w",
            others=r"function[ \t]+&?\w",
        ),
        depth=5,
        names={"assignment_expression": assigned},
        own_decorators=frozenset({"attribute_list"}),
    ),
    doc_comment=DocComment(style=block),
)
