"""The names of a segment's definitions, to look up one that was typed with a slip of the fingers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

LEAST_LETTERS = 5
"""Shorter names are one slip away from too many others, and what is typed may lack one"""

_OTHER = 36
_LETTER_OF = np.full(256, _OTHER, np.uint8)
_LETTER_OF[ord("a") : ord("z") + 1] = np.arange(26)
_LETTER_OF[ord("A") : ord("Z") + 1] = np.arange(26)
_LETTER_OF[ord("0") : ord("9") + 1] = np.arange(26, 36)
_SKIPPED = 37
_LETTER_OF[ord("_")] = _SKIPPED
_AT_ONCE = 10_000


class Names:
    """What the names of n chunks are spelt of, made when it is first asked for.

    About half a microsecond and 60 bytes a chunk.
    """

    def __init__(self, records: NDArray[np.uint8], record_starts: NDArray[np.int64]) -> None:
        """Take the packed records of n chunks, see hunch.index.records, and where each begins, int64 [n + 1]."""
        self._records, self._record_starts = records, record_starts
        self._spelling: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]] | None = None

    def near(self, name: str) -> NDArray[np.int64]:
        """Return the chunks whose name is one slip away, ascending: a letter too many, too few, wrong, or two swapped.

        Case and underscores do not count (Damerau, 1964). Nothing is near to names of fewer than LEAST_LETTERS letters,
        or of letters beyond ASCII.
        """
        wanted = _folded(name)
        if len(wanted) < LEAST_LETTERS - 1 or not wanted.isascii() or not len(self._record_starts) - 1:
            return np.zeros(0, np.int64)
        if self._spelling is None:
            self._spelling = self._read()
        starts, ends, letters = self._spelling
        asked = np.bincount(_LETTER_OF[np.frombuffer(wanted.encode(), np.uint8)], minlength=_SKIPPED + 1)[
            :_SKIPPED
        ].astype(np.int16)
        # Two letters differ at most: one that is wrong takes one away and adds another.
        alike = np.flatnonzero(np.abs(letters.astype(np.int16) - asked).sum(1) <= 2)
        found = []
        for chunk in alike.tolist():
            other = _folded(bytes(self._records[starts[chunk] : ends[chunk]]).decode("ascii"))
            if len(other) >= LEAST_LETTERS and is_one_slip(wanted, other):
                found.append(chunk)
        return np.array(found, np.int64)

    def _read(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint8]]:
        """Return where each name begins and ends among the records, and how often each letter stands in it."""
        # A record is ["kind","name",... and neither of the two is escaped, as a rule.
        quotes = np.flatnonzero(self._records == ord('"'))
        first = np.searchsorted(quotes, self._record_starts[:-1])
        starts, ends = quotes[first + 2] + 1, quotes[first + 3]
        lengths = ends - starts
        letters = np.zeros((len(starts), _SKIPPED), np.uint8)
        for begin in range(0, len(starts), _AT_ONCE):
            some = slice(begin, begin + _AT_ONCE)
            long = lengths[some]
            rows = np.repeat(np.arange(len(long)), long)
            within = np.arange(len(rows)) - np.repeat(np.cumsum(long) - long, long)
            written = _LETTER_OF[self._records[np.repeat(starts[some], long) + within]]
            counted = np.bincount(rows * (_SKIPPED + 1) + written, minlength=len(long) * (_SKIPPED + 1))
            letters[some] = np.minimum(counted.reshape(len(long), -1)[:, :_SKIPPED], 255)
        return starts, ends, letters


def is_one_slip(one: str, other: str) -> bool:
    """Say whether two different words are one insertion, deletion, substitution or swap of neighbours apart."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    shorter, longer = sorted((one, other), key=len)
    same = next((i for i, (a, b) in enumerate(zip(shorter, longer)) if a != b), len(shorter))  # noqa: B905
    if len(shorter) < len(longer):
        return shorter[same:] == longer[same + 1 :]
    swapped = longer[same + 1 : same + 2] + longer[same : same + 1] + longer[same + 2 :]
    return shorter[same + 1 :] == longer[same + 1 :] or shorter[same:] == swapped


def _folded(name: str) -> str:
    return name.replace("_", "").lower()
