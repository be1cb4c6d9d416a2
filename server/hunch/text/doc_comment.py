"""A sentence as a documentation comment, in the style and at the place that its language declares. Pure."""

from __future__ import annotations

from typing import Final

from hunch.text.function import Function
from hunch.text.languages import LANGUAGES

__all__ = ["documentation_lines"]

_WIDTH: Final = 100
_LEAST_WIDTH: Final = 40


def documentation_lines(function: Function, sentence: str) -> str:
    """Return the lines that document a function, to be put in front of ``function.room.row``.

    Nothing where there is no room, or where the language has no such comments.
    """
    language = LANGUAGES.get(function.language)
    if function.room is None or not sentence.strip() or language is None or language.doc_comment is None:
        return ""
    style, exception = language.doc_comment.style, language.doc_comment.exception
    if exception is not None and function.code.startswith(exception[0]):
        style = exception[1]
    indent = function.room.indent
    lines = style(sentence, max(_LEAST_WIDTH, _WIDTH - len(indent)))
    return "".join(f"{indent}{line}".rstrip() + "\n" for line in lines)
