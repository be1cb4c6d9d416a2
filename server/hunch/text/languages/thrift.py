"""Thrift."""

from __future__ import annotations

from hunch.text.language import C_BLOCK, Language
from hunch.text.line_rules import LineRules, Rule, outlined_by

LANGUAGE = Language(
    name="thrift",
    extensions=("thrift",),
    line_comments=("//", "#"),
    block_comments=C_BLOCK,
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(kind="struct", pattern=r"(?:struct|union|exception)\h+(?P<name>\w+)"),
                Rule(kind="enum", pattern=r"(?:enum|senum)\h+(?P<name>\w+)"),
                Rule(kind="interface", pattern=r"service\h+(?P<name>\w+)"),
                Rule(kind="type", pattern=r"typedef\h+[\w.<>,\h]{1,200}\h(?P<name>\w+)\h*[;,]?\h*$", end="line"),
                Rule(kind="constant", pattern=r"const\h+[\w.<>,\h]{1,200}\h(?P<name>\w+)\h*=", is_member=True),
                Rule(
                    kind="function",
                    pattern=r"(?:oneway\h+)?(?:\w[\w.]*(?:\h*<[^\n(]{1,200}>)?)\h+(?P<name>\w+)\h*\(",
                    inside=True,
                    end="line",
                ),
            ),
            end="braces",
            newline_ends=True,
            imports=r"(?:include|namespace|cpp_include)\h",
            separators=(),
        )
    ),
)
