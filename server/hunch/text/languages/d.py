"""D."""

from __future__ import annotations

from hunch.text.language import C_BLOCK, Language
from hunch.text.line_rules import QUOTES, LineRules, Rule, outlined_by

_ATTRIBUTES = (
    r"(?:(?:public|private|protected|package|export|static|final|abstract|override|const|immutable|shared|inout|pure"
    r"|nothrow|extern\h*\([^)\n]*\)|deprecated\h*\([^)\n]*\)|@\w+|__gshared|synchronized|ref|return|scope)\h+){0,8}"
)
_TYPE = r"(?:auto|[\w.!]+(?:\h*\([^()\n]{0,100}\))?(?:\[[^\]\n]{0,60}\]|\*){0,4})"

LANGUAGE = Language(
    name="d",
    extensions=("d", "di"),
    aliases=("dlang",),
    interpreters=("rdmd",),
    line_comments=("//",),
    block_comments=(("/+", "+/"), *C_BLOCK),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(kind="class", pattern=_ATTRIBUTES + r"class\h+(?P<name>\w+)"),
                Rule(kind="interface", pattern=_ATTRIBUTES + r"interface\h+(?P<name>\w+)"),
                Rule(kind="struct", pattern=_ATTRIBUTES + r"(?:struct|union)\h+(?P<name>\w+)"),
                Rule(kind="enum", pattern=_ATTRIBUTES + r"enum\h+(?P<name>\w+)\h*(?::[^{;=\n]*)?(?:\{|$)"),
                Rule(
                    kind="constant", pattern=_ATTRIBUTES + r"enum\h+(?:[\w.\[\]]+\h+)?(?P<name>\w+)\h*=", is_member=True
                ),
                Rule(kind="trait", pattern=_ATTRIBUTES + r"(?:mixin\h+)?template\h+(?P<name>\w+)"),
                Rule(kind="type", pattern=_ATTRIBUTES + r"alias\h+(?P<name>\w+)\h*(?:\([^)\n]*\)\h*)?=", end="line"),
                Rule(kind="method", pattern=_ATTRIBUTES + r"(?P<name>~?this)\h*\(", inside=True),
                Rule(kind="function", pattern=_ATTRIBUTES + _TYPE + r"[\h\]*](?P<name>\w+)\h*\(", declared="inside"),
                Rule(kind="", pattern=_ATTRIBUTES + r"(?P<name>unittest)\b"),
            ),
            end="braces",
            strings=rf"`[^`]*`?|r\"[^\"]*\"?|{QUOTES}" r"|'(?:[^'\\\n]|\\[^'\n]{1,9})'",
            keywords="if for foreach foreach_reverse while switch catch return assert new throw else case in import"
            " delete goto"
            " with cast version debug pragma",
            imports=r"(?:(?:public|private|static)\h+)?(?:import|module)\h",
            decorators=r"@\w+",
            separators=(),
        )
    ),
)
