"""Gleam."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import LineRules, Rule, outlined_by

LANGUAGE = Language(
    name="gleam",
    extensions=("gleam",),
    line_comments=("//",),
    block_comments=(),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(kind="function", pattern=r"(?:pub\h+)?fn\h+(?P<name>\w+)\h*\("),
                Rule(kind="type", pattern=r"(?:pub\h+)?(?:opaque\h+)?type\h+(?P<name>\w+)"),
                Rule(kind="constant", pattern=r"(?:pub\h+)?const\h+(?P<name>\w+)", is_member=True),
            ),
            end="braces",
            newline_ends=True,
            strings=r'"(?:[^"\\]|\\(?s:.))*"?',
            imports=r"import\h",
            decorators=r"@\w",
            separators=(),
        )
    ),
)
