"""PowerShell."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import LineRules, Rule, outlined_by

LANGUAGE = Language(
    name="powershell",
    extensions=("ps1", "psm1", "psd1"),
    aliases=("ps1", "pwsh"),
    interpreters=("pwsh",),
    line_comments=("#",),
    block_comments=(("<#", "#>"),),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(
                    kind="function",
                    pattern=r"(?:function|filter|workflow|configuration)\h+(?:(?:global|script|local|private):)?(?P<name>[\w.:-]+)",
                ),
                Rule(kind="class", pattern=r"class\h+(?P<name>\w+)"),
                Rule(kind="enum", pattern=r"enum\h+(?P<name>\w+)"),
                Rule(
                    kind="method",
                    pattern=r"(?:(?:static|hidden)\h+){0,2}(?:\[[^\n=(]{1,80}\]\h*)?(?:(?:static|hidden)\h+)?(?P<name>\w+)\h*\(",
                    inside=True,
                ),
                Rule(kind="function", pattern=r"(?:Describe|Context|It)\h+(?P<name>'[^'\n]+'|\"[^\"\n]+\")"),
            ),
            end="braces",
            newline_ends=True,
            strings=r"@\"\h*\n(?s:.*?)(?:^\"@|\Z)|@'\h*\n(?s:.*?)(?:^'@|\Z)|\"(?:[^\"`\n]|`.|\"\")*\"?|'[^'\n]*'?",
            comments=r"<#(?s:.*?)(?:#>|\Z)|(?<![\w$`])#[^\n]*",
            ignores_case=True,
            keywords="if else elseif foreach for while switch catch param return until trap",
            imports=r"(?:using|Import-Module)\h",
            documented_below=r"\s*\{\s*<#\s*(?:\.SYNOPSIS\s*)?((?s:.*?))#>",
            decorators=r"\[[A-Z]\w+\(",
            separators=(),
        )
    ),
)
