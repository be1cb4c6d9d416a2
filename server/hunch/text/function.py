"""The function at a line of a source: what a model reads of it, and where its documentation would stand. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hunch.text.languages import LANGUAGES, language_of
from hunch.text.outline import Definition, outline_of
from hunch.text.source_text import SourceText

__all__ = ["KINDS", "Function", "Room", "function_at"]

KINDS: Final = ("function", "method")
_COMPARED: Final = 40


@dataclass(frozen=True, slots=True)
class Room:
    """Where documentation goes: whole lines in front of a row, counted from 0, indented like what they document."""

    row: int
    indent: str


@dataclass(frozen=True, slots=True)
class Function:
    """A function or method. Lines are 1-based, the last one inclusive; comments and attributes above it count."""

    language: str
    kind: str
    name: str
    qualified_name: str
    documentation: str
    code: str
    """Signature and body, without documentation and attributes"""
    start_line: int
    end_line: int
    room: Room | None
    """None where it is documented, or where no line can stand that documents it"""


def function_at(path: str, source: bytes, line: int, language: str | None = None) -> Function | None:
    """Return the innermost function at a 1-based line, None when there is none.

    Without a language, the path and the source tell it.

    Functions inside another one that is short belong to it, as they do in the index.
    """
    language = language or language_of(path, source)
    if language is None:
        return None
    file = SourceText(path, language, source)
    here = [
        one for one in outline_of(file).definitions if one.kind in KINDS and one.start_row <= line - 1 <= one.end_row
    ]
    found = min(here, key=lambda one: one.end_row - one.start_row, default=None)
    if found is None:
        return None
    body = file.text(found.body_start, file.end_of_row(found.end_row)).strip("\n").rstrip()
    return Function(
        language=language,
        kind=found.kind,
        name=found.name,
        qualified_name=".".join(found.scope),
        documentation=found.documentation,
        code=f"{found.signature}\n{body}",
        start_line=found.start_row + 1,
        end_line=found.end_row + 1,
        room=None if found.documentation else _room_for(file, found),
    )


def _room_for(file: SourceText, definition: Definition) -> Room | None:
    language = LANGUAGES[file.language]
    comment = language.doc_comment
    if comment is None or (comment.is_refused and comment.is_refused(definition.signature, definition.decorators)):
        return None
    if comment.is_below_header:
        return _room_below(file, definition, language.line_comments[0])
    return _room_above(file, definition, language.grammar.decorator_word if language.grammar else "")


def _room_below(file: SourceText, definition: Definition, line_comment: str) -> Room | None:
    """In front of the first line of the body; a body on the signature's own line leaves no room."""
    if file.rest_of_row(definition.body_start).partition(line_comment)[0].strip(" \t:"):
        return None
    for row in range(definition.header_row + 1, definition.end_row + 1):
        text = file.lines[row].strip()
        if text and not text.startswith(line_comment):  # comments may stand at any indent
            return Room(definition.header_row + 1, _indent_of(file.lines[row]))
    return None


def _room_above(file: SourceText, definition: Definition, decorator_word: str) -> Room | None:
    """In front of the first line that is the definition's alone, below a shebang or a directive to a tool."""
    beginning = " ".join((definition.decorators or definition.signature).split())
    for row in range(definition.start_row, definition.header_row + 1):
        text = " ".join(file.lines[row].split()).removeprefix(decorator_word)
        length = min(len(text), len(beginning), _COMPARED)
        if length and text[:length] == beginning[:length]:
            return Room(row, _indent_of(file.lines[row]))
    return None


def _indent_of(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]
