"""The lines of code that a hit shows, read from the workspace as it is now."""

from __future__ import annotations

from pathlib import Path

from hunch.text.source_text import normalise
from hunch.workspace.ignore import read_regular
from hunch.workspace.scan import MAX_FILE_BYTES

SNIPPET_LINES = 12


def read_snippet(root: Path, path: str, start_line: int, end_line: int) -> str:
    """Return the first lines of a chunk, lines counted from 1, the last one included; empty when the file is gone."""
    last = min(end_line, start_line + SNIPPET_LINES - 1)
    try:
        source = read_regular(f"{root}/{path}", MAX_FILE_BYTES, follow_link=False)
    except OSError:
        return ""
    if b"\r" in source or source.startswith((b"\xef", b"\xff", b"\xfe")):
        source = normalise(source)
    lines = source.split(b"\n", last)[start_line - 1 : last]
    return b"\n".join(lines).decode("utf-8", "replace")
