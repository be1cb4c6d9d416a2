"""Elm."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import QUOTES, LineRules, Rule, outlined_by

LANGUAGE = Language(
    name="elm",
    extensions=("elm",),
    line_comments=("--",),
    block_comments=(("{-", "-}"),),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(kind="type", pattern=r"(?<!\h)type\h+(?:alias\h+)?(?P<name>\w+)"),
                Rule(
                    kind="function",
                    pattern=r"(?<!\h)(?:port\h+)?(?P<name>(?!port\b|effect\b)[a-z]\w*)\h*(?:[^=:\n]{0,300}=(?!=)|:(?!:)|\h[^=:\n]{0,300}$)",
                ),
            ),
            end="indent",
            header_end=r"=(?!=)",
            strings=rf'"""(?s:.*?)(?:"""|\Z)|{QUOTES}' r"|'(?:[^'\\\n]|\\[^'\n]{1,9})'",
            keywords="import module exposing if else case of let in where then infix",
            merges=True,
            imports=r"(?<!\h)import\h",
            separators=(),
        )
    ),
)
