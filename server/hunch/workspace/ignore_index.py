"""Very many globs at once: a few letters that each must find in a text lead to the few that are worth trying."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from functools import cache
from typing import NamedTuple

from hunch.workspace.wildmatch import Mark, Piece, expression, pieces

Find = Callable[[str, int, Collection[int]], int]
"""From a text to the number of the last glob that matches it and is higher than a number, which it returns if there is
none. Globs among some numbers are passed over."""

MANY_GLOBS, MANY_LETTERS = 64, 4096
"""Fewer globs, and shorter ones, are matched sooner as one expression."""

MOST_VAGUE = 1_000
"""Globs that nothing tells apart (`[a-m]?*[0-9]`). Each of them is tried on every entry."""

_LONGEST_KEY = 4
_CROWDED = 128


def are_many(globs: Collection[tuple[int, str]]) -> bool:
    """Return whether globs are worth an index."""
    return len(globs) > MANY_GLOBS or sum(len(pattern) for _, pattern in globs) > MANY_LETTERS


def index_globs(globs: Iterable[tuple[int, str]]) -> tuple[Find, list[int]]:
    """Return what finds a text among globs, and the numbers of those that are left out: too many are too vague.

    Each glob stands under one key: up to four letters, case aside, that every text has which it matches; of all its
    keys the one that the fewest globs have. So the cost of a text grows with its length, not with the globs.
    """
    outlines = {number: _outline(pattern) for number, pattern in globs}
    used = Counter[str]()
    for outline in outlines.values():
        used.update(outline.keys())
    by_key: list[dict[str, list[int]]] = [{} for _ in range(_LONGEST_KEY + 1)]
    vague, left_out = list[int](), list[int]()
    count_of_vague = 0
    for number, outline in outlines.items():
        key = min(outline.keys(), key=used.__getitem__, default="")
        bucket = by_key[len(key)].setdefault(key, []) if key else vague
        if not key or len(bucket) >= _CROWDED:
            count_of_vague += 1
            if count_of_vague > MOST_VAGUE:
                left_out.append(number)
                continue
        bucket.append(number)
    in_use = [(size, keys) for size, keys in enumerate(by_key) if keys]

    @cache
    def matcher(number: int) -> Callable[[str], object]:
        return re.compile(expression(outlines[number].pattern, "L"), re.DOTALL).fullmatch

    def find(text: str, above: int, without: Collection[int]) -> int:
        folded = text.lower()
        found = set(vague)
        for size, keys in in_use:
            for at in range(len(folded) - size + 1):
                bucket = keys.get(folded[at : at + size])
                if bucket is not None:
                    found.update(bucket)
        for number in sorted(found, reverse=True):
            if number <= above:
                break
            if number not in without and outlines[number].fits(folded) and matcher(number)(text):
                return number
        return above

    return find, left_out


class _Outline(NamedTuple):
    """What is plain to see of a glob, case aside."""

    pattern: str
    first: str
    """How its texts begin."""
    inner: list[str]
    """What stands in them, in this order."""
    last: str
    """How they end."""
    least: int
    """How long they are at least."""

    def keys(self) -> list[str]:
        found = list[str]()
        for part in (self.first, *self.inner, self.last):
            size = min(_LONGEST_KEY, len(part))
            found += [part[at : at + size] for at in range(len(part) - size + 1)] if size else ()
        return found

    def fits(self, folded: str) -> bool:
        """Return whether the glob can match a text, whose letters are small."""
        if len(folded) < self.least or not folded.startswith(self.first) or not folded.endswith(self.last):
            return False
        at = len(self.first)
        for part in self.inner:
            at = folded.find(part, at)
            if at < 0:
                return False
            at += len(part)
        return True


def _outline(pattern: str) -> _Outline:
    if "[" not in pattern and "\\" not in pattern:
        letters = _SIGNS.sub("\0", pattern.lower())  # the slash of `**/` can be missing
        least = len(letters) - letters.count("\0") + pattern.count("?")
    else:
        found = pieces(pattern)
        letters = "".join(map(_letter, found))
        least = sum(not isinstance(piece, Mark) for piece in found)
    first, *rest = letters.split("\0")
    return _Outline(pattern, first, [part for part in rest[:-1] if part], rest[-1] if rest else "", least)


_SIGNS = re.compile(r"\*+/?|\?")


def _letter(piece: Piece) -> str:
    if isinstance(piece, str):
        return piece.lower()
    if isinstance(piece, int) and 0 < piece.bit_count() <= 2:
        first, last = ((piece & -piece).bit_length() - 1, piece.bit_length() - 1)
        if chr(first).lower() == chr(last).lower():
            return chr(last).lower()
    return "\0"
