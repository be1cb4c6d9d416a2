"""GraphQL."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import QUOTES, LineRules, Rule, outlined_by

_EXTEND = r"(?:extend\h+)?"

LANGUAGE = Language(
    name="graphql",
    extensions=("graphql", "gql", "graphqls"),
    aliases=("gql",),
    line_comments=("#",),
    block_comments=(('"""', '"""'),),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(kind="type", pattern=_EXTEND + r"(?:type|input)\h+(?P<name>\w+)"),
                Rule(kind="interface", pattern=_EXTEND + r"interface\h+(?P<name>\w+)"),
                Rule(kind="enum", pattern=_EXTEND + r"enum\h+(?P<name>\w+)"),
                Rule(kind="type", pattern=_EXTEND + r"(?:union|scalar)\h+(?P<name>\w+)", end="indent"),
                Rule(kind="macro", pattern=r"directive\h+@(?P<name>\w+)", end="indent"),
                Rule(kind="query", pattern=r"(?:query|mutation|subscription|fragment)\h+(?P<name>\w+)"),
            ),
            end="braces",
            newline_ends=True,
            comments=r"#[^\n]*",
            strings=rf'"""(?s:.*?)(?:"""|\Z)|{QUOTES}',
            quoted_above='"""',
            imports=r"#import\h",
        )
    ),
)
