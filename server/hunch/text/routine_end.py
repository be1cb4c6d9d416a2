"""Where a routine of SQL ends, in any dialect: pure, one look at each word from its header to the next one.

T-SQL goes on to `GO`; MySQL and PL/SQL to the END that closes the first BEGIN, with declarations before it; PostgreSQL
to the semicolon behind a quoted body.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["routine_end"]

_WORD: Final = re.compile(
    r"\bend\b(?:[ \t]+(?:if|loop|while|repeat|for)\b)?|\bbegin\b(?:[ \t]+tran(?:saction)?\b|[ \t]*;)?|\bcase\b"
    r"|\b(?:as|is)\b|\b(?:procedure|function)\b|[();\x01]|^[ \t]*(?:go|/|delimiter\b[^\n]*)[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)


def routine_end(bare: str, start: int, limit: int, has_batches: bool) -> tuple[int, bool]:
    """The offset of the last character of a routine, and whether it has a body.

    Args:
        bare: the source without comments, the insides of strings replaced by U+0001.
        start: behind the routine's name.
        limit: where the next one begins, or the source ends.
        has_batches: whether it ends where its batch does, at a line `GO`.
    """
    depth = parentheses = nested = 0
    is_declaring = has_begun = is_quoted = is_nested = False
    last = start
    for found in _WORD.finditer(bare, start, limit):
        word = found.group().lower()
        if word == "\x01":
            is_quoted = is_quoted or (is_declaring and not bare[last : found.start()].strip())
        elif word == "(":
            parentheses += 1
        elif word == ")":
            parentheses -= 1
        elif word in {"procedure", "function"}:
            is_nested = is_declaring and depth == 0
        elif word == ";":
            is_nested = False
            if depth == 0 and not has_batches and (is_quoted or not is_declaring):
                return found.start(), is_declaring or has_begun or bool(bare[start : found.start()].strip(" \t\n()"))
        elif word in {"as", "is"} and is_nested and parentheses <= 0:
            nested, is_nested = nested + 1, False
        elif word in {"as", "is"}:
            is_declaring = is_declaring or parentheses <= 0
        elif word in {"begin", "case"}:
            has_begun = has_begun or word == "begin"
            depth += 1
        elif word.startswith("begin"):
            continue
        elif word == "end":
            depth -= 1
            if depth <= 0 and has_begun and nested:
                nested, has_begun = nested - 1, False
            elif depth <= 0 and has_begun and not has_batches:
                rest = bare.find("\n", found.end(), limit)
                return (rest if rest >= 0 else limit) - 1, True
        elif not word.startswith("end"):
            return max(found.start() - 1, start), True
        last = found.end()
    return max(limit - 1, start), True
