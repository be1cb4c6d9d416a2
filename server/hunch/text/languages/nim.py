"""Nim."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import QUOTES, LineRules, Rule, outlined_by

_NAME = r"(?P<name>\w+|`[^`\n]+`)"
_TYPE = r"\*?\h*(?:\[[^\]\n]*\]\h*)?(?:\{\.[^\n}]*\.?\}\h*)?=\h*"

LANGUAGE = Language(
    name="nim",
    extensions=("nim", "nims", "nimble"),
    line_comments=("#",),
    block_comments=(("#[", "]#"),),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(kind="function", pattern=r"(?:proc|func|method|iterator|converter)\h+" + _NAME),
                Rule(kind="macro", pattern=r"(?:template|macro)\h+" + _NAME),
                Rule(kind="enum", pattern=r"(?:type\h+)?" + _NAME + _TYPE + r"enum\b"),
                Rule(kind="struct", pattern=r"(?:type\h+)?" + _NAME + _TYPE + r"(?:(?:ref|ptr)\h+)?(?:object|tuple)\b"),
                Rule(kind="interface", pattern=r"(?:type\h+)?" + _NAME + _TYPE + r"concept\b"),
                Rule(kind="type", pattern=r"(?:type\h+)?" + _NAME + _TYPE + r"(?:distinct|proc|ref|ptr)\b", end="line"),
                Rule(kind="function", pattern=r"(?:suite|test|task)\h+\"?(?P<name>[^\"\n,:]+)\"?[^\n]*:\h*$"),
                Rule(kind="constant", pattern=r"const\h+(?P<name>\w+)", is_member=True),
            ),
            end="indent",
            header_end=r"=\h*$|=\h",
            strings=rf'"""(?s:.*?)(?:"""|\Z)|r"[^"\n]*"|{QUOTES}' r"|'(?:[^'\\\n]|\\[^'\n]{1,5})'",
            imports=r"(?:import|from|include|export)\h",
            documented_below=r"[^\n]{0,4}\n(?:\h*##[^\n]*\n)+",
            separators=(".",),
        )
    ),
)
