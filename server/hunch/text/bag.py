"""Chunks and queries as bags of tokens: the distinct token ids of each field with their counts, as flat arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain

import numpy as np
from numpy.typing import NDArray

from hunch.text.render import FIELD_NAMES, Fields
from hunch.text.tokenizer import UNKNOWN_ID, Tokenizer

MAX_TOKENS = 384
"""Distinct (field, token) pairs that are kept of one text; the last field loses its surplus first."""

_ID_BITS = 24


@dataclass(frozen=True, slots=True)
class Bags:
    """The bags of n texts in compressed-row form: row i is the slice offsets[i]:offsets[i + 1] of the others."""

    offsets: NDArray[np.int64]
    """int64 [n + 1]"""
    ids: NDArray[np.int32]
    """int32 [total], token ids, ascending within a field"""
    fields: NDArray[np.uint8]
    """uint8 [total], positions in FIELD_NAMES, ascending within a row"""
    counts: NDArray[np.uint8]
    """uint8 [total], how often the token stands in that field, at most 255"""

    def __len__(self) -> int:
        return len(self.offsets) - 1


def bag_fields(texts: Sequence[Fields], tokenizer: Tokenizer, max_tokens: int = MAX_TOKENS) -> Bags:
    """Return the bags of rendered chunks."""
    parts = [tokenizer.encode(field) for text in texts for field in text]
    return _count(parts, len(texts), max_tokens)


def bag_queries(queries: Sequence[Iterable[str]], tokenizer: Tokenizer, max_tokens: int = MAX_TOKENS) -> Bags:
    """Return the bags of rendered queries; their field is always 0."""
    # One at a time: a single short query is the common case, and must not pay for arrays made for thousands.
    rows = [sorted(Counter(tokenizer.encode(query)).items()) for query in queries]
    rows = [[pair for pair in row if pair[0] != UNKNOWN_ID][:max_tokens] for row in rows]
    ids = [token for row in rows for token, _ in row]
    return Bags(
        offsets=np.array([0, *accumulate(map(len, rows))], np.int64),
        ids=np.array(ids, np.int32),
        fields=np.zeros(len(ids), np.uint8),
        counts=np.array([min(count, 255) for row in rows for _, count in row], np.uint8),
    )


def pad(
    bags: Bags, rows: NDArray[np.int64], width: int = 1
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
    """Return ids, fields and counts of some rows as rectangles [len(rows), longest], zero where a row has ended.

    The longest side is at least `width`, which is at least 1, so that an empty text has a shape.
    """
    if len(rows) == 1:  # one query: what follows would cost ten times as much as reading it
        row = slice(int(bags.offsets[rows[0]]), int(bags.offsets[rows[0] + 1]))
        longest = max(width, row.stop - row.start)
        ids, fields = np.zeros((1, longest), np.int32), np.zeros((1, longest), np.int32)
        counts = np.zeros((1, longest), np.float32)
        there = slice(row.stop - row.start)
        ids[0, there], fields[0, there], counts[0, there] = bags.ids[row], bags.fields[row], bags.counts[row]
        return ids, fields, counts
    starts = bags.offsets[rows]
    lengths = bags.offsets[rows + 1] - starts
    longest = max(width, int(lengths.max(initial=0)))
    columns = np.arange(longest)
    inside = columns < lengths[:, None]
    where = (starts[:, None] + columns)[inside]
    ids = np.zeros((len(rows), longest), np.int32)
    fields = np.zeros((len(rows), longest), np.int32)
    counts = np.zeros((len(rows), longest), np.float32)
    ids[inside] = bags.ids[where]
    fields[inside] = bags.fields[where]
    counts[inside] = bags.counts[where]
    return ids, fields, counts


def _count(parts: list[list[int]], rows: int, max_tokens: int) -> Bags:
    lengths = np.fromiter(map(len, parts), np.int64, len(parts))
    flat = np.fromiter(chain.from_iterable(parts), np.int64, int(lengths.sum()))
    keys = (np.repeat(np.arange(len(parts), dtype=np.int64), lengths) << _ID_BITS) | flat
    keys = keys[flat != UNKNOWN_ID]
    keys, counts = np.unique(keys, return_counts=True)
    part = keys >> _ID_BITS
    row = part // len(FIELD_NAMES)
    offsets = np.searchsorted(row, np.arange(rows + 1))
    if len(keys) and int(np.diff(offsets).max()) > max_tokens:
        kept = np.arange(len(keys)) - offsets[row] < max_tokens
        keys, counts, part, row = keys[kept], counts[kept], part[kept], row[kept]
        offsets = np.searchsorted(row, np.arange(rows + 1))
    return Bags(
        offsets=offsets.astype(np.int64),
        ids=(keys & ((1 << _ID_BITS) - 1)).astype(np.int32),
        fields=(part % len(FIELD_NAMES)).astype(np.uint8),
        counts=np.minimum(counts, 255).astype(np.uint8),
    )
