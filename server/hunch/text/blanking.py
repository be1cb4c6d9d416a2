"""Source without what a grammar cannot read, with every byte and every line break still at its place."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["MOST_INDENTED", "ClosingLines", "blank", "blank_matches"]

MOST_INDENTED: Final = 40
"""Columns; a line that begins further to the right opens nothing that is looked for."""

_NO_BREAK: Final = re.compile(rb"[^\n]")


def blank(source: bytearray, start: int, end: int) -> None:
    """Write spaces over these bytes, but not over line breaks."""
    source[start:end] = _NO_BREAK.sub(b" ", source[start:end])


def blank_matches(pattern: re.Pattern[bytes], source: bytes) -> bytes:
    """Blank what a pattern matches: its first group where it has one."""
    group = min(pattern.groups, 1)

    def blanked(found: re.Match[bytes]) -> bytes:
        start, end = found.start(group) - found.start(), found.end(group) - found.start()
        whole: bytes = found[0]
        return whole[:start] + _NO_BREAK.sub(b" ", whole[start:end]) + whole[end:]

    return pattern.sub(blanked, source)


class ClosingLines:
    """Finds where a bracket that a line opens is closed by a line with the same indentation.

    Asked from the beginning of the source to its end, it takes time proportional to it.
    """

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.found: dict[bytes, int] = {}

    def after(self, start: int, indentation: bytes) -> int:
        """The offset of the next `}` behind this indentation that begins a line at or after start; -1 if none does."""
        known = self.found.get(indentation, start)
        if known < 0 or known > start:
            return known
        line = self.source.find(b"\n" + indentation + b"}", max(start - 1, 0))
        self.found[indentation] = found = -1 if line < 0 else line + 1 + len(indentation)
        return found
