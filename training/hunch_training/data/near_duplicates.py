"""Code that stands in a corpus more than once: equal but for its signs, or nearly equal.

Nearly equal is a Jaccard similarity of sets: of the words of two functions, or of their shingles (runs of tokens).
Pairs worth comparing are found with MinHash signatures (Broder, 1997) cut into bands: two functions are compared when
they agree in a whole band (locality-sensitive hashing; Leskovec et al., Mining of Massive Datasets, chapter 3).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

BANDS, ROWS_OF_BAND = 16, 4
"""Sets with a similarity of 0.7 meet in a band with a probability of 0.988, of 0.8 with 0.9998, of 0.3 with 0.12."""
SHINGLE = 5
_COMPARED = 32
"""With how many kept members of a band's group a row is compared, so that a large group does not cost its square."""

_HASHES_AT_ONCE = 4_096

_TOKEN = re.compile(r"\w+|[^\w\s]")
_WORD = re.compile(r"\w+")
_NOT_LETTERS = re.compile(r"[\W\d_]+")
_generator = np.random.default_rng(20_240_229)
_FACTORS = _generator.integers(1 << 62, size=(BANDS * ROWS_OF_BAND, 1), dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_SHIFTS = _generator.integers(1 << 63, size=(BANDS * ROWS_OF_BAND, 1), dtype=np.uint64)
_PRIME = np.uint64(0x9E3779B97F4A7C15)


def hash_of(text: str) -> int:
    """Return a 64-bit hash that is the same in every process."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "little")


def skeleton_of(code: str) -> int:
    """Return a hash of the letters of code alone: what differs in spaces, signs or numbers only is the same."""
    return hash_of(_NOT_LETTERS.sub("", code.lower()))


def words_of(code: str) -> frozenset[str]:
    """Return the set of the words of code, identifiers whole."""
    return frozenset(_WORD.findall(code))


def shingles_of(code: str) -> frozenset[tuple[str, ...]]:
    """Return the set of the runs of SHINGLE tokens (words and signs) of code; of shorter code the one run there is."""
    tokens = _TOKEN.findall(code)
    return frozenset(zip(*(tokens[start:] for start in range(SHINGLE)), strict=False)) or frozenset([tuple(tokens)])


def jaccard(one: Collection[object], other: Collection[object]) -> float:
    """Return the share of the elements of two sets that are in both; 1 for two empty ones."""
    common = len(frozenset(one) & frozenset(other))
    together = len(one) + len(other) - common
    return common / together if together else 1.0


def word_bands(words: Collection[str], salt: str) -> NDArray[np.uint64]:
    """Return the band keys of a set of words, uint64 [BANDS]; those of another salt never meet."""
    hashes = np.fromiter((crc32(word.encode("utf-8", "replace")) for word in words), np.uint64, len(words))
    return _bands(hashes, hash_of(salt))


def shingle_bands(code: str) -> NDArray[np.uint64]:
    """Return the band keys of the shingles of code, uint64 [BANDS]."""
    tokens = _TOKEN.findall(code)
    known = {token: crc32(token.encode("utf-8", "replace")) for token in set(tokens)}
    hashes = _mixed(np.array([known[token] for token in tokens], np.uint64))
    count = max(len(tokens) - SHINGLE + 1, 1)
    runs = np.zeros(count, np.uint64)
    for start in range(min(SHINGLE, len(tokens))):
        runs = runs * _PRIME + hashes[start : start + count]
    return _bands(runs, 0)


def drop_near_duplicates(
    keys: NDArray[np.uint64], kept: NDArray[np.bool_], similar: Callable[[int, int], bool]
) -> int:  # fmt: skip
    """Take from ``kept`` each row that resembles an earlier kept one; return how many.

    Args:
        keys: uint64 [n, BANDS], may be mapped from a file: one column is read at a time.
        kept: bool [n], changed in place.
        similar: compares two rows by their numbers.
    """
    dropped = 0
    for band in range(keys.shape[1]):
        for group in _groups(np.asarray(keys[:, band]), np.flatnonzero(kept)):
            apart: list[int] = []
            for row in group:
                if any(similar(other, row) for other in apart[-_COMPARED:]):
                    kept[row] = False
                    dropped += 1
                else:
                    apart.append(row)
    return dropped


def _groups(column: NDArray[np.uint64], rows: NDArray[np.int64]) -> Iterator[Sequence[int]]:
    """Give the rows with equal values, ascending, where there are several."""
    order = rows[np.argsort(column[rows], kind="stable")]
    ends = np.flatnonzero(np.diff(column[order])) + 1
    edges = np.concatenate([[0], ends, [len(order)]])
    for number in np.flatnonzero(np.diff(edges) > 1):
        yield order[edges[number] : edges[number + 1]].tolist()


def _bands(hashes: NDArray[np.uint64], salt: int) -> NDArray[np.uint64]:
    """Return a key for each band of the MinHash signature of a set of hashes, uint64 [BANDS]."""
    if not len(hashes):
        hashes = np.zeros(1, np.uint64)
    mixed = _mixed(hashes)
    parts = [mixed[start : start + _HASHES_AT_ONCE] for start in range(0, len(mixed), _HASHES_AT_ONCE)]
    lowest = np.min([(part[None, :] * _FACTORS + _SHIFTS).min(axis=1) for part in parts], axis=0)
    signature = lowest.reshape(BANDS, ROWS_OF_BAND)
    keys: NDArray[np.uint64] = np.arange(BANDS, dtype=np.uint64) + np.uint64(salt)
    for column in range(ROWS_OF_BAND):
        keys = _mixed(keys * _PRIME + signature[:, column])
    return keys


def _mixed(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Spread values over all 64 bits."""
    mixed: NDArray[np.uint64] = (values ^ (values >> np.uint64(31))) * _PRIME
    mixed = (mixed ^ (mixed >> np.uint64(29))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(32)
    return mixed
