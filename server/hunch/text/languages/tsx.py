"""TypeScript with JSX: a grammar of its own in the same wheel."""

from __future__ import annotations

from dataclasses import replace

from hunch.text.comment_styles import block
from hunch.text.language import C_BLOCK, DocComment, Language
from hunch.text.languages.typescript import GRAMMAR

LANGUAGE = Language(
    name="tsx",
    extensions=("tsx",),
    line_comments=("//",),
    block_comments=C_BLOCK,
    grammar=replace(GRAMMAR, function="language_tsx"),
    doc_comment=DocComment(style=block),
)
