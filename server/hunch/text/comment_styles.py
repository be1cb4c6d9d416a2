"""Styles of documentation comments that several languages share."""

from __future__ import annotations

from hunch.text.language import CommentStyle

__all__ = ["block", "marked", "wrapped"]


def wrapped(sentence: str, width: int) -> list[str]:
    """Return a sentence in lines of so many columns."""
    import textwrap  # only what inserts comments needs it

    return textwrap.wrap(" ".join(sentence.split()), width, break_long_words=False, break_on_hyphens=False)


def block(sentence: str, width: int) -> list[str]:
    """Write a block comment that begins with `/**`."""
    lines = wrapped(sentence.replace("*/", "* /").replace("/*", "/ *"), width - 7)  # some languages nest comments
    return [f"/** {lines[0]} */"] if len(lines) == 1 else ["/**", *(f" * {line}" for line in lines), " */"]


def marked(first: str, rest: str | None = None) -> CommentStyle:
    """Return the style of line comments; the first one may have a marker of its own."""

    def style(sentence: str, width: int) -> list[str]:
        lines = wrapped(sentence, width - len(first) - 1)
        return [f"{first if number == 0 or rest is None else rest} {line}" for number, line in enumerate(lines)]

    return style
