"""Chunks and queries as the weighted terms of lexical search.

A term is a stemmed word of a split identifier, a whole identifier of several words, or, for exact look-ups, a symbol's
full name. Terms are kept as 32-bit hashes: two of a million terms share one with a chance of 1 in 4,000, which costs
a little precision and saves the vocabulary.

Fields are weighed and normalised by length before saturation, as in BM25F (Robertson, Zaragoza and Taylor, CIKM 2004).
Field lengths are compared with constants, not with the means of the workspace, so that a chunk's weights never
change when another file does.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

import numpy as np
import Stemmer
from numpy.typing import NDArray

from hunch.text.render import FIELD_NAMES, Fields
from hunch.text.tokenizer import identifiers, split_identifier
from hunch.text.unicode_form import composed


class FieldWeight(NamedTuple):
    """How one field counts: its weight, its length normalisation b, its mean length in terms."""

    weight: float
    b: float
    mean_length: float


FIELD_WEIGHTS = {
    "name": FieldWeight(3.0, 0.3, 4),
    "path": FieldWeight(1.5, 0.5, 8),
    "signature": FieldWeight(1.5, 0.5, 12),
    "documentation": FieldWeight(1.5, 0.5, 20),
    "body": FieldWeight(1.0, 0.6, 120),
}
K1 = 1.4
"""Saturation: the weight at which a term has half its greatest effect."""

IMPACT_SCALE = 255
NAME_BIT = 1 << FIELD_NAMES.index("name")

STOP_WORDS = frozenset(
    """
    a an and any are as at be been by can could do does for from get had has have how i if in into is it its me my no
    not of on or our should so some such that the their them then there these they this to up us was we were what when
    where which while who why will with would you your code function method class
    """.split()
)
"""Words of a question that say nothing about the code; a query of nothing else keeps them."""

_CACHED_IDENTIFIERS = 1 << 14
_stemmer = Stemmer.Stemmer("english", 0)  # stemming a word again takes less time than its own cache


@dataclass(frozen=True, slots=True)
class Postings:
    """The terms of n chunks in compressed-row form: row i is the slice offsets[i]:offsets[i + 1] of the others."""

    offsets: NDArray[np.int64]
    """int64 [n + 1]"""
    terms: NDArray[np.uint32]
    """uint32 [total], ascending within a row"""
    impacts: NDArray[np.uint8]
    """uint8 [total], the saturated weight of the term in the chunk, 255 standing for 1"""
    fields: NDArray[np.uint8]
    """uint8 [total], bit i set when the term stands in field i of FIELD_NAMES"""

    def __len__(self) -> int:
        return len(self.offsets) - 1


class QueryTerm(NamedTuple):
    """A term of a query and the words a person reads for it."""

    term: int
    text: str


def term_of(word: str) -> int:
    """Return the hash of a stemmed word."""
    return zlib.crc32(word.encode("utf-8", "surrogatepass"))


def symbol_term(name: str) -> int:
    """Return the term under which a symbol of exactly this name is found, case and underscores ignored."""
    return term_of("=" + composed(name).replace("_", "").lower())


def query_terms(text: str) -> list[QueryTerm]:
    """Return the distinct terms of a query, without stop words unless there is nothing else."""
    found: dict[int, str] = {}
    stopped: dict[int, str] = {}
    for identifier in identifiers(text):
        words = split_identifier(identifier)
        for word in words:
            into = stopped if word in STOP_WORDS else found
            into.setdefault(term_of(stem(word)), word)
        if len(words) > 1:
            found.setdefault(term_of(stem("".join(words))), identifier)
    return [QueryTerm(term, text) for term, text in (found or stopped).items()]


def postings_of(texts: Sequence[Fields], symbols: Sequence[Sequence[str]]) -> Postings:
    """Return the terms of rendered chunks; ``symbols`` holds the full names under which each is looked up."""
    parts = [list(chain.from_iterable(map(_terms_of_identifier, field))) for text in texts for field in text]
    lengths = np.fromiter(map(len, parts), np.int64, len(parts))
    settings = np.array([FIELD_WEIGHTS[name] for name in FIELD_NAMES], np.float32)
    weight, b, mean = np.tile(settings, (len(texts), 1)).T
    per_term = weight / (1 - b + b * lengths / mean)
    bits = np.tile(np.array([1 << i for i in range(len(FIELD_NAMES))], np.uint8), len(texts))
    rows = np.repeat(np.arange(len(texts), dtype=np.int64), len(FIELD_NAMES))

    marks = [[symbol_term(name) for name in names] for names in symbols]
    mark_lengths = np.fromiter(map(len, marks), np.int64, len(marks))
    total = int(lengths.sum() + mark_lengths.sum())
    flat = np.fromiter(chain(chain.from_iterable(parts), chain.from_iterable(marks)), np.int64, total)
    marked = int(mark_lengths.sum())
    keys = (
        np.concatenate((np.repeat(rows, lengths), np.repeat(np.arange(len(texts), dtype=np.int64), mark_lengths))) << 32
    ) | flat
    weights = np.concatenate((np.repeat(per_term, lengths), np.full(marked, FIELD_WEIGHTS["name"].weight, np.float32)))
    field_bits = np.concatenate((np.repeat(bits, lengths), np.full(marked, NAME_BIT, np.uint8)))

    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    first = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1]))) if total else np.zeros(0, np.int64)
    summed = np.add.reduceat(weights[order], first) if total else np.zeros(0, np.float32)
    keys = keys[first]
    return Postings(
        offsets=np.searchsorted(keys >> 32, np.arange(len(texts) + 1)).astype(np.int64),
        terms=(keys & 0xFFFFFFFF).astype(np.uint32),
        impacts=np.clip(np.rint(IMPACT_SCALE * summed / (K1 + summed)), 1, IMPACT_SCALE).astype(np.uint8),
        fields=np.bitwise_or.reduceat(field_bits[order], first) if total else np.zeros(0, np.uint8),
    )


def stem(word: str) -> str:
    """Return what words of one family have in common."""
    return str(_stemmer.stemWord(word))


@lru_cache(maxsize=_CACHED_IDENTIFIERS)
def _terms_of_identifier(identifier: str) -> tuple[int, ...]:
    words = split_identifier(identifier)
    terms = [term_of(stem(word)) for word in words]
    if len(words) > 1:
        terms.append(term_of(stem("".join(words))))
    return tuple(terms)


def slice_postings(postings: Postings, start: int, end: int) -> Postings:
    """Return the terms of the chunks start:end."""
    first, last = int(postings.offsets[start]), int(postings.offsets[end])
    return Postings(
        offsets=postings.offsets[start : end + 1] - first,
        terms=postings.terms[first:last],
        impacts=postings.impacts[first:last],
        fields=postings.fields[first:last],
    )


def join_postings(parts: Sequence[Postings]) -> Postings:
    """Return the terms of all chunks of some parts, in order; there is at least one part."""
    lengths = np.concatenate([np.diff(part.offsets) for part in parts])
    return Postings(
        offsets=np.concatenate(([0], np.cumsum(lengths))).astype(np.int64),
        terms=np.concatenate([part.terms for part in parts]),
        impacts=np.concatenate([part.impacts for part in parts]),
        fields=np.concatenate([part.fields for part in parts]),
    )
