r"""One pattern of an ignore file as a regular expression: git's ``wildmatch``.

It is not ``pathspec``, which reads ``[[:alpha:]]``, ``[\]]``, ``d**/a`` and multi-byte letters otherwise than git does,
and fails on ``[b-a]``. Patterns and texts are bytes, each held in one character of a ``str`` (latin-1).
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from enum import Enum
from functools import lru_cache
from itertools import count, groupby


class NotAPatternError(ValueError):
    """The line can never match anything."""


class Mark(Enum):
    """What stands for any number of characters."""

    STAR = "[^/]*?"
    DEEP_SLASH = "(?:.*?/)??"
    """``**/``: folders, or nothing"""
    DEEP = ".*?"


Piece = str | int | Mark
"""A character; a set of characters, bit n for chr(n); or a mark."""


def is_glob(pattern: str) -> bool:
    """Return whether a pattern is more than the text that it matches."""
    return _SIGN(pattern) is not None


_SIGN = re.compile(r"[*?\[\\]").search


def expression(pattern: str, prefix: str) -> str:
    """Return the expression of a pattern. Its groups' names start with ``prefix``.

    Each star but the last takes the shortest text that works and never gives it back: a later star can take whatever
    it left, so nothing is lost, and a hostile `*a*a*a*a*b` costs little. (These are atomic groups, written as
    look-ahead and back-reference because Python 3.10 has no others.)

    Raises:
        NotAPatternError: it is none.
    """
    numbers = count()

    def atomic(text: str) -> str:
        group = f"{prefix}_{next(numbers)}"
        return f"(?=(?P<{group}>{text}))(?P={group})"

    def stars(run: list[Piece]) -> str:
        first, *rest = _split(run, (Mark.STAR,))
        found = [Mark.STAR.value + _plain(part) for _, part in rest]
        return _plain(first[1]) + "".join(map(atomic, found[:-1])) + "".join(found[-1:])

    first, *rest = _split(pieces(pattern), (Mark.DEEP_SLASH, Mark.DEEP))
    found = [deep.value + stars(part) for deep, part in rest if deep is not None]
    return stars(first[1]) + "".join(map(atomic, found[:-1])) + "".join(found[-1:])


def pieces(pattern: str) -> list[Piece]:
    """Return what a pattern consists of.

    Raises:
        NotAPatternError: it is none.
    """
    at, end = _end_of_plain(pattern, 0), len(pattern)
    found: list[Piece] = list(pattern[:at])
    # Git compares the plain beginning apart and matches the rest as if it stood alone, so `d**/a` finds `d/e/a`.
    start = at
    while at < end:
        sign = pattern[at]
        at += 1
        if sign == "*":
            after = at
            while after < end and pattern[after] == "*":
                after += 1
            whole = at - 1 == start or pattern[at - 2] == "/"
            if after == at or not whole:
                found.append(Mark.STAR)
            elif pattern.startswith("/", after):
                if not found or found[-1] is not Mark.DEEP_SLASH:  # one after the other is as good as one
                    found.append(Mark.DEEP_SLASH)
                after += 1
            elif after == end or pattern.startswith("\\/", after):
                found.append(Mark.DEEP)
            else:
                found.append(Mark.STAR)
            at = after
        elif sign == "?":
            found.append(_ANY)
        elif sign == "[":
            piece, at = _bracket(pattern, at)
            found.append(piece)
        else:
            if sign == "\\":
                if at == end:
                    raise NotAPatternError
                sign = pattern[at]
                at += 1
            after = _end_of_plain(pattern, at)
            found += sign + pattern[at:after]
            at = after
    return found


def _end_of_plain(pattern: str, at: int) -> int:
    sign = _SIGN(pattern, at)
    return len(pattern) if sign is None else sign.start()


def _split(run: list[Piece], marks: tuple[Mark, ...]) -> list[tuple[Mark | None, list[Piece]]]:
    """Return the runs of pieces between marks, each with the mark that stands before it."""
    runs: list[tuple[Mark | None, list[Piece]]] = [(None, [])]
    for piece in run:
        if isinstance(piece, Mark) and piece in marks:
            runs.append((piece, []))
        else:
            runs[-1][1].append(piece)
    return runs


def _plain(run: Iterable[Piece]) -> str:
    return "".join(_one_character(piece) for piece in run if not isinstance(piece, Mark))


@lru_cache(maxsize=4096)
def _one_character(piece: str | int) -> str:
    if isinstance(piece, str):
        return f"\\x{ord(piece):02x}" if not piece.isalnum() or ord(piece) > 127 else piece
    if not piece:
        return "(?!)"
    codes = [c for c in range(256) if piece >> c & 1]
    runs = [[c for _, c in run] for _, run in groupby(enumerate(codes), lambda at: at[1] - at[0])]
    return "[" + "".join(f"\\x{run[0]:02x}-\\x{run[-1]:02x}" for run in runs) + "]"


def _set(characters: Iterable[str]) -> int:
    return sum(1 << ord(c) for c in set(characters))


_ALL = _set(map(chr, range(1, 256)))
_SLASH = _set("/")
_ANY = _ALL & ~_SLASH
_ASCII = [chr(c) for c in range(128)]
_CLASSES = {
    "alnum": _set(c for c in _ASCII if c.isalnum()),
    "alpha": _set(c for c in _ASCII if c.isalpha()),
    "blank": _set(" \t"),
    "cntrl": _set(c for c in _ASCII if c < " " or c == "\x7f"),
    "digit": _set(string.digits),
    "graph": _set(c for c in _ASCII if "!" <= c <= "~"),
    "lower": _set(string.ascii_lowercase),
    "print": _set(c for c in _ASCII if " " <= c <= "~"),
    "punct": _set(string.punctuation),
    "space": _set(" \t\n\r\f\v"),
    "upper": _set(string.ascii_uppercase),
    "xdigit": _set(string.hexdigits),
}


def _bracket(pattern: str, at: int) -> tuple[int, int]:
    """Return the set of the bracket that opened before ``at``, and where it ends.

    The order of the tests is that of git's ``wildmatch.c``, where a `]` that comes first, or the ends of a range in the
    wrong order, do what they do here. Raises `NotAPatternError` if the bracket never ends or names an unknown class.
    """
    if simple := _SIMPLE_BRACKET(pattern, at - 1):
        return _simple_set(simple[0]), simple.end()
    return _any_bracket(pattern, at)


_SIMPLE_BRACKET = re.compile(r"\[[!^]?[^\[\]\\!^][^\[\]\\]*\]").match


@lru_cache(maxsize=4096)
def _simple_set(bracket: str) -> int:
    return _any_bracket(bracket, 1)[0]


def _any_bracket(pattern: str, at: int) -> tuple[int, int]:
    chars = 0
    try:
        negated = pattern[at] in "!^"
        at += negated
        before = ""  # what a `-` would start from
        while True:
            sign = pattern[at]
            if sign == "\\":
                at += 1
                sign = pattern[at]
                chars |= 1 << ord(sign)
            elif sign == "-" and before and pattern[at + 1] != "]":
                at += 1
                if pattern[at] == "\\":
                    at += 1
                first, last = ord(before), ord(pattern[at])
                if first <= last:
                    chars |= (1 << last + 1) - (1 << first)
                sign = ""
            elif sign == "[" and pattern[at + 1] == ":":
                close = pattern.index("]", at + 2)
                if close > at + 2 and pattern[close - 1] == ":":
                    chars |= _CLASSES[pattern[at + 2 : close - 1]]
                    at, sign = close, ""
                else:
                    chars |= 1 << ord(sign)
            else:
                chars |= 1 << ord(sign)
            before = sign
            at += 1
            if pattern[at] == "]":
                break
    except (IndexError, KeyError, ValueError):
        raise NotAPatternError from None
    return (~chars if negated else chars) & _ANY, at + 1
