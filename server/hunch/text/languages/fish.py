"""Fish."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import LineRules, Rule, outlined_by

LANGUAGE = Language(
    name="fish",
    extensions=("fish",),
    interpreters=("fish",),
    line_comments=("#",),
    block_comments=(),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(
                    kind="function",
                    pattern=r"function\h+(?:(?:-\w|--[\w-]+)(?:[=\h]\h*[^\s-]\S*)?\h+){0,4}(?P<name>[^\s;'\"-][^\s;]*)",
                ),
            ),
            end="until",
            until=r"^{indent}end\b",
            one_line=r"\bend\h*$",
            comments=r"(?<![\w$\\])#[^\n]*",
            separators=(),
        )
    ),
)
