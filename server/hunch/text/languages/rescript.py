"""ReScript."""

from __future__ import annotations

from hunch.text.language import C_BLOCK, Language
from hunch.text.line_rules import LineRules, Rule, outlined_by

LANGUAGE = Language(
    name="rescript",
    extensions=("res", "resi"),
    line_comments=("//",),
    block_comments=C_BLOCK,
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(kind="module", pattern=r"module\h+(?:type\h+)?(?P<name>\w+)\h*[=:]"),
                Rule(kind="type", pattern=r"type\h+(?:rec\h+)?(?P<name>\w+)"),
                Rule(
                    kind="function",
                    pattern=r"(?:let|and)\h+(?:rec\h+)?(?P<name>\w+)\h*(?::[^=\n]{0,200})?=\h*(?:async\h*)?(?:\(|_?\w*\h*=>)",
                ),
                Rule(kind="function", pattern=r"external\h+(?P<name>\w+)\h*:"),
                Rule(kind="function", pattern=r"let\h+(?P<name>\w+)\h*:[^=\n]*=>[^=\n]*$"),
                Rule(kind="constant", pattern=r"let\h+(?P<name>\w+)\h*[=:]"),
            ),
            end="indent",
            header_end=r"=(?![=>])",
            strings=r'"(?:[^"\\]|\\(?s:.))*"?|`[^`]*`?',
            imports=r"(?:open|include)\h",
            decorators=r"@",
            separators=(),
        )
    ),
)
