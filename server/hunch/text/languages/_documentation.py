"""What people read about code: Markdown and its relatives, reStructuredText, AsciiDoc, Org, plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hunch.text.language import Language

if TYPE_CHECKING:
    from hunch.text.outline import Outline
    from hunch.text.source_text import SourceText

__all__ = ["DOCUMENTATION", "DOCUMENTATION_FOLDERS", "DOCUMENTATION_NAMES", "PLAIN_TEXT"]

PLAIN_TEXT: Final = "plaintext"
DOCUMENTATION_FOLDERS: Final = frozenset(
    "doc docs documentation guide guides manual manuals man help wiki book".split()
)
"""Text files in them are documentation."""
DOCUMENTATION_NAMES: Final = frozenset(
    "README CHANGELOG CHANGES HISTORY NEWS INSTALL CONTRIBUTING TODO ROADMAP UPGRADING MIGRATION MIGRATING HACKING "
    "FAQ SECURITY SUPPORT RELEASE RELEASES ARCHITECTURE DESIGN USAGE".split()
)
"""Text files called like this are documentation wherever they are, with or without an ending."""

_HTML: Final = (("<!--", "-->"),)


def _markdown(file: SourceText) -> Outline:
    from hunch.text.sections import markdown_sections  # which needs the languages itself

    return markdown_sections(file)


def _restructured_text(file: SourceText) -> Outline:
    from hunch.text.sections import restructured_text_sections

    return restructured_text_sections(file)


def _asciidoc(file: SourceText) -> Outline:
    from hunch.text.sections import asciidoc_sections

    return asciidoc_sections(file)


def _org(file: SourceText) -> Outline:
    from hunch.text.sections import org_sections

    return org_sections(file)


def _plain_text(file: SourceText) -> Outline:
    from hunch.text.sections import plain_text_sections

    return plain_text_sections(file)


DOCUMENTATION: Final = (
    Language(
        name="markdown",
        extensions=("md", "markdown", "mdown", "mkd", "mdx", "mdc", "rmd", "qmd"),
        aliases=("quarto", "rmarkdown"),
        line_comments=(),
        block_comments=_HTML,
        outline=_markdown,
        content="docs",
    ),
    Language(
        name="restructuredtext",
        extensions=("rst", "rest"),
        line_comments=(),
        block_comments=(),
        outline=_restructured_text,
        content="docs",
    ),
    Language(
        name="asciidoc",
        extensions=("adoc", "asciidoc"),
        line_comments=("//",),
        block_comments=(("////", "////"),),
        outline=_asciidoc,
        content="docs",
    ),
    Language(
        name="org",
        extensions=("org",),
        aliases=("orgmode",),
        line_comments=(),
        block_comments=(),
        outline=_org,
        content="docs",
    ),
    Language(
        name=PLAIN_TEXT,
        extensions=(),
        aliases=("txt", "text"),
        line_comments=(),
        block_comments=(),
        outline=_plain_text,
        content="docs",
    ),
)
