"""Crystal."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import QUOTES, LineRules, Rule, outlined_by

LANGUAGE = Language(
    name="crystal",
    extensions=("cr",),
    interpreters=("crystal",),
    line_comments=("#",),
    block_comments=(),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(kind="class", pattern=r"(?:private\h+)?(?:abstract\h+)?class\h+(?P<name>[\w:]+)"),
                Rule(kind="struct", pattern=r"(?:private\h+)?(?:abstract\h+)?(?:struct|union|lib)\h+(?P<name>[\w:]+)"),
                Rule(kind="module", pattern=r"(?:private\h+)?module\h+(?P<name>[\w:]+)"),
                Rule(kind="enum", pattern=r"(?:private\h+)?enum\h+(?P<name>[\w:]+)"),
                Rule(
                    kind="function",
                    pattern=r"(?:(?:private|protected)\h+)?abstract\h+def\h+(?:self\.)?(?P<name>\w+[?!=]?)",
                    end="line",
                ),
                Rule(
                    kind="function",
                    pattern=r"(?:(?:private|protected)\h+)?def\h+(?:self\.)?(?P<name>[\w.]+[?!=]?|[^\s\w(]{1,4})",
                ),
                Rule(kind="macro", pattern=r"(?:private\h+)?macro\h+(?P<name>\w+[?!=]?)"),
                Rule(kind="type", pattern=r"(?:private\h+)?(?:alias|annotation)\h+(?P<name>[\w:]+)", end="line"),
                Rule(kind="constant", pattern=r"(?P<name>[A-Z][A-Z0-9_]+)\h*=", is_member=True),
            ),
            end="until",
            until=r"^{indent}end\b",
            one_line=r"(?:;|\h)end\h*$",
            strings=QUOTES + r"|'(?:[^'\\\n]|\\[^'\n]{1,9})'",
            imports=r"require\h",
            decorators=r"@\[",
            separators=("::", "."),
        )
    ),
)
