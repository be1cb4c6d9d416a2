"""Languages of pages and components: what their scripts define is found by the grammars of the scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hunch.text.language import C_BLOCK, Language

if TYPE_CHECKING:
    from hunch.text.outline import Outline
    from hunch.text.source_text import SourceText

__all__ = ["EMBEDDING", "SCRIPTS"]

_HTML: Final = (("<!--", "-->"),)


SCRIPTS: Final = {
    "js": "javascript", "jsx": "javascript", "javascript": "javascript", "module": "javascript",
    "text/javascript": "javascript", "application/javascript": "javascript", "text/babel": "javascript",
    "ts": "typescript", "typescript": "typescript", "text/typescript": "typescript", "tsx": "tsx",
}  # fmt: skip
"""Languages of scripts, by what their `lang` or `type` says."""


def _scripts(file: SourceText) -> Outline:
    from hunch.text.embedded import outline_scripts  # it needs the languages, of which these are some

    return outline_scripts(file, SCRIPTS, "javascript", is_fenced=False)


def _fenced_scripts(file: SourceText) -> Outline:
    from hunch.text.embedded import outline_scripts

    return outline_scripts(file, SCRIPTS, "typescript", is_fenced=True)


EMBEDDING: Final = (
    Language(
        name="html",
        extensions=("html", "htm", "xhtml"),
        aliases=("htm",),
        line_comments=(),
        block_comments=_HTML,
        outline=_scripts,
    ),
    *(
        Language(
            name=name,
            extensions=(name,),
            line_comments=("//",),
            block_comments=(*_HTML, *C_BLOCK),
            outline=outline,
        )
        for name, outline in (("vue", _scripts), ("svelte", _scripts), ("astro", _fenced_scripts))
    ),
)
