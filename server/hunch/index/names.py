"""The names of definitions and members of a segment, to look up one that was typed in part, or with a slip."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hunch.index.stored_arrays import AnyArray

LEAST_LETTERS = 5
"""Shorter names are one slip away from too many others, and what is typed may lack one"""
LEAST_TYPED = 3
"""Too many names begin with fewer letters"""

_OTHER = 36
_BIT_OF = np.full(256, 1 << _OTHER, np.uint64)
"""One bit a letter or digit, whatever its case; none for an underscore"""
_BIT_OF[ord("a") : ord("z") + 1] = _BIT_OF[ord("A") : ord("Z") + 1] = np.uint64(1) << np.arange(26, dtype=np.uint64)
_BIT_OF[ord("0") : ord("9") + 1] = np.uint64(1) << np.arange(26, 36, dtype=np.uint64)
_BIT_OF[ord("_")] = 0
_LETTER_OF = np.arange(256, dtype=np.uint64)
"""Small letters for capital ones"""
_LETTER_OF[ord("A") : ord("Z") + 1] = _LETTER_OF[ord("a") : ord("z") + 1]
_HEAD = 8
_AT_ONCE = 10_000


class _Spelling(NamedTuple):
    """What n names are spelt of."""

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    """int64 [n], where they stand among the records"""
    lengths: NDArray[np.int32]
    """int32 [n], letters without underscores"""
    odd: NDArray[np.uint64]
    """uint64 [n], a bit for each letter that stands in it an odd number of times"""
    heads: NDArray[np.uint64]
    """uint64 [n], the first eight letters, small ones, the first in the highest byte; zero bytes after shorter names"""
    chunks: NDArray[np.int32]
    """int32 [n], ascending, whose names they are"""
    kinds: NDArray[np.uint8]
    """uint8 [n], the letters of the kinds of members"""


class Names:
    """The names of n chunks and of their members, compared with what was typed; read when they are first asked for.

    Reading takes about half a microsecond and 41 bytes a name, a name that is looked up some nanoseconds a name.
    """

    def __init__(self, records: AnyArray[np.uint8], record_starts: NDArray[np.int64]) -> None:
        """Take the packed records of n chunks, see hunch.index.records, and where each begins, int64 [n + 1]."""
        self._records, self._record_starts = records, record_starts
        self._spellings: dict[bool, _Spelling] = {}

    def fuzzy_matches(self, name: str, *, members: bool = False) -> NDArray[np.int64]:
        """Return the chunks whose name is one slip away, ascending: a letter too many, too few, wrong, or two swapped.

        Case and underscores do not count (Damerau, 1964). Nothing is near to names of fewer than LEAST_LETTERS letters,
        or of letters beyond ASCII.

        Args:
            name: what was typed.
            members: compare the names of members instead; a chunk of several that are near stands once.
        """
        wanted = folded(name)
        if len(wanted) < LEAST_LETTERS - 1 or not wanted.isascii() or not len(self._record_starts) - 1:
            return np.zeros(0, np.int64)
        spelling = self._read_once(members)
        odd = np.bitwise_xor.reduce(_BIT_OF[np.frombuffer(wanted.encode(), np.uint8)])
        # One slip makes two letters odd or even at most: one that is wrong takes one away and adds another.
        alike = np.abs(spelling.lengths - len(wanted)) <= 1
        changed = spelling.odd ^ odd
        changed &= changed - np.uint64(1)
        changed &= changed - np.uint64(1)  # two bits are gone
        alike &= (changed == 0) & (spelling.lengths >= LEAST_LETTERS)
        found = [
            number
            for number in np.flatnonzero(alike).tolist()
            if is_one_slip(wanted, folded(self._name(spelling, number)))
        ]
        return np.unique(spelling.chunks[found]).astype(np.int64)

    def prefix_matches(self, name: str, *, members: bool = False) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the chunks whose name goes on after what was typed, ascending, and how much of it that is.

        Case and underscores do not count. No name is said to begin with fewer than LEAST_TYPED letters, or with letters
        beyond ASCII.

        Args:
            name: what was typed.
            members: compare the names of members instead; of those of one chunk the shortest that goes on counts.

        Returns:
            int64 [found], and float32 [found], letters typed as a share of the letters of the name.
        """
        wanted = folded(name)
        if len(wanted) < LEAST_TYPED or not wanted.isascii() or not len(self._record_starts) - 1:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        spelling = self._read_once(members)
        head = wanted[:_HEAD].encode()
        unseen = np.uint64(8 * (_HEAD - len(head)))
        found = np.flatnonzero(spelling.heads >> unseen == np.uint64(int.from_bytes(head, "big")))
        found = found[spelling.lengths[found] > len(wanted)]
        if len(wanted) > _HEAD:
            goes_on = [folded(self._name(spelling, number)).startswith(wanted) for number in found.tolist()]
            found = found[np.array(goes_on, np.bool_)]
        found = found[np.lexsort((spelling.lengths[found], spelling.chunks[found]))]
        chunks, first = np.unique(spelling.chunks[found], return_index=True)
        return chunks.astype(np.int64), (len(wanted) / spelling.lengths[found[first]]).astype(np.float32)

    def with_members(self, letters: bytes) -> NDArray[np.bool_]:
        """Return which chunks have members of kinds of these letters, bool [n]."""
        spelling = self._read_once(True)
        found = np.zeros(len(self._record_starts) - 1, np.bool_)
        found[spelling.chunks[np.isin(spelling.kinds, np.frombuffer(letters, np.uint8))]] = True
        return found

    def _read_once(self, members: bool) -> _Spelling:
        if members not in self._spellings:
            self._spellings[members] = self._read(members)
        return self._spellings[members]

    def _name(self, spelling: _Spelling, number: int) -> str:
        start, end = int(spelling.starts[number]), int(spelling.ends[number])
        return self._records[start:end].tobytes().decode("ascii")

    def _read(self, members: bool) -> _Spelling:
        count = len(self._record_starts) - 1
        parts = [
            self._read_some(begin, min(begin + _AT_ONCE, count), members) for begin in range(0, max(count, 1), _AT_ONCE)
        ]
        return _Spelling(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))

    def _read_some(self, begin: int, end: int, members: bool) -> _Spelling:
        base = self._record_starts[begin]
        text = self._records[base : self._record_starts[end]]
        # A record is ["kind","name","members",... and none of the three is escaped, as a rule.
        quotes = np.flatnonzero(text == ord('"'))
        first = np.searchsorted(quotes, self._record_starts[begin:end] - base)
        first += 4 if members else 2
        starts, ends = quotes[first] + 1, quotes[first + 1]
        chunks = np.arange(begin, end, dtype=np.int32)
        kinds = np.zeros(0 if members else end - begin, np.uint8)
        if members:
            starts, ends, words = _words(text, starts, ends)
            kinds, starts, chunks = text[starts], starts + 1, chunks[words]
        count = len(starts)
        lengths = np.zeros(count, np.int32)
        odd, heads = np.zeros(count, np.uint64), np.zeros(count, np.uint64)
        some = np.flatnonzero(ends > starts)
        if len(some):
            long = (ends - starts)[some]
            letters = np.cumsum(long) - long
            within = np.arange(int(long.sum())) - np.repeat(letters, long)
            signs = text[np.repeat(starts[some], long) + within]
            bits = _BIT_OF[signs]
            counts = np.add.reduceat((bits > 0).astype(np.int32), letters)
            lengths[some] = counts
            odd[some] = np.bitwise_xor.reduceat(bits, letters)
            heads[some] = _heads(_LETTER_OF[signs[bits > 0]], counts)
        return _Spelling(starts + base, ends + base, lengths, odd, heads, chunks, kinds)


