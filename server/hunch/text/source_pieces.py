"""A large source in pieces that are parsed one by one, so that its size costs time and no names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

PIECE_BYTES: Final = 500_000
"""A megabyte of ordinary code takes half of the time that one file may take."""

_LARGEST_WHOLE: Final = 1_000_000
_BLANK: Final = re.compile(rb"\n[ \t]*\r?\n")
_LEAST: Final = 0.5


def source_pieces(source: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield pieces of a source, each with the number of lines above it; one piece if it is not large.

    A piece ends at the last blank line of its second half, else at its last line end, else where it is full.
    """
    if len(source) <= _LARGEST_WHOLE:
        yield 0, source
        return
    at, row = 0, 0
    while at < len(source):
        end = at + PIECE_BYTES
        if end < len(source):
            half = at + int(PIECE_BYTES * _LEAST)
            blank = max((match.end() for match in _BLANK.finditer(source, half, end)), default=0)
            end = blank or source.rfind(b"\n", half, end) + 1 or end
        yield row, source[at:end]
        row += source.count(b"\n", at, end)
        at = end
