"""Verilog and SystemVerilog."""

from __future__ import annotations

from hunch.text.language import C_BLOCK, Language
from hunch.text.line_rules import QUOTES, LineRules, Rule, outlined_by

_LIFETIME = r"(?:(?:automatic|static)\h+)?"
_QUALIFIERS = r"(?:(?:virtual|static|protected|local|pure|automatic|forkjoin)\h+){0,4}"

LANGUAGE = Language(
    name="verilog",
    extensions=("v", "vh", "sv", "svh"),
    aliases=("systemverilog",),
    line_comments=("//",),
    block_comments=C_BLOCK,
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(
                    kind="module",
                    pattern=r"(?:extern\h+)?(?:macro)?module\h+" + _LIFETIME + r"(?P<name>[\w$]+)",
                    until=r"^\h*endmodule\b",
                ),
                Rule(
                    kind="interface",
                    pattern=r"interface\h+(?!class\b)" + _LIFETIME + r"(?P<name>\w+)",
                    until=r"^\h*endinterface\b",
                ),
                Rule(kind="module", pattern=r"package\h+" + _LIFETIME + r"(?P<name>\w+)", until=r"^\h*endpackage\b"),
                Rule(kind="module", pattern=r"program\h+" + _LIFETIME + r"(?P<name>\w+)", until=r"^\h*endprogram\b"),
                Rule(
                    kind="class",
                    pattern=r"(?:virtual\h+|interface\h+)?class\h+" + _LIFETIME + r"(?P<name>\w+)",
                    until=r"^\h*endclass\b",
                ),
                Rule(kind="function", pattern=r"extern\h+[^;\n]{0,200}?(?P<name>\w+)\h*(?:\(|;)", end="line"),
                Rule(
                    kind="function",
                    pattern=_QUALIFIERS
                    + r"function\h+"
                    + _LIFETIME
                    + r"(?:[\w:\[\]$.#+*\h-]{1,200}?[\s\]]\s{0,40})?(?P<name>\w+(?:::\w+)?)\h*(?:[(;]|$)",
                    until=r"^\h*endfunction\b",
                ),
                Rule(
                    kind="function",
                    pattern=_QUALIFIERS + r"task\h+" + _LIFETIME + r"(?P<name>\w+(?:::\w+)?)",
                    until=r"^\h*endtask\b",
                ),
                Rule(
                    kind="enum", pattern=r"typedef\h+enum\b[^{};]{0,200}\{[^{}]{0,4000}\}\h*(?P<name>\w+)", end="line"
                ),
                Rule(
                    kind="struct",
                    pattern=r"typedef\h+(?:struct|union)\b[^{};]{0,200}\{[^{}]{0,4000}\}\h*(?P<name>\w+)",
                    end="line",
                ),
                Rule(kind="macro", pattern=r"`define\h+(?P<name>\w+)", end="line"),
                Rule(kind="type", pattern=r"typedef\h+[^\n{;]{1,200}\h(?P<name>\w+)\h*;", end="line"),
                Rule(
                    kind="constant",
                    pattern=r"(?:localparam|parameter)\h+[^=\n(]{0,200}?(?P<name>\w+)\h*(?:\[[^\]\n]*\]\h*)?=",
                    is_member=True,
                ),
            ),
            end="until",
            strings=QUOTES,
            imports=r"import\h|`include\h",
            separators=("::",),
        )
    ),
)
