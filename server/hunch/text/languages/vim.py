"""Vim script."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import QUOTES, LineRules, Rule, outlined_by

LANGUAGE = Language(
    name="vim",
    extensions=("vim",),
    aliases=("viml", "vimscript"),
    file_names=(".vimrc", "vimrc", "_vimrc", ".gvimrc"),
    line_comments=('"',),
    block_comments=(),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(
                    kind="function",
                    pattern=r":?\h*fu(?:n(?:c(?:tion)?)?)?!?\h+(?P<name>[\w:#.<>{}$-]+)\h*\(",
                    until=r"^\h*:?\h*endf",
                ),
                Rule(
                    kind="function",
                    pattern=r"(?:export\h+)?(?:static\h+)?def!?\h+(?P<name>[\w:#.<>]+)\h*\(",
                    until=r"^\h*enddef\b",
                ),
                Rule(
                    kind="class",
                    pattern=r"(?:export\h+)?(?:abstract\h+)?class\h+(?P<name>\w+)",
                    until=r"^\h*endclass\b",
                ),
                Rule(
                    kind="macro",
                    pattern=r":?\h*com(?:m(?:a(?:nd?)?)?)?!?\h+(?:-\S+\h+){0,8}(?P<name>[A-Z]\w*)",
                    end="line",
                ),
                Rule(kind="constant", pattern=r"(?:const|let)\h+(?P<name>[gs]:[\w#]+)\h*=", is_member=True),
            ),
            end="until",
            comments=r'^\h*:?\h*"[^\n]*|^\h*#(?=\h)[^\n]*',
            strings=rf"{QUOTES}|'[^'\n]*'?",
            separators=("#", ":"),
        )
    ),
)
