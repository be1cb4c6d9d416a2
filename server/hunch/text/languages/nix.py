"""Nix."""

from __future__ import annotations

from hunch.text.language import C_BLOCK, Language
from hunch.text.line_rules import LineRules, Rule, outlined_by

_NAME = r"(?P<name>[\w'-]+(?:\.[\w'-]+){0,6})"

LANGUAGE = Language(
    name="nix",
    extensions=("nix",),
    line_comments=("#",),
    block_comments=C_BLOCK,
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(
                    kind="function",
                    pattern=_NAME + r"\h*=\h*(?:\{[^}=\n]*(?:\?[^}\n]*)?\}\h*(?:@\h*\w+\h*)?:(?!:)|"
                    r"[\w'-]+\h*(?:@\h*\{[^}\n]*\}\h*)?:(?=\s))",
                ),
                Rule(
                    kind="constant",
                    pattern=_NAME + r"\h*=\h*(?:\w+\.){0,3}"
                    r"(?:mk\w+|types\.submodule\w*|buildPythonPackage|build\w+|write\w+|override\w*)\b",
                ),
            ),
            end="indent",
            strings=r"''(?s:.*?)(?:''(?!['$\\])|\Z)" r'|"(?:[^"\\]|\\(?s:.))*"?',
            separators=(".",),
        )
    ),
)
