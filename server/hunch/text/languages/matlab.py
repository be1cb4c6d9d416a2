"""MATLAB and Octave."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import QUOTES, LineRules, Rule, outlined_by

LANGUAGE = Language(
    name="matlab",
    extensions=("mlx", "matlab"),
    aliases=("octave",),
    interpreters=("octave",),
    line_comments=("%", "#"),
    block_comments=(("%{", "%}"),),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(kind="class", pattern=r"classdef\h*(?:\([^)\n]*\)\h*)?(?P<name>\w+)", end="rest"),
                Rule(kind="function", pattern=r"function\h+(?:\[[^\]\n]*\]\h*=\h*|\w+\h*=\h*)?(?P<name>[\w.]+)"),
            ),
            end="next",
            strings=QUOTES + r"|(?<![\w)\]}.'])'(?:[^'\n]|'')*'?",
            comments=r"^\h*[%#]\{\h*$(?s:.*?)(?:^\h*[%#]\}\h*$|\Z)|[%#][^\n]*",
            imports=r"import\h",
            documented_below=r"\n(?:\h*[%#][^\n]*\n)+",
        )
    ),
)
