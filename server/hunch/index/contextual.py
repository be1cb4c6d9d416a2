"""FAISS: the chunks nearest to a question in context, among those that the second pass has read.

The first pass brings up what shares words, or pieces of words, with a question; what shares none, only these embeddings
find. As few of their numbers are compared as training has made usable by themselves (Matryoshka: Kusupati et al., 2022,
arXiv:2205.13147), as int8 codes: 192 bytes and some 20 nanoseconds of a core a chunk. They stand in tiers of their own,
since the second pass comes to the files in its own order, and merge as hunch.index.tiers do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hunch.index.vectors import int8_codes, on_int8_grid

DIMS = 192
"""Leading numbers of a contextual embedding that are compared"""

_ROWS_PER_BLOCK = 1 << 14
_FEW_DEAD, _DEAD_SHARE = 1_000, 0.125
"""Rows of files that are gone which may stay, and which share of all."""


@dataclass(frozen=True, slots=True)
class ContextualTier:
    """The codes of some files; those of one file stand together in the file's order."""

    codes: Any
    """A FAISS index of int8 [n, DIMS]"""
    file_ids: NDArray[np.int64]
    """int64 [m]"""
    first_rows: NDArray[np.int64]
    """int64 [m + 1], the first row of each file, then n"""

    def __len__(self) -> int:
        return int(self.first_rows[-1])


@dataclass(frozen=True, slots=True)
class ContextualIndex:
    """The contextual embeddings of the files that have them; it never changes."""

    vectors: Mapping[int, NDArray[np.int8]] = field(default_factory=dict)
    """int8 [chunks of the file, dim], by file id"""
    tiers: tuple[ContextualTier, ...] = ()
    """Largest first; with rows of files that are gone"""

    def __bool__(self) -> bool:
        return bool(self.vectors)

    @property
    def rows(self) -> int:
        """How many rows the tiers have, those of files that are gone included."""
        return sum(map(len, self.tiers))

    def nearest(self, vector: NDArray[np.float32], k: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return file ids and numbers in the file of the k nearest rows, int64 each, best first, as cosines say.

        Args:
            vector: the contextual embedding of a question, float32 [dim].
            k: how many at most; rows of files that are gone are among them.
        """
        nothing = np.zeros(0, np.int64)
        asked = on_int8_grid(vector[None, :DIMS])
        scores, files, places = [np.zeros(0, np.float32)], [nothing], [nothing]
        for tier in self.tiers if k else ():
            found, rows = (one[0] for one in tier.codes.search(asked, min(k, len(tier))))
            of_tier = np.searchsorted(tier.first_rows, rows, "right") - 1
            scores.append(found)
            files.append(tier.file_ids[of_tier])
            places.append(rows - tier.first_rows[of_tier])
        best = np.argsort(-np.concatenate(scores), kind="stable")[:k]
        return np.concatenate(files)[best], np.concatenate(places)[best]


NOTHING_IN_CONTEXT = ContextualIndex()


def index_contextual(
    vectors: Mapping[int, NDArray[np.int8]], before: ContextualIndex = NOTHING_IN_CONTEXT
) -> ContextualIndex:
    """Return the index of some files' embeddings, int8 [chunks of the file, dim] by file id.

    What an index from before has of them is not coded anew. About a microsecond a new chunk, and less each time
    that its tier is merged, log2 times.
    """
    tiers = list(before.tiers)
    known = np.sort(np.fromiter(vectors, np.int64, len(vectors)))
    dead = sum(int(np.diff(tier.first_rows)[~np.isin(tier.file_ids, known)].sum()) for tier in tiers)
    if dead > max(_FEW_DEAD, _DEAD_SHARE * sum(map(len, tiers))):
        tiers = []
    here = np.concatenate([np.zeros(0, np.int64), *(tier.file_ids for tier in tiers)])
    new = [number for number in known[~np.isin(known, here)].tolist() if len(vectors[number])]
    if new:
        tiers.append(_coded(new, [vectors[number][:, :DIMS] for number in new]))
    while len(tiers) > 1 and len(tiers[-2]) < 2 * len(tiers[-1]):
        tiers[-2:] = [_merged(tiers[-2:], known)]
    return ContextualIndex(vectors, tuple(tiers))


def _coded(file_ids: list[int], parts: list[NDArray[np.int8]]) -> ContextualTier:
    rows = np.concatenate(parts)
    codes = int8_codes(rows.shape[1])
    for start in range(0, len(rows), _ROWS_PER_BLOCK):
        block = rows[start : start + _ROWS_PER_BLOCK].astype(np.float32)
        lengths = np.sqrt(np.einsum("ij,ij->i", block, block))
        codes.add(on_int8_grid(block / np.maximum(lengths, 1)[:, None]))
    return ContextualTier(codes, np.array(file_ids, np.int64), np.array([0, *accumulate(map(len, parts))], np.int64))


def _merged(tiers: Sequence[ContextualTier], known: NDArray[np.int64]) -> ContextualTier:
    """Join tiers, without the files that are gone."""
    file_ids = np.concatenate([tier.file_ids for tier in tiers])
    lengths = np.concatenate([np.diff(tier.first_rows) for tier in tiers])
    kept = np.isin(file_ids, known)
    stays = np.split(np.repeat(kept, lengths), np.cumsum([len(tier) for tier in tiers])[:-1])
    codes = int8_codes(tiers[0].codes.d)
    for tier, rows in zip(tiers, stays, strict=True):
        for start in range(0, len(tier), _ROWS_PER_BLOCK):
            block = slice(start, min(start + _ROWS_PER_BLOCK, len(tier)))
            codes.add(tier.codes.reconstruct_n(start, block.stop - start)[rows[block]])
    return ContextualTier(codes, file_ids[kept], np.concatenate([[0], np.cumsum(lengths[kept])]))
