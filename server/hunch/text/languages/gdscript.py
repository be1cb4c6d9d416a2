"""GDScript."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import APOSTROPHES, QUOTES, LineRules, Rule, outlined_by

LANGUAGE = Language(
    name="gdscript",
    extensions=("gd",),
    aliases=("godot",),
    line_comments=("#",),
    block_comments=(),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(kind="class", pattern=r"class\h+(?P<name>\w+)"),
                Rule(kind="type", pattern=r"class_name\h+(?P<name>\w+)", end="line"),
                Rule(kind="function", pattern=r"(?:static\h+|remote\h+|@\w+\h+){0,3}func\h+(?P<name>\w+)"),
                Rule(kind="enum", pattern=r"enum\h+(?P<name>\w+)"),
                Rule(kind="field", pattern=r"signal\h+(?P<name>\w+)", is_member=True),
                Rule(kind="constant", pattern=r"const\h+(?P<name>\w+)", is_member=True),
            ),
            end="indent",
            strings=rf"\"{{3}}(?s:.*?)(?:\"{{3}}|\Z)|{QUOTES}|{APOSTROPHES}",
            imports=r"extends\h",
            decorators=r"@\w",
            separators=(),
        )
    ),
)
