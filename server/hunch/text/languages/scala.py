"""Scala."""

from __future__ import annotations

from hunch.text.comment_styles import block
from hunch.text.language import C_BLOCK, DocComment, Grammar, Language
from hunch.text.syntax import begins, constant, field

LANGUAGE = Language(
    name="scala",
    extensions=("scala", "sc", "sbt"),
    interpreters=("scala",),
    line_comments=("//",),
    block_comments=C_BLOCK,
    test_files=("*Test.scala", "*Tests.scala", "*Spec.scala", "*TestCase.scala", "*IT.scala"),
    grammar=Grammar(
        module="tree_sitter_scala",
        query="""
        (package_clause !body) @import
        (import_declaration) @import
        (annotation) @decorator
        (package_clause body: (_)) @namespace
        (class_definition) @class
        (object_definition) @class
        (package_object) @module
        (trait_definition) @trait
        (enum_definition) @enum
        (given_definition) @class
        (extension_definition) @scope
        (function_definition) @function
        (function_declaration) @function.documented
        (type_definition) @type
        (compilation_unit [(val_definition) (var_definition)] @constant)
        (template_body [(val_definition) (var_definition) (val_declaration)] @field)
        (simple_enum_case) @constant
        """,
        names={
            "extension_definition": constant(""),
            "given_definition": field("name", "return_type"),
            "val_definition": field("pattern"),
            "var_definition": field("pattern"),
        },
        begins=begins(
            r"@\w+(?:\([^()\n]*\))?|(?:private|protected)(?:\[\w+\])?|final|sealed|abstract|case|implicit|override"
            r"|inline|lazy|open|opaque|transparent|infix",
            holds=r"(?:class|object|trait|enum)[ \t]+\w|package object\b|extension[ \t]*[(\[]|given\b",
            others=r"def[ \t]+\S|type[ \t]+\w",
        ),
        comment_types=frozenset({"comment", "block_comment"}),
        own_decorators=frozenset({"annotation"}),
    ),
    doc_comment=DocComment(style=block),
)
