"""Pascal and Delphi."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import LineRules, Rule, outlined_by

_TYPE = r"(?P<name>\w+)(?:<[^>\n]*>)?\h*=\h*"

LANGUAGE = Language(
    name="pascal",
    extensions=("pas", "pp", "dpr", "lpr", "dpk"),
    aliases=("delphi",),
    line_comments=("//",),
    block_comments=(("{", "}"), ("(*", "*)")),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(
                    kind="class",
                    pattern=_TYPE
                    + r"(?:packed\h+)?(?:class|object)\b(?!\h+(?:of|helper)\b)(?!\h*(?:\([^)\n]*\))?\h*;)",
                ),
                Rule(kind="class", pattern=_TYPE + r"(?:class|record)\h+helper\b"),
                Rule(kind="struct", pattern=_TYPE + r"(?:packed\h+|bitpacked\h+)?record\b"),
                Rule(kind="interface", pattern=_TYPE + r"(?:disp)?interface\b(?!\h*;)"),
                Rule(
                    kind="type",
                    pattern=_TYPE + r"(?=\S)(?:\(|set\h+of|array\b|\^|class\b|"
                    r"reference\b|procedure|function|type\b|packed|interface\b)",
                    end="line",
                ),
                Rule(
                    kind="function",
                    pattern=r"(?:class\h+)?(?:procedure|function|constructor|destructor|operator)\h+(?P<name>\w+(?:<[^>\n]*>)?(?:\.\w+){0,4})",
                    declared="documented",
                ),
            ),
            end="until",
            until=r"^{indent}end\b\h*[;.]?",
            strings=r"'[^'\n]*'?",
            comments=r"\{(?s:.*?)(?:\}|\Z)|\(\*(?s:.*?)(?:\*\)|\Z)|//[^\n]*",
            ignores_case=True,
            separators=(".",),
        )
    ),
)
