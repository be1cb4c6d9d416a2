"""SQL of PostgreSQL, MySQL, Oracle, SQL Server and SQLite, and models and macros of dbt.

No grammar reads the routines of all of them: rules find them by their headers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from hunch.text.comment_styles import marked
from hunch.text.language import C_BLOCK, DocComment, Language
from hunch.text.line_rules import LineRules, Rule, outlined_by

if TYPE_CHECKING:
    from hunch.text.outline import Outline
    from hunch.text.source_text import SourceText

_PART: Final = r"(?:\[[^\]\n]+\]|\"[^\"\n]+\"|`[^`\n]+`|[\w$#@]+|\{\{[^}\n]*\}\})"
_NAME: Final = rf"\s{{1,40}}(?:if\h+not\h+exists\h+)?(?P<name>{_PART}(?:\h?\.\h?{_PART}){{0,3}})"
_CREATE: Final = (
    r"create\h+(?:or\h+(?:replace|alter)\h+)?(?:(?:editionable|noneditionable|definer\h*=\h*\S+|sql\h+security\h+\w+"
    r"|algorithm\h*=\h*\w+|temp|temporary|global|local|unlogged|materialized|recursive|force|external|foreign"
    r"|constraint|aggregate|virtual|transient|secure|distinct)\h+){0,5}"
)
_ALTER: Final = r"alter\h+(?![^\n]*\b(?:owner|rename|compile|depends|enable|disable|set\h+schema)\b)"
_STATEMENT_END: Final = r";\h*$|\n\h*(?=(?:go|/)\h*$)"
_QUOTES: Final = r"'(?:[^'\\]|\\.|'')*'?|\"[^\"\n]*\"?|`[^`\n]*`?"


def _rules(strings: str) -> LineRules:
    return LineRules(
        rules=(
            Rule(
                kind="function",
                pattern=rf"(?:{_CREATE}|{_ALTER})(?:procedure|proc|function|trigger|event|macro){_NAME}",
                end="routine",
            ),
            Rule(
                kind="module",
                pattern=rf"{_CREATE}(?:package|type)\h+body{_NAME}",
                end="rest",
                until=r"^\h*/\h*$",
                is_bare=True,
            ),
            Rule(kind="module", pattern=rf"{_CREATE}package{_NAME}", end="rest", until=r"^\h*/\h*$", is_bare=True),
            Rule(kind="type", pattern=rf"{_CREATE}(?:table|type|domain){_NAME}", is_bare=True),
            Rule(kind="query", pattern=rf"(?:{_CREATE}|{_ALTER})view{_NAME}", is_bare=True),
            Rule(
                kind="function",
                pattern=r"(?:(?:static|member|constructor|overriding|final|map|order)\h+){0,3}(?:procedure|function)"
                + _NAME,
                end="routine",
            ),
            Rule(
                kind="macro",
                pattern=r"\{%-?\h*(?:macro|test|snapshot|materialization|data_test)\h+(?P<name>\w+)",
                until=r"\{%-?\h*end(?:macro|test|snapshot|materialization|data_test)\b",
            ),
            Rule(kind="query", pattern=r"(?<!\h)(?:with|select|insert|update|delete|merge)\b(?!\h*;)"),
        ),
        end="until",
        until=_STATEMENT_END,
        one_line=r";\h*$|\{%-?\h*end\w+\h*-?%\}",
        strings=strings,
        comments=r"--[^\n]*|/\*(?!!)(?s:.*?)(?:\*/|\Z)|\{#(?s:.*?)(?:#\}|\Z)|(?<![\w#$&])#(?=[\h\n])[^\n]*",
        header_end=r"\b(?:as|is|begin)\b",
        ignores_case=True,
        separators=(".",),
    )


_RULES: Final = _rules(r"\$(?P<tag>\w*)\$(?s:.*?)(?:\$(?P=tag)\$|\Z)|" + _QUOTES)
_MYSQL: Final = _rules(_QUOTES)
_DELIMITER: Final = re.compile(rb"^[ \t]*delimiter[ \t]", re.IGNORECASE | re.MULTILINE)
"""What tells MySQL's scripts, where `$$` ends a statement and quotes nothing"""


def _outline(file: SourceText) -> Outline:
    """Find the definitions; the query of a template is a model, which is called by its file."""
    outline = outlined_by(_MYSQL if _DELIMITER.search(file.source) else _RULES)(file)
    if b"{{" in file.source:
        for definition in outline.definitions:
            if definition.kind == "query" and not definition.name and definition.parent is None:
                definition.name = file.path.rsplit("/", 1)[-1].partition(".")[0]
                definition.scope = (definition.name,)
                break
    return outline


LANGUAGE = Language(
    name="sql",
    extensions=("sql", "ddl", "pgsql", "psql", "tsql", "plsql", "pks", "pkb", "pck", "prc", "fnc", "trg"),
    aliases=("postgres", "mysql", "sqlite", "oracle", "mssql"),
    line_comments=("--",),
    block_comments=C_BLOCK,
    outline=_outline,
    doc_comment=DocComment(style=marked("--")),
)
