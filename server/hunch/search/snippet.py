"""The lines of code that a hit shows: from the unsaved overlay where there is one, else from the disk as it is now."""

from __future__ import annotations

import codecs
import re
from array import array
from functools import lru_cache
from pathlib import Path

from hunch.text.decoding import as_utf8
from hunch.text.source_text import normalise
from hunch.workspace.file_rules import MOST_FILE_BYTES
from hunch.workspace.regular import read_regular

SNIPPET_LINES = 12
"""Of a hit, unless somebody asks for others."""
MOST_SNIPPET_LINES = 2_000

_END_OF_LINE = re.compile(r"\r\n|\r|\n")


def read_snippet(root: Path, path: str, start_line: int, end_line: int, most: int = SNIPPET_LINES) -> list[str]:
    """Return the first lines of a chunk on the disk, lines counted from 1, the last one included; none without a file.

    Args:
        root: the workspace.
        path: posix, relative to the root.
        start_line: of the chunk.
        end_line: of the chunk.
        most: lines at most.
    """
    last = min(end_line, start_line + most - 1)
    try:
        source = read_regular(f"{root}/{path}", MOST_FILE_BYTES, follow_link=False)
    except OSError:
        return []
    source = as_utf8(source) or source
    if b"\r" in source or source.startswith(codecs.BOM_UTF8):
        source = normalise(source)
    lines = source.split(b"\n", last)[start_line - 1 : last]
    return b"\n".join(lines).decode("utf-8", "replace").split("\n") if lines else []


def unsaved_snippet(text: str, start_line: int, end_line: int, most: int = SNIPPET_LINES) -> list[str]:
    """Return the first lines of a chunk of an unsaved text, as read_snippet does of a file."""
    starts = _line_starts(text)
    last = min(end_line, start_line + most - 1, len(starts))
    if last < start_line:
        return []
    end = starts[last] if last < len(starts) else len(text)
    return _END_OF_LINE.split(text[starts[start_line - 1] : end])[: last - start_line + 1]


@lru_cache(maxsize=4)
def _line_starts(text: str) -> array[int]:
    """Return where each line begins: four bytes a line, where a list of lines takes sixty."""
    return array("I", [0, *[match.end() for match in _END_OF_LINE.finditer(text)]])
