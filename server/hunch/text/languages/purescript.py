"""PureScript."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import QUOTES, LineRules, Rule, outlined_by

LANGUAGE = Language(
    name="purescript",
    extensions=("purs",),
    line_comments=("--",),
    block_comments=(("{-", "-}"),),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(
                    kind="type",
                    pattern=r"(?<!\h)(?:data|newtype|type|foreign\h+import\h+data)\h+(?!role\b|instance\b)(?P<name>[A-Z][\w']*)",
                ),
                Rule(kind="class", pattern=r"(?<!\h)class\h+(?:[^\n]{1,300}<=\h*)?(?P<name>[A-Z][\w']*)"),
                Rule(
                    kind="class",
                    pattern=r"(?<!\h)(?:else\h+)?(?:derive\h+(?:newtype\h+)?)?instance\h+(?P<name>[a-z][\w']*)\h*::",
                ),
                Rule(
                    kind="class",
                    pattern=r"(?<!\h)(?:else\h+)?(?:derive\h+(?:newtype\h+)?)?instance\h+(?:[^\n]{1,300}=>\h*)?(?P<name>[A-Z][\w'.]*[^\n=]{0,100}?)\h*(?:where\h*)?$",
                ),
                Rule(
                    kind="function",
                    pattern=r"(?<!\h)(?:foreign\h+import\h+)?(?P<name>(?!data\b|type\b|newtype\b|class\b|instance\b|derive\b|foreign\b)[a-z_][\w']*)\h*(?:::|[^=:\n]{0,300}=(?![=>])|[^=:\n|]{1,300}$|[^=:\n]{1,300}\|)",
                ),
            ),
            end="indent",
            header_end=r"=(?![=>])|\bwhere\b",
            strings=rf'"""(?s:.*?)(?:"""|\Z)|{QUOTES}',
            keywords="import module if case of let in where then infixl infixr infix",
            merges=True,
            imports=r"(?<!\h)import\h",
            separators=(),
        )
    ),
)
