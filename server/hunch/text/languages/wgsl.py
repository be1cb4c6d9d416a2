"""WGSL."""

from __future__ import annotations

from hunch.text.language import C_BLOCK, Language
from hunch.text.line_rules import LineRules, Rule, outlined_by

LANGUAGE = Language(
    name="wgsl",
    extensions=("wgsl",),
    line_comments=("//",),
    block_comments=C_BLOCK,
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(kind="function", pattern=r"(?:@\w+(?:\([^)\n]*\))?\h+){0,4}fn\h+(?P<name>\w+)"),
                Rule(kind="struct", pattern=r"struct\h+(?P<name>\w+)"),
                Rule(kind="type", pattern=r"alias\h+(?P<name>\w+)", end="line"),
                Rule(
                    kind="constant",
                    pattern=r"(?:@\w+(?:\([^)\n]*\))?\h*){0,4}(?:const|override|var(?:<[^>\n]*>)?)\h+(?P<name>\w+)",
                    is_member=True,
                ),
            ),
            end="braces",
            strings="",
            decorators=r"@\w",
            separators=(),
        )
    ),
)
