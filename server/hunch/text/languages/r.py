"""R."""

from __future__ import annotations

from hunch.text.language import Language
from hunch.text.line_rules import APOSTROPHES, LineRules, Rule, outlined_by

LANGUAGE = Language(
    name="r",
    extensions=("r",),
    aliases=("rlang",),
    file_names=(".Rprofile",),
    interpreters=("Rscript",),
    line_comments=("#",),
    block_comments=(),
    outline=outlined_by(
        LineRules(
            rules=(
                Rule(
                    kind="function",
                    pattern=r"(?P<name>[\w.]+|`[^`\n]+`|\"[^\"\n]+\"|'[^'\n]+')\h*(?:<<?-|=)\h*(?:function\b|\\(?=\())",
                ),
                Rule(
                    kind="class",
                    pattern=r"(?P<name>[\w.]+)\h*(?:<<?-|=)\h*(?:R6::)?(?:R6Class|ggproto)\h*\(",
                    end="parens",
                ),
                Rule(
                    kind="class",
                    pattern=r"(?:[\w.]+\h*(?:<-|=)\h*)?set(?:Class|RefClass)\h*\(\h*[\"'](?P<name>[^\"'\n]+)",
                    end="parens",
                ),
                Rule(
                    kind="function",
                    pattern=r"set(?:Generic|Method|ReplaceMethod)\h*\(\h*[\"'](?P<name>[^\"'\n]+)",
                    end="parens",
                ),
            ),
            end="braces",
            newline_ends=True,
            strings=r'"(?:[^"\\]|\\(?s:.))*"?' rf"|{APOSTROPHES}|`[^`\n]*`",
            imports=r"(?:library|require|requireNamespace|source)\h*\(",
            separators=(),
        )
    ),
)
