"""OCaml."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import LineRules, Rule, outlined_by

_NAME = r"(?P<name>[\w']+)"
_LET = r"let(?:%\w+)?\h+(?:rec\h+)?(?:\[@[^\]\n]*\]\h*)?"
_PARAMETERS = r"(?:[+-]?'\w+\h+|\([^)\n]*\)\h+)?"

LANGUAGE = Language(
    name="ocaml",
    extensions=("ml", "mli", "mll", "mly"),
    aliases=("ml",),
    interpreters=("ocaml",),
    line_comments=(),
    block_comments=(("(*", "*)"),),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(kind="", pattern=r"let(?:%\w+)?\h+(?:rec\h+)?(?P<name>\(\)|_)(?=[\h=:])"),
                Rule(
                    kind="function",
                    pattern=_LET + _NAME + r"(?:\h+(?=[^=\h:])|\h*:[^=\n]*->|\h*=\h*(?:fun|function)\b|\h*$)",
                ),
                Rule(kind="function", pattern=_LET + r"\(\h*(?P<name>[^\w\s()]{1,6}|(?:let|and)[*+])\h*\)"),
                Rule(kind="constant", pattern=_LET + _NAME + r"\h*[=:]"),
                Rule(kind="type", pattern=r"type\h+(?:nonrec\h+)?" + _PARAMETERS + _NAME),
                Rule(kind="function", pattern=r"and\h+(?!type\b|module\b)" + _NAME + r"\h+(?=[^=\h:])"),
                Rule(kind="type", pattern=r"and\h+" + _PARAMETERS + _NAME + r"\h*="),
                Rule(kind="interface", pattern=r"module\h+type\h+(?:of\h+)?" + _NAME),
                Rule(kind="module", pattern=r"module\h+(?:rec\h+)?" + _NAME),
                Rule(kind="class", pattern=r"class\h+(?:type\h+)?(?:virtual\h+)?(?:\[[^\]\n]*\]\h*)?" + _NAME),
                Rule(kind="method", pattern=r"method!?\h+(?:(?:private|virtual)\h+){0,2}" + _NAME),
                Rule(kind="function", pattern=r"(?:external|val)\h+(?:\(\h*)?(?P<name>[\w']+|[^\w\s()]{1,6})"),
                Rule(kind="type", pattern=r"exception\h+" + _NAME),
            ),
            end="next",
            header_end=r"=",
            strings=r'"(?:[^"\\]|\\(?s:.))*"?'
            r"|'(?:[^'\\\n]|\\[^'\n]{1,5})'|\{(?P<quote>[a-z_]*)\|(?s:.*?)(?:\|(?P=quote)\}|\Z)",
            imports=r"(?:open!?|include)\h+[A-Z]",
            decorators=r"\[@@",
        )
    ),
)
