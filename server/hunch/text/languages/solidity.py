"""Solidity."""

from __future__ import annotations

from hunch.text.language import C_BLOCK, Language
from hunch.text.line_rules import LineRules, Rule, outlined_by

LANGUAGE = Language(
    name="solidity",
    extensions=("sol",),
    aliases=("sol",),
    line_comments=("//",),
    block_comments=C_BLOCK,
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(kind="class", pattern=r"(?:abstract\h+)?contract\h+(?P<name>[\w$]+)"),
                Rule(kind="interface", pattern=r"interface\h+(?P<name>[\w$]+)"),
                Rule(kind="class", pattern=r"library\h+(?P<name>[\w$]+)"),
                Rule(kind="struct", pattern=r"struct\h+(?P<name>[\w$]+)"),
                Rule(kind="enum", pattern=r"enum\h+(?P<name>[\w$]+)"),
                Rule(kind="function", pattern=r"(?:function|modifier)\h+(?P<name>[\w$]+)"),
                Rule(kind="function", pattern=r"(?P<name>constructor|fallback|receive)\h*\("),
                Rule(kind="type", pattern=r"(?:event|error)\h+(?P<name>[\w$]+)\h*\("),
                Rule(kind="type", pattern=r"type\h+(?P<name>[\w$]+)\h+is\b"),
                Rule(
                    kind="constant",
                    pattern=r"[\w.\[\]]+\h+(?:(?:public|private|internal|constant|immutable|override)\h+){1,4}(?P<name>[\w$]+)\h*[=;]",
                    is_member=True,
                ),
            ),
            end="braces",
            imports=r"(?:import|pragma)\h",
        )
    ),
)
