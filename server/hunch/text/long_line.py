"""Long lines: data that people put into code, such as a picture or a key, told from code that a program wrote."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["code_in"]

# An end that is missing is not looked for again from every later quote: such a string goes on to the end.
_STRING: Final = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|\'[^\'\\]*(?:\\.[^\'\\]*)*\'?|`[^`\\]*(?:\\.[^`\\]*)*`?')
_RUN: Final = re.compile(rb"[A-Za-z0-9+/_=%-]{200,}")
_NUMBER: Final = re.compile(rb"\b(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)[uUlLfF]{0,3}")
_LISTS: Final = b" \t,.+-[](){}:"
_SOURCE_MAP: Final = b"sourceMappingURL=data:"


def code_in(line: bytes) -> int:
    """Return how many characters of a line are neither in strings nor of lists of numbers; time is linear.

    An embedded source map counts as a whole: what has one was written by a compiler.
    """
    if _SOURCE_MAP in line:
        return len(line)
    return len(_NUMBER.sub(b"", _RUN.sub(b"", _STRING.sub(b"", line))).translate(None, _LISTS))
