"""Just."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import LineRules, Rule, outlined_by

LANGUAGE = Language(
    name="just",
    extensions=("just",),
    file_names=("justfile", "Justfile", ".justfile", "JUSTFILE"),
    interpreters=("just",),
    line_comments=("#",),
    block_comments=(),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(kind="constant", pattern=r"(?:export\h+)?(?P<name>[\w-]+)\h*:=", is_member=True),
                Rule(kind="type", pattern=r"alias\h+(?P<name>[\w-]+)\h*:=", end="line"),
                Rule(kind="function", pattern=r"(?<!\h)@?(?P<name>[A-Za-z_][\w-]*)(?:\h[^:\n]*)?:(?!=)"),
            ),
            end="indent",
            comments=r"^\h*#[^\n]*",
            strings="",
            keywords="set import mod unexport",
            decorators=r"\[[\w-]",
            separators=(),
        )
    ),
)
