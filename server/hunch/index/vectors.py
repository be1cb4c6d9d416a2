"""FAISS: the nearest embeddings by cosine, small codes first, rescored with the float16 originals.

Up to CODES_8BIT_LIMIT embeddings every int8 code is read. Beyond, every 4-bit product-quantisation code is (André,
Kermarrec and Le Scouarnec, VLDB 2015), four times smaller and many times faster. Inverted lists are not used: the
embeddings of a bag of tokens lie too diffusely, and with a twentieth of the lists probed a quarter of the ten nearest
is lost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import faiss
import numpy as np
from numpy.typing import NDArray

from hunch.index.stored_arrays import AnyArray

CODES_8BIT_LIMIT = 5_000
"""Embeddings up to which int8 codes are fast enough and no codebook is worth training."""

INT8_SCALE = 320.0
"""Components of unit vectors are multiplied by this and cut to int8; of 192 or 256 components few exceed 0.4."""

_DIMS_PER_CODE = 2
_CODEBOOK_SAMPLE = 10_000
_KMEANS_ITERATIONS = 8
_EXTRA_8BIT, _EXTRA_4BIT = 1.2, 2.0
"""How many times k are rescored: 99.95% of the ten nearest are then found with 4-bit codes, and 95% of the hundred."""
_EXTRA_FILTERED = 2
_LEAST_RESCORED = 150
_COMPARED_SHARE = 0.25
"""When no more than this share is allowed of 4-bit codes, the allowed are compared one by one."""
_LARGE_SHARE, _EXTRA_OF_LARGE_SHARE = 0.75, 1.25
"""Where no filter chose and so much is left, so many more are fetched as the part that is left makes likely."""
_COMPARED_SHARE_OF_ALL = 0.05
"""The same where no filter of a query left them: what is near the question among all is worth finding."""
_EXPECTED_TIES = 16
"""How many more int8 codes are fetched at first, to see all that score as much as the last"""
_ROWS_PER_BLOCK = 1 << 14

faiss.omp_set_num_threads(1)  # one query gains nothing from more, and waiting threads would burn the other cores


First = Callable[[NDArray[np.int64], int], NDArray[np.int64]]
"""Returns those of some numbers that come first where scores are equal, so many and in that order"""


class Part(NamedTuple):
    """An index of embeddings as a search sees it, one of several."""

    dense: DenseIndex
    start: int
    """The number of its first embedding through all parts"""
    allowed: NDArray[np.bool_] | None = None
    """bool [n]; None allows all"""
    is_filtered: bool = False
    """Whether a query's filter took some away, and not only tombstones."""


