"""AWK."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import QUOTES, LineRules, Rule, outlined_by

LANGUAGE = Language(
    name="awk",
    extensions=("awk",),
    interpreters=("awk", "gawk", "mawk"),
    line_comments=("#",),
    block_comments=(),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(kind="function", pattern=r"func(?:tion)?\h+(?P<name>\w+)\h*\("),
                Rule(kind="function", pattern=r"(?P<name>BEGIN|END)\h*\{"),
            ),
            end="braces",
            strings=QUOTES + r"|(?<=[~(,])\h*/(?:[^/\\\n]|\\.)*/",
            comments=r"(?<![\w$\\/])#[^\n]*",
            imports=r"@include\h",
        )
    ),
)
