"""Makefiles."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import LineRules, Rule, outlined_by

LANGUAGE = Language(
    name="makefile",
    extensions=("mk", "mak", "make"),
    aliases=("make",),
    file_names=("Makefile", "makefile", "GNUmakefile", "Makefile.am", "Makefile.in", "Kbuild", "BSDmakefile"),
    interpreters=("make",),
    line_comments=("#",),
    block_comments=(),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(
                    kind="macro",
                    pattern=r"(?:override\h+)?define\h+(?P<name>[^\s=]+)",
                    end="until",
                    until=r"^\h*endef\b",
                ),
                Rule(
                    kind="constant",
                    pattern=r"(?:(?:export|override|private)\h+){0,2}(?P<name>[\w./%-]+)\h*(?:::?:?|[?+!])?=",
                    is_member=True,
                ),
                Rule(
                    kind="function",
                    pattern=r"(?<!\h)(?!\.[A-Z_]+\b)(?P<name>(?:[\w./%+@*\\~-]|\$[({][^)}\s]*[)}]|\$\w){1,300})"
                    r"(?:\h+[^\s:=]{1,300}){0,30}\h*&?::?(?!=)",
                ),
            ),
            end="indent",
            comments=r"(?:^|(?<=\h))#[^\n]*",
            strings="",
            keywords="ifeq ifneq ifdef ifndef else endif export unexport include vpath",
            imports=r"[-s]?include\h",
            separators=(),
        )
    ),
)
