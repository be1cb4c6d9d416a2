"""Julia."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import QUOTES, LineRules, Rule, outlined_by

_BEFORE = r"(?:(?:\w+\.)?@[\w.]+\h+){0,3}"

LANGUAGE = Language(
    name="julia",
    extensions=("jl",),
    aliases=("jl",),
    interpreters=("julia",),
    line_comments=("#",),
    block_comments=(("#=", "=#"),),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(kind="module", pattern=r"(?:bare)?module\h+(?P<name>\w+)", end="rest"),
                Rule(kind="function", pattern=_BEFORE + r"function\h+(?P<name>[^\s({;,]+)"),
                Rule(kind="macro", pattern=_BEFORE + r"macro\h+(?P<name>\w+!?)"),
                Rule(kind="struct", pattern=_BEFORE + r"(?:mutable\h+)?struct\h+(?P<name>\w+)"),
                Rule(kind="type", pattern=_BEFORE + r"(?:abstract|primitive)\h+type\h+(?P<name>\w+)", end="line"),
                Rule(
                    kind="function",
                    pattern=_BEFORE + r"(?P<name>(?:\w+\.){0,4}:?\(?[\w!]+)\)?(?:\{[^}\n]{0,200}\})?\([^\n]{0,400}?\)"
                    r"\h*(?:::[^=\n(]{1,100})?(?:where\h[^=\n]{1,100})?=(?![=>])",
                    end="indent",
                ),
                Rule(kind="constant", pattern=r"(?:global\h+)?const\h+(?P<name>\w+)", is_member=True),
            ),
            end="until",
            until=r"^{indent}end\b",
            one_line=r"\bend\h*;?\h*$",
            strings=rf'"""(?s:.*?)(?:"""|\Z)|{QUOTES}' r"|'(?:[^'\\\n]|\\[^'\n]{1,10})'",
            keywords="if for while return let begin try catch else elseif end do quote export using import in isa",
            imports=r"(?:using|import)\h|include\(",
            quoted_above='"""',
            decorators=r"@(?:inline|generated|propagate_inbounds)\h*$",
            separators=(".",),
        )
    ),
)
