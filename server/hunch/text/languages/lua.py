"""Lua."""

from __future__ import annotations

from hunch.text.comment_styles import marked
from hunch.text.language import DocComment, Grammar, Language
from hunch.text.syntax import begins, first_child

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
        """,
        begins=begins(
            r"local",
            holds=r"(?!)",
            others=r"function[ \t]+[\w.:]+|[\w.]+[ \t]*=[ \t]*function\b",
        ),
        ends=b"end",
        names={"assignment_statement": first_child("variable_list")},
    ),
    doc_comment=DocComment(style=marked("---")),
)
