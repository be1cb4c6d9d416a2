"""Terraform and other HCL."""

from __future__ import annotations

from hunch.text.language import C_BLOCK, Language
from hunch.text.line_rules import QUOTES, LineRules, Rule, outlined_by

LANGUAGE = Language(
    name="terraform",
    extensions=("tf", "tfvars", "hcl", "tofu"),
    aliases=("hcl", "tf"),
    line_comments=("#", "//"),
    block_comments=C_BLOCK,
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(
                    kind="type",
                    pattern=r"(?:resource|data|ephemeral)\h+\"(?P<scope>[^\"\n]+)\"\h+\"(?P<name>[^\"\n]+)\"",
                ),
                Rule(kind="module", pattern=r"module\h+\"(?P<name>[^\"\n]+)\""),
                Rule(kind="constant", pattern=r"(?:variable|output)\h+\"(?P<name>[^\"\n]+)\""),
                Rule(
                    kind="module",
                    pattern=r"(?:provider|backend|check|source|build|job|group|task|target)\h+(?:\"(?P<scope>[^\"\n]+)\"\h+)?\"(?P<name>[^\"\n]+)\"",
                ),
                Rule(kind="module", pattern=r"(?P<name>locals|terraform)\h*\{"),
            ),
            end="braces",
            newline_ends=True,
            strings=rf"<<-?(?P<heredoc>\w+)\n(?s:.*?)(?:^\h*(?P=heredoc)\b|\Z)|{QUOTES}",
            documented_below=r'\s*\{\s*description\h*=\h*"([^"\n]*)"',
            separators=(),
        )
    ),
)
