"""A sentence as a documentation comment, in the style and at the place that each language has for it."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hunch.text.languages import LANGUAGES
from hunch.text.outline import Definition, outline_of
from hunch.text.source_text import SourceText

__all__ = ["Insertion", "insertion_of"]

_WIDTH: Final = 100
_LEAST_WIDTH: Final = 40


@dataclass(frozen=True, slots=True)
class Insertion:
    """Whole lines that go in front of a row, counted from 0."""

    row: int
    text: str


def insertion_of(path: str, language: str, source: bytes, line: int, sentence: str) -> Insertion | None:
    """Return where and how a sentence documents the function at a 1-based line.

    None when there is no function, it is documented already, or no line can stand where its documentation would.
    """
    file = SourceText(path, language, source)
    definition = _function_at(file, line - 1)
    if definition is None or definition.documentation:
        return None
    if language == "python":
        return _docstring(file, definition, sentence)
    indent = _indent_of(file.lines[definition.start_row])
    lines = _STYLES.get(language, _plain_style(language))(sentence, max(_LEAST_WIDTH, _WIDTH - len(indent)))
    return (
        Insertion(definition.start_row, "".join(f"{indent}{line}".rstrip() + "\n" for line in lines)) if lines else None
    )


def _function_at(file: SourceText, row: int) -> Definition | None:
    here = [
        one
        for one in outline_of(file).definitions
        if one.kind in ("function", "method") and one.start_row <= row <= one.end_row
    ]
    return min(here, key=lambda one: one.end_row - one.start_row, default=None)


def _docstring(file: SourceText, definition: Definition, sentence: str) -> Insertion | None:
    """Below the signature, in front of the first line of the body; a body on the signature's own line has no room."""
    row = definition.header_row + 1
    if file.rest_of_row(definition.body_start).partition("#")[0].strip(" \t:"):
        return None
    while row <= definition.end_row and not file.lines[row].strip():
        row += 1
    if row > definition.end_row:
        return None
    indent = _indent_of(file.lines[row])
    safe = sentence.replace("\\", "\\\\").replace('"""', "'''")
    safe = safe[:-1] + "'" if safe.endswith('"') else safe
    lines = _wrapped(safe, max(_LEAST_WIDTH, _WIDTH - len(indent) - 6))
    text = f'{indent}"""' + f"\n{indent}".join(lines) + ('"""\n' if len(lines) == 1 else f'\n{indent}"""\n')
    return Insertion(definition.header_row + 1, text)


def _indent_of(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _wrapped(sentence: str, width: int) -> list[str]:
    return textwrap.wrap(" ".join(sentence.split()), width, break_long_words=False, break_on_hyphens=False)


_Style = Callable[[str, int], list[str]]


def _block(sentence: str, width: int) -> list[str]:
    lines = _wrapped(sentence.replace("*/", "* /"), width - 7)
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
