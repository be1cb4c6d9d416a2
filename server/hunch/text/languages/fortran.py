"""Fortran, free and fixed form."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import QUOTES, LineRules, Rule, outlined_by

_PREFIX = (
    r"(?:(?:pure|elemental|impure|recursive|module|integer|real|logical|complex|character|double\h*precision|type|class)"
    r"(?:\h*\([^()\n]*(?:\([^()\n]*\)[^()\n]*)?\)|\h*\*\h*\d+)?\h+){0,5}"
)
_END_OF_UNIT = r"^\h*end\h*(?:sub)?(?:module|program)\b|^{indent}end\h*$"

LANGUAGE = Language(
    name="fortran",
    extensions=("f", "f77", "f90", "f95", "f03", "f08", "for", "fypp"),
    aliases=("f90",),
    line_comments=("!", "C ", "c "),
    block_comments=(),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(
                    kind="module",
                    pattern=r"(?:module|program)\h+(?!procedure\b|subroutine\b|function\b)(?P<name>\w+)\h*;?\h*$",
                    until=_END_OF_UNIT,
                ),
                Rule(kind="module", pattern=r"submodule\h*\([^)\n]*\)\h*(?P<name>\w+)", until=_END_OF_UNIT),
                Rule(kind="function", pattern=_PREFIX + r"(?:subroutine|function)\h+(?P<name>[\w${}]+)"),
                Rule(kind="function", pattern=r"module\h+procedure\h+(?P<name>\w+)\h*$", declared="drop"),
                Rule(
                    kind="class",
                    pattern=r"type(?:\h*,[^:\n]*)?(?:\h*::\h*|\h+)(?P<name>(?!is\b)\w+)\h*$",
                    until=r"^\h*end\h*type\b",
                ),
                Rule(
                    kind="interface",
                    pattern=r"(?:abstract\h+)?interface\h+(?P<name>\w+|(?:operator|assignment)\h*\([^)\n]*\))\h*$",
                    until=r"^\h*end\h*interface\b",
                ),
            ),
            end="until",
            until=r"^{indent}end\h*(?:subroutine|function|procedure|$)",
            strings=rf"{QUOTES}|'[^'\n]*'?",
            comments=r"^[cC*](?=[\s*!-])[^\n]*|![^\n]*",
            ignores_case=True,
            imports=r"use\b(?!\h*=)[\h,:]",
            documented_below=r"\n(?:\h*!![^\n]*\n)+",
            separators=(),
        )
    ),
)
