"""Jsonnet."""

from __future__ import annotations

from hunch.text.language import C_BLOCK, Language
from hunch.text.line_rules import APOSTROPHES, QUOTES, LineRules, Rule, outlined_by

LANGUAGE = Language(
    name="jsonnet",
    extensions=("jsonnet", "libsonnet"),
    line_comments=("//", "#"),
    block_comments=C_BLOCK,
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(kind="function", pattern=r"local\h+(?P<name>\w+)\h*(?:\(|=\h*function\h*\()"),
                Rule(kind="function", pattern=r"['\"]?(?P<name>\w+)['\"]?\h*\([^\n:]*\)\h*\+?::?:?"),
                Rule(kind="function", pattern=r"['\"]?(?P<name>\w+)['\"]?\h*\(\h*$"),
                Rule(kind="constant", pattern=r"local\h+(?P<name>\w+)\h*=(?!\h*import)"),
                Rule(kind="field", pattern=r"['\"]?(?P<name>\w+)['\"]?\h*\+?::?:?(?=\h|$)", is_member=True),
            ),
            end="indent",
            strings=rf"\|\|\|\h*\n(?s:.*?)(?:^\h*\|\|\||\Z)|{QUOTES}|{APOSTROPHES}",
            keywords="if then else for in assert error function",
            imports=r"local\h+\w+\h*=\h*import\b|\(?import\h",
            separators=(),
        )
    ),
)
