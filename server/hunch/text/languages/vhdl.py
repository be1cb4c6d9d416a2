"""VHDL."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import QUOTES, LineRules, Rule, outlined_by

LANGUAGE = Language(
    name="vhdl",
    extensions=("vhd", "vhdl"),
    line_comments=("--",),
    block_comments=(),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(kind="interface", pattern=r"entity\h+(?P<name>\w+)\h+is\b"),
                Rule(kind="module", pattern=r"architecture\h+(?P<name>\w+)\h+of\h+\w+"),
                Rule(kind="module", pattern=r"package\h+(?:body\h+)?(?P<name>\w+)"),
                Rule(kind="module", pattern=r"(?:configuration|context)\h+(?P<name>\w+)\h+(?:of|is)\b"),
                Rule(kind="interface", pattern=r"component\h+(?P<name>\w+)"),
                Rule(
                    kind="function",
                    pattern=r"(?:(?:pure|impure)\h+)?(?:function|procedure)\h+(?P<name>\w+|\"[^\"\n]+\")",
                    semicolon_declares=True,
                ),
                Rule(kind="class", pattern=r"type\h+(?P<name>\w+)\h+is\h+protected\b"),
                Rule(kind="struct", pattern=r"type\h+(?P<name>\w+)\h+is\h*(?:record\b|$)"),
                Rule(kind="type", pattern=r"(?:sub)?type\h+(?P<name>\w+)\h+is\b", end="line"),
                Rule(kind="function", pattern=r"(?P<name>\w+)\h*:\h*(?:postponed\h+)?process\b"),
                Rule(kind="constant", pattern=r"constant\h+(?P<name>\w+)\h*:", is_member=True),
            ),
            end="until",
            until=r"^{indent}end\b",
            header_end=r"\bis\b",
            strings=QUOTES + r"|'[^'\n]'",
            ignores_case=True,
            imports=r"(?:library|use)\h",
            separators=(),
        )
    ),
)
