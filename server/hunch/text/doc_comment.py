"""A sentence as a documentation comment, in the style and at the place that each language has for it. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Final

from hunch.text.function import Function
from hunch.text.languages import LANGUAGES

__all__ = ["documentation_lines"]

_WIDTH: Final = 100
_LEAST_WIDTH: Final = 40


def documentation_lines(function: Function, sentence: str) -> str:
    """Return the lines that document a function, to be put in front of ``function.room.row``.

    Nothing where there is no room, or where the language has no comments.
    """
    if function.room is None or not sentence.strip():
        return ""
    indent = function.room.indent
    style = _STYLES.get(function.language) or _plain_style(function.language)
    if function.language == "elixir" and function.code.startswith(("defp ", "defguardp ", "defmacrop ")):
        style = _marked("#")  # the compiler throws away what @doc says of private ones
    lines = style(sentence, max(_LEAST_WIDTH, _WIDTH - len(indent)))
    return "".join(f"{indent}{line}".rstrip() + "\n" for line in lines)


def _wrapped(sentence: str, width: int) -> list[str]:
    return textwrap.wrap(" ".join(sentence.split()), width, break_long_words=False, break_on_hyphens=False)


_Style = Callable[[str, int], list[str]]
"""Of a sentence and the columns that a line has"""


def _docstring(sentence: str, width: int) -> list[str]:
    safe = sentence.replace("\\", "\\\\").replace('"""', "'''")
    safe = safe[:-1] + "'" if safe.endswith('"') else safe
    lines = _wrapped(safe, width - 6)
    lines[0] = f'"""{lines[0]}'
    return [f'{lines[0]}"""'] if len(lines) == 1 else [*lines, '"""']


def _block(sentence: str, width: int) -> list[str]:
    lines = _wrapped(sentence.replace("*/", "* /").replace("/*", "/ *"), width - 7)  # some languages nest comments
    return [f"/** {lines[0]} */"] if len(lines) == 1 else ["/**", *(f" * {line}" for line in lines), " */"]


def _marked(first: str, rest: str | None = None) -> _Style:
    """Line comments; the first one may have a marker of its own."""

    def style(sentence: str, width: int) -> list[str]:
        lines = _wrapped(sentence, width - len(first) - 1)
        return [f"{first if number == 0 or rest is None else rest} {line}" for number, line in enumerate(lines)]

    return style


def _summary_tag(sentence: str, width: int) -> list[str]:
    safe = sentence.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return [f"/// {line}" for line in ("<summary>", *_wrapped(safe, width - 4), "</summary>")]


def _attribute(sentence: str, width: int) -> list[str]:
    safe = sentence.replace("\\", "\\\\").replace('"', "'").replace("#{", "# {")
    return [f'@doc "{" ".join(safe.split())}"']


_STYLES: Final[dict[str, _Style]] = {
    "python": _docstring,
    **dict.fromkeys(("javascript", "typescript", "tsx", "java", "php", "c", "cpp", "kotlin", "scala"), _block),
    **dict.fromkeys(("rust", "swift", "zig"), _marked("///")),
    "csharp": _summary_tag,
    "elixir": _attribute,
    "haskell": _marked("-- |", "--"),
    "lua": _marked("---"),
}


def _plain_style(language: str) -> _Style:
    """The ordinary comments of a language that has no comments of its own for documentation: Go, Ruby, shells, SQL."""
    known = LANGUAGES.get(language)
    return _marked(known.line_comments[0]) if known and known.line_comments else lambda sentence, width: []
