"""Notebooks: the cells of an `.ipynb` file, each with the lines of the file that it stands in.

The JSON is read by a scan of its tokens, since a parser does not say where things stand, and a broken file still has
cells. What the cells have put out is passed over.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hunch.text.language import Cell, Language

if TYPE_CHECKING:
    from hunch.text.source_text import SourceText

__all__ = ["NOTEBOOK", "NOTEBOOK_ENDING", "without_outputs"]

NOTEBOOK_ENDING: Final = ".ipynb"

_PROSE: Final = "markdown"
_USUAL: Final = "python"
_STRING: Final = r'"[^"\\\n]*(?:\\.[^"\\\n]*)*"?'
_TOKEN: Final = re.compile(rf"({_STRING})|([{{}}\[\]:,\n])")
_TOKEN_OF_BYTES: Final = re.compile(rf"({_STRING})|([{{}}\[\]:])".encode())
_CELL_MAGIC: Final = re.compile(r"[ \t]*%%[ \t]*(\w+)")
_MAGIC: Final = re.compile(r"[ \t]*[%!]")
_OUTPUTS: Final = (b"outputs", b"attachments")
_SOURCES: Final = ("source", "input")


def without_outputs(data: bytes) -> bytes:
    """A notebook without what its cells have put out and without pictures, with the same lines; it may be broken."""
    kept: list[bytes] = []
    copied, depth, left_at, start = 0, 0, -1, 0
    word = key = b""
    for token in _TOKEN_OF_BYTES.finditer(data):
        sign = token[2]
        if sign is None:
            word = token[1].strip(b'"')
        elif sign == b":":
            key = word
        elif sign in b"{[":
            if left_at < 0 and key in _OUTPUTS:
                left_at, start = depth, token.end()
            depth += 1
            key = b""
        else:
            depth -= 1
            key = b""
            if depth == left_at >= 0:
                kept += [data[copied:start], b"\n" * data.count(b"\n", start, token.start())]
                copied, left_at = token.start(), -1
    if left_at >= 0:
        return b"".join([*kept, data[copied:start]])
    return b"".join([*kept, data[copied:]])


@dataclass(slots=True)
class _Frame:
    """An object or a list that is open."""

    key: str
    """Under which it stands"""
    is_object: bool
    next_key: str = ""
    type: str = ""
    lines: list[tuple[str, int]] = field(default_factory=list)
    """Of a cell: the strings of its source, with their rows"""


def _cells(file: SourceText) -> list[Cell]:
    """The cells of a notebook, in order."""
    text = file.source.decode("utf-8", "replace")
    found: list[_Frame] = []
    frames: list[_Frame] = []
    language = ""
    row, word = 0, ""
    for token in _TOKEN.finditer(text):
        sign = token[2]
        if sign == "\n":
            row += 1
        elif sign is None:
            word = token[1]
            frame = frames[-1] if frames else None
            if frame is None:
                continue
            if frame.is_object and frame.next_key:
                if frame.next_key == "cell_type":
                    frame.type = _decoded(word)
                elif frame.next_key in _SOURCES:
                    frame.lines.append((_decoded(word), row))
                elif (frame.key, frame.next_key) in (("language_info", "name"), ("kernelspec", "language")):
                    language = _decoded(word).lower()
            elif not frame.is_object and frame.key in _SOURCES and len(frames) > 1:
                frames[-2].lines.append((_decoded(word), row))
        elif sign == ":":
            if frames:
                frames[-1].next_key = _decoded(word)
        elif sign == ",":
            if frames and frames[-1].is_object:
                frames[-1].next_key = ""
        elif sign in "{[":
            key = frames[-1].next_key if frames else ""
            is_cell = bool(frames) and not frames[-1].is_object and frames[-1].key == "cells"
            frames.append(_Frame(key, sign == "{"))
            if is_cell and sign == "{":
                found.append(frames[-1])
        elif frames:
            frames.pop()
    return [cell for frame in found if (cell := _cell(frame, language or _USUAL)) is not None]


def _decoded(token: str) -> str:
    try:
        return str(json.loads(token))
    except ValueError:
        return token.strip('"')


def _cell(frame: _Frame, language: str) -> Cell | None:
    lines: list[str] = []
    rows: list[int] = []
    for text, row in frame.lines:
        for part in text.splitlines():
            lines.append(part)
            rows.append(row)
    if frame.type == "code":
        magic = _CELL_MAGIC.match(next((line for line in lines if line.strip()), ""))
        # A magic that names a language makes the cell one of that language; the others leave it what it is.
        named = magic[1].lower() if magic else ""
        lines = ["" if _CELL_MAGIC.match(line) else line for line in lines]
        lines = [f"# {line.lstrip()}" if _MAGIC.match(line) else line for line in lines]
        return Cell((named, language), "\n".join(lines), tuple(rows)) if any(map(str.strip, lines)) else None
    if frame.type in (_PROSE, "heading") and any(map(str.strip, lines)):
        return Cell((_PROSE,), "\n".join(lines), tuple(rows))
    return None


NOTEBOOK: Final = Language(
    name="jupyter",
    extensions=(NOTEBOOK_ENDING[1:],),
    aliases=("notebook",),
    line_comments=(),
    block_comments=(),
    cells=_cells,
)