class DenseIndex:
    """A searchable set of embeddings that never changes."""

    def __init__(self, codes: Any, originals: AnyArray[np.float16]) -> None:
        """Take a FAISS index over codes and the float16 [n, dim] originals."""
        self._codes = codes
        self.is_4bit = isinstance(codes, faiss.IndexPQFastScan)
        self.originals = originals

    def __len__(self) -> int:
        return len(self.originals)

    def by_codes(
        self, query: NDArray[np.float32], k: int, allowed: NDArray[np.bool_] | None = None, *, is_filtered: bool = False
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return what must be compared by its originals to find the k nearest, and the scores of the codes.

        The score of an int8 code depends on embedding and query alone, so scores of several indexes compare; all that
        score as much as the last are returned. Those of 4-bit codes say nothing outside their index.

        Args:
            query: float32 [dim], L2-normalised.
            k: how many are wanted in the end.
            allowed: bool [n]; None allows all.
            is_filtered: by the query. What is left may be far from it, where 4-bit codes tell less: more is compared.

        Returns:
            int64 [found], numbers from 0, and float32 [found], the highest first.
        """
        count = len(self) if allowed is None else int(np.count_nonzero(allowed))
        wanted = min(rescored(k, self.is_4bit) * (_EXTRA_FILTERED if is_filtered and self.is_4bit else 1), count)
        if not wanted:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        if not self.is_4bit:
            return self._by_int8_codes(query, wanted, count, allowed)
        if allowed is None:
            return self._search(query, wanted)
        if count <= max(wanted, len(self) * (_COMPARED_SHARE if is_filtered else _COMPARED_SHARE_OF_ALL)):
            return np.flatnonzero(allowed), np.zeros(count, np.float32)
        # These codes know no filter, so as many more are fetched as the filter is expected to take away.
        extra = 2.0 if is_filtered or count < len(self) * _LARGE_SHARE else _EXTRA_OF_LARGE_SHARE
        found, scores = self._search(query, int(extra * wanted * len(self) / count))
        kept = np.flatnonzero(allowed[found])[:wanted]  # so many without tombstones too
        return found[kept], scores[kept]

    def packed_codes(self) -> NDArray[np.uint8]:
        """Return the FAISS part as bytes, uint8; the originals are the caller's."""
        return np.asarray(faiss.serialize_index(self._codes), np.uint8)

    def _by_int8_codes(
        self, query: NDArray[np.float32], wanted: int, count: int, allowed: NDArray[np.bool_] | None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        fetched = wanted
        while True:
            fetched = min(count, fetched + _EXPECTED_TIES)
            found, scores = self._search(query, fetched, allowed)
            least = scores[wanted - 1]
            if fetched == count or scores[-1] < least:
                kept = int(np.searchsorted(-scores, -least, "right"))
                return found[:kept], scores[:kept]
            fetched *= 8

    def _search(
        self, query: NDArray[np.float32], count: int, allowed: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        # Some versions of FAISS compare integers only, so for int8 codes the query must be on their grid.
        asked = query[None] if self.is_4bit else on_int8_grid(query[None])
        chosen = None
        if allowed is not None:
            selector = faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
            chosen = faiss.SearchParameters(sel=selector)
        scores, found = self._codes.search(asked, min(count, len(self)), params=chosen)
        there = found[0] >= 0
        return np.asarray(found[0][there], np.int64), np.asarray(scores[0][there], np.float32)


def _lowest(numbers: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    return np.sort(numbers)[:count]


def nearest(
    parts: Sequence[Part],
    query: NDArray[np.float32],
    k: int,
    first: First = _lowest,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the numbers and cosines of about the k nearest of all parts, best first, as if they were one index.

    Which of equals are among them is for `first` to say, and they come in no order.

    Args:
        parts: where to look.
        query: float32 [dim], L2-normalised.
        k: how many at most.
        first: which of equals; those of the lowest numbers when nothing is said.
    """
    found = [part.dense.by_codes(query, k, part.allowed, is_filtered=part.is_filtered) for part in parts]
    numbers = [local + part.start for part, (local, _) in zip(parts, found, strict=True)]
    nothing = np.zeros(0, np.int64)
    exact = [place for place, part in enumerate(parts) if not part.dense.is_4bit]
    pool = np.concatenate([nothing, *(numbers[place] for place in exact)])
    wanted = rescored(k, is_4bit=False)
    if len(pool) > wanted:
        scores = np.concatenate([found[place][1] for place in exact])
        least = np.partition(scores, -wanted)[-wanted]
        above, ties = pool[scores > least], pool[scores == least]
        pool = np.concatenate([above, first(ties, wanted - len(above))])
    pool = np.concatenate([pool, *(numbers[place] for place, part in enumerate(parts) if part.dense.is_4bit)])
    values = cosines(parts, query, pool)
    order = np.argsort(-values)
    pool, values = pool[order], values[order]
    if len(pool) > k > 0 and values[k - 1] == values[k]:
        ties = values == values[k - 1]
        above = int(np.argmax(ties))
        pool[above:k] = first(pool[ties], k - above)
    return pool[:k], values[:k]


def cosines(parts: Sequence[Part], query: NDArray[np.float32], numbers: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the cosines of some embeddings of any parts with the query, float32 [len(numbers)].

    Each row is summed up by itself: the last bits of a product of matrices depend on how many rows there are.
    """
    found = np.empty(len(numbers), np.float32)
    for start in range(0, len(numbers), _ROWS_PER_BLOCK):
        block = slice(start, start + _ROWS_PER_BLOCK)
        np.einsum("ij,j->i", widened(_rows(parts, numbers[block])), query, out=found[block])
    return found


def rescored(k: int, is_4bit: bool) -> int:
    """Return how many are compared by their originals when k are wanted."""
    return max(_LEAST_RESCORED, int(k * (_EXTRA_4BIT if is_4bit else _EXTRA_8BIT)))


def _rows(parts: Sequence[Part], numbers: NDArray[np.int64]) -> NDArray[np.float16]:
    if len(parts) == 1:
        return parts[0].dense.originals[numbers - parts[0].start]
    rows = np.zeros((len(numbers), parts[0].dense.originals.shape[1] if parts else 0), np.float16)
    for dense, start, *_ in parts:
        inside = np.flatnonzero((numbers >= start) & (numbers < start + len(dense)))
        if len(inside):
            rows[inside] = dense.originals[numbers[inside] - start]
    return rows


def build_dense(originals: NDArray[np.float16]) -> DenseIndex:
    """Index float16 [n, dim] embeddings, in dim bytes each on top of them, or a quarter of it when there are many."""
    count, dim = originals.shape
    is_4bit = count > CODES_8BIT_LIMIT and dim % _DIMS_PER_CODE == 0
    codes = _trained_codebook(originals) if is_4bit else int8_codes(dim)
    for start in range(0, count, _ROWS_PER_BLOCK):
        block = originals[start : start + _ROWS_PER_BLOCK]
        codes.add(block.astype(np.float32) if is_4bit else on_int8_grid(block))
    return DenseIndex(codes, originals)


def load_dense(packed: NDArray[np.uint8], originals: AnyArray[np.float16]) -> DenseIndex:
    """Read what DenseIndex.packed_codes returned.

    Raises:
        ValueError: it is not a FAISS index of these originals.
    """
    try:
        codes = faiss.deserialize_index(packed)
    except RuntimeError as error:
        raise ValueError(str(error)) from None
    if codes.ntotal != len(originals) or codes.d != originals.shape[1]:
        raise ValueError("the codes do not belong to these embeddings")
    return DenseIndex(codes, originals)


def widened(halves: NDArray[np.float16]) -> NDArray[np.float32]:
    """Return finite float16 values as float32, exactly.

    NumPy converts them one by one where it was not built for this processor's own instruction; three passes over
    integers do the same four times faster. Moving exponent and fraction to their places leaves the exponent's bias
    (127 instead of 15) to one multiplication, which sets subnormal values right as well.
    """
    bits = halves.view(np.int16).astype(np.int32)  # the sign is extended: the mask leaves one of it
    bits <<= 13
    bits &= np.int32(-0x70002000)
    values = bits.view(np.float32)
    values *= np.float32(2.0**112)
    return values


def int8_codes(dim: int) -> Any:
    """Return an empty FAISS index that compares int8 codes of some dimensions."""
    return faiss.IndexScalarQuantizer(dim, faiss.ScalarQuantizer.QT_8bit_direct_signed, faiss.METRIC_INNER_PRODUCT)


def on_int8_grid(vectors: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    """Return vectors whose lengths are at most 1 as int8 codes hold them, float32."""
    return np.asarray(np.clip(np.rint(vectors.astype(np.float32) * INT8_SCALE), -128, 127), np.float32)


def _trained_codebook(originals: NDArray[np.float16]) -> Any:
    count, dim = originals.shape
    codes = faiss.IndexPQFastScan(dim, dim // _DIMS_PER_CODE, 4, faiss.METRIC_INNER_PRODUCT)
    codes.pq.cp.niter = _KMEANS_ITERATIONS
    sample = np.random.default_rng(0).choice(count, min(count, _CODEBOOK_SAMPLE), replace=False)
    codes.train(originals[np.sort(sample)].astype(np.float32))
    return codes


class Int8Codes:
    """The int8 codes of n vectors, in memory that never moves: each is written once, any time before it is allowed.

    Searching costs some 10 nanoseconds a vector; one thread may write while others search.
    """

    def __init__(self, count: int, dim: int) -> None:
        """Take memory for so many vectors, dim bytes each."""
        self._index = int8_codes(dim)
        self._index.codes.resize(count * dim)
        self._index.ntotal = count
        self._codes = faiss.rev_swig_ptr(self._index.codes.data(), count * dim).reshape(count, dim)

    def put(self, numbers: NDArray[np.int64], vectors: NDArray[np.float32]) -> None:
        """Write the codes of some vectors, float32 [m, dim], whose lengths are at most 1."""
        self._codes[numbers] = (on_int8_grid(vectors).astype(np.int16) + 128).astype(np.uint8)

    def nearest(
        self, query: NDArray[np.float32], k: int, allowed: NDArray[np.bool_]
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return numbers, int64, and inner products of the codes, float32 and exact, of the k nearest, best first.

        Args:
            query: float32 [dim], L2-normalised.
            k: how many at most; all that are equal to the last of them are returned as well.
            allowed: bool [n].
        """
        count = int(np.count_nonzero(allowed))
        asked, wanted = on_int8_grid(query[None]), min(count, k + _EXTRA_EQUAL)
        bits = np.packbits(allowed, bitorder="little")
        chosen = None if count == len(allowed) else faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bits))
        while k and wanted:
            scores, found = (one[0] for one in self._index.search(asked, wanted, params=chosen))
            if wanted == count or scores[-1] < scores[k - 1]:
                kept = scores >= scores[min(k, wanted) - 1]
                return np.asarray(found[kept], np.int64), np.asarray(scores[kept], np.float32)
            wanted = min(count, 4 * wanted)
        return np.zeros(0, np.int64), np.zeros(0, np.float32)


_EXTRA_EQUAL = 16
"""How many more than k are fetched at first, to see whether others are equal to the last."""
