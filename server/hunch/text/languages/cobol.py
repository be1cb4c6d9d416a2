"""COBOL."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import APOSTROPHES, QUOTES, LineRules, Rule, outlined_by

LANGUAGE = Language(
    name="cobol",
    extensions=("cob", "cbl", "cpy"),
    line_comments=("*>", "*"),
    block_comments=(),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(
                    kind="module",
                    pattern=r"(?:\d{6}\h+)?(?:program|class|function)-id\h*\.\h*(?P<name>[\w-]+)",
                    end="rest",
                ),
                Rule(
                    kind="function",
                    pattern=r"(?:\d{6}\h+)?(?P<name>(?!(?:configuration|input-output|file|linkage|working-storage|local-storage|screen|report|communication)\h)[\w-]+)\h+section\h*\.",
                ),
                Rule(
                    kind="function",
                    pattern=r"(?:\d{6}\h{1,4})?(?P<name>(?!end-|\d+\b)[\w-]*[a-z][\w-]*)\h*\.\h*\d{0,8}\h*$",
                ),
                Rule(kind="struct", pattern=r"(?:\d{6}\h+)?(?:fd|sd)\h+(?P<name>[\w-]+)"),
                Rule(kind="field", pattern=r"(?:\d{6}\h+)?(?:01|77|78)\h+(?P<name>[\w-]+)", is_member=True),
            ),
            end="next",
            strings=rf"{QUOTES}|{APOSTROPHES}",
            comments=r"^[^\n]{6}[*/][^\n]*|\*>[^\n]*|^\*[^\n]*",
            keywords="exit goback continue else file-control special-names i-o-control repository eject skip1 skip2"
            " skip3 EXIT GOBACK CONTINUE ELSE FILE-CONTROL SPECIAL-NAMES"
            " I-O-CONTROL REPOSITORY EJECT SKIP1 SKIP2 SKIP3",
            ignores_case=True,
            separators=(),
        )
    ),
)
