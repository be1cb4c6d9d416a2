"""Erlang."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import APOSTROPHES, QUOTES, LineRules, Rule, outlined_by

LANGUAGE = Language(
    name="erlang",
    extensions=("erl", "hrl", "escript", "xrl", "yrl"),
    aliases=("erl",),
    file_names=("rebar.config",),
    interpreters=("escript",),
    line_comments=("%",),
    block_comments=(),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(kind="struct", pattern=r"-record\(\h*(?P<name>\w+|'[^'\n]+')"),
                Rule(kind="macro", pattern=r"-define\(\h*(?P<name>\w+)"),
                Rule(kind="type", pattern=r"-(?:type|opaque|nominal)\h+(?P<name>\w+|'[^'\n]+')\h*\("),
                Rule(kind="function", pattern=r"-(?:spec|callback)\h+(?P<name>\w+|'[^'\n]+')\h*\("),
                Rule(kind="function", pattern=r"(?<!\h)(?P<name>[a-z]\w*|'[^'\n]+')\h*\("),
            ),
            end="until",
            until=r"\.\h*$",
            one_line=r"\.\h*$",
            header_end=r"->",
            strings=rf"\$\\?\S|{QUOTES}|{APOSTROPHES}",
            imports=r"-(?:include|include_lib|import)\b",
            merges=True,
        )
    ),
)
