"""Assembly, by label."""

from __future__ import annotations

from hunch.text.language import C_BLOCK, Language
from hunch.text.line_rules import QUOTES, LineRules, Rule, outlined_by

LANGUAGE = Language(
    name="assembly",
    extensions=("asm", "s", "nasm"),
    aliases=("asm",),
    line_comments=(";", "#", "//", "@"),
    block_comments=C_BLOCK,
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(kind="macro", pattern=r"[.%]macro\h+(?P<name>[\w.$]+)", end="until", until=r"^\h*[.%]endm"),
                Rule(kind="macro", pattern=r"(?P<name>[\w.$]+)\h+macro\b", end="until", until=r"^\h*(?:\w+\h+)?endm\b"),
                Rule(kind="function", pattern=r"(?P<name>[\w.$]+)\h+proc\b", end="until", until=r"^\h*\w+\h+endp\b"),
                Rule(
                    kind="function",
                    pattern=r"(?:(?:SYM_)?(?:FUNC_START|CODE_START|FUNC_START_LOCAL|ENTRY)|function|ENTRY)\h*\(?\h*(?P<name>[A-Za-z_][\w.$]+)",
                ),
                Rule(kind="macro", pattern=r"#define\h+(?P<name>\w+)", end="line"),
                Rule(kind="function", pattern=r"(?!\.L|\d)(?P<name>[A-Za-z_.$?@][\w.$?@]*)::?(?![=:])"),
            ),
            end="next",
            strings=QUOTES,
            comments=r"/\*(?s:.*?)(?:\*/|\Z)|//[^\n]*|;[^\n]*|^\h*[@|][^\n]*|^\h*#(?!define\b)[^\n]*",
            ignores_case=True,
            imports=r"(?:\.include|%include|include)\h",
            separators=(),
        )
    ),
)
