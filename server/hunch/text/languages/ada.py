"""Ada."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import LineRules, Rule, outlined_by

_OVERRIDING = r"(?:not\h+)?(?:overriding\h+)?"

LANGUAGE = Language(
    name="ada",
    extensions=("adb", "ads", "gpr"),
    line_comments=("--",),
    block_comments=(),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(kind="module", pattern=r"(?:private\h+)?package\h+(?:body\h+)?(?P<name>[\w.]+)"),
                Rule(kind="module", pattern=r"(?:abstract\h+|aggregate\h+|library\h+)?project\h+(?P<name>[\w.]+)"),
                Rule(
                    kind="function",
                    pattern=_OVERRIDING + r"(?:procedure|function)\h+(?P<name>[\w.]+|\"[^\"\n]+\")",
                    semicolon_declares=True,
                ),
                Rule(
                    kind="class",
                    pattern=r"(?:task|protected)\h+(?:body\h+|type\h+)?(?P<name>[\w.]+)",
                    semicolon_declares=True,
                ),
                Rule(kind="function", pattern=r"entry\h+(?P<name>\w+)", semicolon_declares=True),
                Rule(
                    kind="struct",
                    pattern=r"type\h+(?P<name>\w+)[^;\n]*(?:\bis\h*$|\brecord\b)",
                    until=r"^\h*end\h+record\b",
                ),
                Rule(kind="type", pattern=r"(?:sub)?type\h+(?P<name>\w+)", end="line"),
                Rule(kind="type", pattern=r"(?P<name>\w+)\h*:\h*exception\b", end="line"),
                Rule(kind="constant", pattern=r"(?P<name>\w+)\h*:\h*constant\b", is_member=True),
            ),
            end="until",
            until=r"^{indent}end\b",
            header_end=r"\bis\b",
            short_body=r"is\s*(?:\(|new\b|abstract\b|null\b|separate\b|<>)",
            strings=r'"[^"\n]*"?' r"|(?<!\w)'[^\n]'",
            ignores_case=True,
            imports=r"(?:limited\h+|private\h+)?with\h+[\w., \h]+;|use\h",
            separators=(".",),
        )
    ),
)
