"""SQL."""

from __future__ import annotations

from hunch.text.comment_styles import marked
from hunch.text.language import C_BLOCK, DocComment, Grammar, Language
from hunch.text.syntax import constant, first_child

_CREATED = (
    "create_table",
    "create_type",
    "create_view",
    "create_materialized_view",
    "create_function",
    "create_trigger",
)

LANGUAGE = Language(
    name="sql",
    extensions=("sql", "ddl", "pgsql", "psql"),
    aliases=("postgres", "mysql", "sqlite", "plsql"),
    line_comments=("--",),
    block_comments=C_BLOCK,
    grammar=Grammar(
        module="tree_sitter_sql",
        query="""
        (create_table) @type
        (create_type) @type
        (create_view) @query
        (create_materialized_view) @query
        (create_function) @function
        (create_trigger) @function
        (program (statement [(select) (insert) (update) (delete)]) @query.long)
        """,
        names={**dict.fromkeys(_CREATED, first_child("object_reference")), "statement": constant("")},
        body_types=frozenset({"column_definitions", "function_body"}),
    ),
    doc_comment=DocComment(style=marked("--")),
)
