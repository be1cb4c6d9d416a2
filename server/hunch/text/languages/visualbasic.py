"""Visual Basic and VBA."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import LineRules, Rule, outlined_by

_MODIFIERS = (
    r"(?:(?:public|private|protected|friend|shared|static|overrides|overridable|mustoverride|mustinherit|notinheritable"
    r"|partial|async|shadows|overloads|readonly|default|iterator)\h+){0,6}"
)

LANGUAGE = Language(
    name="visualbasic",
    extensions=("vb", "bas", "vbs", "frm"),
    aliases=("vb", "vba"),
    line_comments=("'",),
    block_comments=(),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(kind="class", pattern=_MODIFIERS + r"class\h+(?P<name>\w+)", until=r"^{indent}end\h+class\b"),
                Rule(
                    kind="module",
                    pattern=_MODIFIERS + r"(?:module|namespace)\h+(?P<name>[\w.]+)",
                    until=r"^{indent}end\h+(?:module|namespace)\b",
                ),
                Rule(
                    kind="interface",
                    pattern=_MODIFIERS + r"interface\h+(?P<name>\w+)",
                    until=r"^{indent}end\h+interface\b",
                ),
                Rule(
                    kind="struct",
                    pattern=_MODIFIERS + r"(?:structure|type)\h+(?P<name>\w+)",
                    until=r"^{indent}end\h+(?:structure|type)\b",
                ),
                Rule(kind="enum", pattern=_MODIFIERS + r"enum\h+(?P<name>\w+)", until=r"^{indent}end\h+enum\b"),
                Rule(
                    kind="function",
                    pattern=_MODIFIERS + r"(?:sub|function|operator)\h+(?P<name>\w+)",
                    until=r"^\h*end\h+(?:sub|function|operator)\b",
                ),
                Rule(
                    kind="function",
                    pattern=_MODIFIERS + r"property\h+(?:(?:get|let|set)\h+)?(?P<name>\w+)",
                    until=r"^\h*end\h+property\b",
                ),
                Rule(kind="constant", pattern=_MODIFIERS + r"const\h+(?P<name>\w+)", is_member=True),
            ),
            end="until",
            strings=r'"[^"\n]*"?',
            comments=r"'[^\n]*|^\h*rem\b[^\n]*",
            ignores_case=True,
            imports=r"imports\h",
            decorators=r"<\w",
            separators=(),
        )
    ),
)
