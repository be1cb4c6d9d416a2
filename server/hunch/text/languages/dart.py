"""Dart."""

from __future__ import annotations

from hunch.text.language import C_BLOCK, Language
from hunch.text.line_rules import APOSTROPHES, QUOTES, LineRules, Rule, outlined_by

_MODIFIERS = r"(?:(?:external|static|final|const|late|covariant|abstract|factory|override|augment)\h+){0,4}"
_TYPE = r"(?:[\w$.]+(?:<[^\n(]{0,200}>)?\??|\([^()\n]{1,200}\)\??)"
_PARAMETERS = r"\h*(?:<[^\n(]{0,200}>)?\h*\("
_STRINGS = r"'{3}(?s:.*?)(?:'{3}|\Z)|\"{3}(?s:.*?)(?:\"{3}|\Z)"

LANGUAGE = Language(
    name="dart",
    extensions=("dart",),
    aliases=("flutter",),
    interpreters=("dart",),
    line_comments=("//",),
    block_comments=C_BLOCK,
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(
                    kind="class",
                    pattern=r"(?:(?:abstract|base|final|sealed|interface|mixin)\h+){0,3}class\h+(?P<name>\w+)",
                ),
                Rule(kind="trait", pattern=r"(?:base\h+)?mixin\h+(?P<name>\w+)"),
                Rule(kind="class", pattern=r"extension\h+(?:type\h+)?(?:const\h+)?(?P<name>\w+)"),
                Rule(kind="enum", pattern=r"enum\h+(?P<name>\w+)"),
                Rule(
                    kind="type",
                    pattern=r"typedef\h+(?:[\w<>?,.\h]{1,200}\h)?(?P<name>\w+)\h*(?:<[^=\n]{0,200}>)?\h*[=(]",
                ),
                Rule(
                    kind="function",
                    pattern=_MODIFIERS + _TYPE + r"?\h*(?<!\w)[gs]et\h+(?P<name>\w+)\h*(?:\(|=>|\{|async|;)",
                ),
                Rule(
                    kind="function",
                    pattern=_MODIFIERS + _TYPE + r"\h+(?P<name>operator\h*[^\s(\w]{1,3}|[\w$]+)" + _PARAMETERS,
                ),
                Rule(kind="function", pattern=_MODIFIERS + r"(?P<name>_?[A-Z][\w$]*(?:\.[\w$]+)?)\h*\(", inside=True),
                Rule(
                    kind="function",
                    pattern=r"(?P<name>[a-z_][\w$]*)\h*\([^()\n]*(?:\([^()\n]*\)[^()\n]*){0,4}\)\h*(?:a?sync\*?\h*)?(?:\{|=>)",
                    inside=True,
                ),
                Rule(kind="function", pattern=r"(?P<name>main)\h*\("),
            ),
            end="braces",
            strings=rf"{_STRINGS}|{QUOTES}|{APOSTROPHES}",
            keywords="if for while switch catch return assert new throw else await yield case when in is super this"
            " import export Function",
            imports=r"(?:import|export|part|library)\h",
            decorators=r"@\w",
        )
    ),
)
