"""Prose as lower-case words and signs, from which the text can be put together again with its spaces and capitals.

Code is read as its words alone; what a model writes is to be read by people. So documentation keeps its signs, and
what plain typography does not say is a mark: a capital, capitals throughout, no space where one would stand.
"""

from __future__ import annotations

import re

CAPITAL, CAPITALS, JOINED = "<capital>", "<capitals>", "<joined>"
MARKS = (CAPITAL, CAPITALS, JOINED)

_PARTS = re.compile(r"'[a-z]{1,2}(?![\w])|[A-Z]{2,}(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_]+|[^\w\s]|_")
_CLOSING = frozenset(".,;:!?)]}%…")
_OPENING = frozenset("([{$#@")
_QUOTES = frozenset("\"'`*")


def units_of(text: str) -> list[str]:
    """Return the words, signs and marks of a text.

    >>> units_of("Parse an HTTPHeader, if any.")
    ['<capital>', 'parse', 'an', '<capitals>', 'http', '<joined>', '<capital>', 'header', ',', 'if', 'any', '.']
    """
    units: list[str] = []
    open_quotes: set[str] = set()
    for chunk in text.split():
        before = None
        for part in _PARTS.findall(chunk):
            opens = part in _OPENING or (part in _QUOTES and part not in open_quotes)
            closes = part in _CLOSING or (part in _QUOTES and part in open_quotes) or _clitic(part)
            if before is not None and not closes and not before:
                units.append(JOINED)
            if part in _QUOTES:
                open_quotes ^= {part}
            if part.isupper() and part.isascii():
                units.append(CAPITALS if len(part) > 1 else CAPITAL)
            elif part[0].isupper():
                units.append(CAPITAL)
            units.append(part.lower())
            before = opens
    return units


def text_of(units: list[str]) -> str:
    """Put a text together again; the inverse of ``units_of`` but for unusual spaces and mixed capitals."""
    text, mark, glued = "", "", True
    open_quotes: set[str] = set()
    for unit in units:
        if unit == JOINED:
            glued = True
            continue
        if unit in MARKS:
            mark = unit
            continue
        closes = unit in _CLOSING or unit in open_quotes or _clitic(unit)
        opens = unit in _OPENING or (unit in _QUOTES and unit not in open_quotes)
        if unit in _QUOTES:
            open_quotes ^= {unit}
        word = unit.upper() if mark == CAPITALS else unit[:1].upper() + unit[1:] if mark == CAPITAL else unit
        text += word if glued or closes else f" {word}"
        mark, glued = "", opens
    return text


def _clitic(part: str) -> bool:
    return len(part) > 1 and part[0] == "'"
