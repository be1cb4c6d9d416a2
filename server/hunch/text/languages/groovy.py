"""Groovy, Gradle and Jenkins pipelines."""

from __future__ import annotations

from hunch.text.language import C_BLOCK, Language
from hunch.text.line_rules import APOSTROPHES, QUOTES, LineRules, Rule, outlined_by

_MODIFIERS = r"(?:(?:public|private|protected|static|final|abstract|synchronized|default|native|@\w+)\h+){0,5}"
_TYPE = r"(?:<[^\n(]{1,80}>\h*)?[\w.]+(?:<[^\n(]{0,200}>)?(?:\[\])?"

LANGUAGE = Language(
    name="groovy",
    extensions=("groovy", "gvy", "gradle", "nf"),
    aliases=("gradle",),
    file_names=("Jenkinsfile",),
    interpreters=("groovy",),
    line_comments=("//",),
    block_comments=C_BLOCK,
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(kind="class", pattern=_MODIFIERS + r"class\h+(?P<name>\w+)"),
                Rule(kind="interface", pattern=_MODIFIERS + r"@?interface\h+(?P<name>\w+)"),
                Rule(kind="trait", pattern=_MODIFIERS + r"trait\h+(?P<name>\w+)"),
                Rule(kind="enum", pattern=_MODIFIERS + r"enum\h+(?P<name>\w+)"),
                Rule(
                    kind="function",
                    pattern=_MODIFIERS + r"def\h+(?P<name>\w+|'[^'\n]+'|\"[^\"\n]+\")\h*\(",
                    declared="drop",
                ),
                Rule(kind="function", pattern=_MODIFIERS + _TYPE + r"\h+(?P<name>\w+)\h*\(", declared="inside"),
                Rule(kind="function", pattern=_MODIFIERS + r"(?P<name>[A-Z]\w*)\h*\(", declared="drop", inside=True),
                Rule(kind="function", pattern=r"(?:task|process|workflow)\h+(?P<name>\w+)", declared="drop"),
                Rule(
                    kind="function",
                    pattern=r"tasks\.(?:register|create)\h*\(\h*['\"](?P<name>[^'\"\n]+)",
                    declared="drop",
                ),
                Rule(kind="function", pattern=r"stage\h*\(?\h*['\"](?P<name>[^'\"\n]+)['\"]\h*\)?\h*\{"),
                Rule(
                    kind="constant",
                    pattern=r"(?:(?:public|private|protected|static|final)\h+){2,4}[\w<>,\[\]]+\h+(?P<name>[A-Z][A-Z0-9_]+)\h*=",
                    is_member=True,
                ),
            ),
            end="braces",
            newline_ends=True,
            strings=rf"\"{{3}}(?s:.*?)(?:\"{{3}}|\Z)|'{{3}}(?s:.*?)(?:'{{3}}|\Z)|{QUOTES}|{APOSTROPHES}",
            keywords="if for while switch catch return assert new throw else case in package import try",
            imports=r"(?:import|package)\h",
            decorators=r"@\w",
            separators=(),
        )
    ),
)
