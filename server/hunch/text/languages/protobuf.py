"""Protocol Buffers."""

from __future__ import annotations

from hunch.text.language import C_BLOCK, Language
from hunch.text.line_rules import LineRules, Rule, outlined_by

LANGUAGE = Language(
    name="protobuf",
    extensions=("proto",),
    aliases=("proto",),
    line_comments=("//",),
    block_comments=C_BLOCK,
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(kind="struct", pattern=r"(?:message|extend)\h+(?P<name>[\w.]+)"),
                Rule(kind="enum", pattern=r"enum\h+(?P<name>\w+)"),
                Rule(kind="interface", pattern=r"service\h+(?P<name>\w+)"),
                Rule(kind="method", pattern=r"rpc\h+(?P<name>\w+)"),
                Rule(
                    kind="field",
                    pattern=r"(?:(?:optional|repeated|required)\h+)?(?:map\h*<[^>\n]*>|[\w.]+)\h+(?P<name>\w+)\h*=\h*\d",
                    is_member=True,
                ),
                Rule(kind="constant", pattern=r"(?P<name>[A-Z][A-Z0-9_]*)\h*=\h*-?\d", is_member=True),
            ),
            end="braces",
            keywords="option import package syntax edition reserved extensions returns",
            imports=r"(?:import|syntax|package|edition)\b",
            separators=(),
        )
    ),
)