def _words(
    text: NDArray[np.uint8], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return where the words of some pieces of a text, with a space between them, begin and end, and whose they are."""
    some = np.flatnonzero(ends > starts)
    spaces = np.flatnonzero(text == ord(" "))
    piece = np.searchsorted(starts[some], spaces, "right") - 1
    inside = (piece >= 0) & (spaces < ends[some][piece]) if len(some) else np.zeros(len(spaces), np.bool_)
    spaces, piece = spaces[inside], piece[inside]
    begins = np.concatenate((starts[some], spaces + 1))
    order = np.argsort(begins, kind="stable")
    stops = np.concatenate((ends[some], spaces))
    return begins[order], np.sort(stops), some[np.concatenate((np.arange(len(some)), piece))[order]]


def _heads(letters: NDArray[np.uint64], counts: NDArray[np.int32]) -> NDArray[np.uint64]:
    """Return the first letters of words that follow each other, of so many letters each, as _Spelling has them."""
    first = np.cumsum(counts, dtype=np.int64) - counts
    heads = np.zeros(len(counts), np.uint64)
    for place in range(_HEAD):
        there = np.flatnonzero(counts > place)
        heads[there] |= letters[first[there] + place] << np.uint64(8 * (_HEAD - 1 - place))
    return heads


def is_one_slip(one: str, other: str) -> bool:
    """Say whether two different words are one insertion, deletion, substitution or swap of neighbours apart."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    shorter, longer = sorted((one, other), key=len)
    same = next((i for i, (a, b) in enumerate(zip(shorter, longer, strict=False)) if a != b), len(shorter))
    if len(shorter) < len(longer):
        return shorter[same:] == longer[same + 1 :]
    swapped = longer[same + 1 : same + 2] + longer[same : same + 1] + longer[same + 2 :]
    return shorter[same + 1 :] == longer[same + 1 :] or shorter[same:] == swapped


def folded(name: str) -> str:
    """Return a name without case and underscores."""
    return name.replace("_", "").lower()
