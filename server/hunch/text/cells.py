"""A file of several parts, each in a language of its own -> the chunks of its parts, with the lines of the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from hunch.text.language import Cell
from hunch.text.languages import resolve_language
from hunch.text.parse import PARSING_SECONDS, late_after

if TYPE_CHECKING:
    from hunch.text.chunk import Chunk

__all__ = ["chunks_of_cells"]

ReadCell = Callable[[str, str, bytes], "list[Chunk] | None"]

_MAX_INTRODUCTION: Final = 600
_MAX_NAMES: Final = 3_000


def chunks_of_cells(
    path: str, cells: Sequence[Cell], read: ReadCell, read_lines: ReadCell
) -> tuple[list[Chunk], str, str]:
    """Return the chunks of cells without those of whole files, what introduces them, and what they import and define.

    Args:
        path: of the file.
        cells: in the order of the file.
        read: makes chunks of a path, a language and a source, the first for the whole source; None when it is late.
        read_lines: the same without a grammar, for what is left when reading takes too long.
    """
    is_late = late_after(PARSING_SECONDS / 2)
    found: list[Chunk] = []
    summary: list[str] = []
    introduction, size = "", 0
    for cell in cells:
        language = next((known for name in cell.languages if name and (known := resolve_language(name))), "")
        source = cell.text.encode("utf-8", "replace")
        chunks = None if is_late() else read(path, language, source)
        chunks = (read_lines(path, language, source) if chunks is None else chunks) or []
        for chunk in chunks[:1]:
            introduction = introduction or chunk.documentation[:_MAX_INTRODUCTION]
            if chunk.body and size < _MAX_NAMES:
                summary.append(chunk.body[: _MAX_NAMES - size])
                size += len(summary[-1]) + 1
        found += [_in_file(chunk, cell.rows) for chunk in chunks[1:]]
    return found, introduction, "\n".join(summary)


def _in_file(chunk: Chunk, rows: Sequence[int]) -> Chunk:
    last = len(rows) - 1
    return replace(
        chunk,
        start_line=rows[min(chunk.start_line - 1, last)] + 1,
        end_line=rows[min(chunk.end_line - 1, last)] + 1,
        members=tuple(replace(member, row=rows[min(member.row, last)]) for member in chunk.members),
    )
