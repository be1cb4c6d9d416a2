"""Perl."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import LineRules, Rule, outlined_by

LANGUAGE = Language(
    name="perl",
    extensions=("pl", "pm", "t"),
    aliases=("pl",),
    file_names=("Makefile.PL", "Build.PL", "cpanfile"),
    interpreters=("perl",),
    line_comments=("#",),
    block_comments=(),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(kind="module", pattern=r"(?:package|class|role)\h+(?P<name>[\w:']+)[^{}\n]*;", end="rest"),
                Rule(kind="module", pattern=r"(?:package|class|role)\h+(?P<name>[\w:']+)"),
                Rule(
                    kind="function",
                    pattern=r"(?:(?:my|our|state)\h+)?(?:async\h+)?sub\h+(?P<name>[\w:']+)",
                    declared="drop",
                ),
                Rule(kind="method", pattern=r"(?:method|fun)\h+(?P<name>[\w:']+)\h*[({]", declared="drop"),
                Rule(kind="constant", pattern=r"use\h+constant\h+(?P<name>\w+)\h*=>", is_member=True),
                Rule(kind="field", pattern=r"has\h+['\"]?\+?(?P<name>\w+)['\"]?\h*(?:=>|;|\()", is_member=True),
            ),
            end="until",
            until=r"^{indent}\}",
            one_line=r"\}\h*;?\h*$|^[^{}\n]*;\h*$",
            comments=r"^=[a-zA-Z](?s:.*?)(?:^=cut\b[^\n]*|\Z)|^__(?:END|DATA)__(?s:.*)|(?<![$\w&@%{/\\])#[^\n]*",
            header_end=r"\{",
            imports=r"(?:use|no|require)\h+[\w:']+",
        )
    ),
)
