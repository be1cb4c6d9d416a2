"""FAISS: the nearest embeddings by cosine, int8 first, rescored with the float16 originals.

Flat search reads every int8 code, which is exact enough and needs no training up to FLAT_LIMIT chunks; beyond it an
inverted file (Sivic and Zisserman, ICCV 2003) looks at the lists nearest to the query only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

FLAT_LIMIT = 150_000
"""Chunks up to which every code is read."""

INT8_SCALE = 320.0
"""Components of unit vectors are multiplied by this and cut to int8; of 256 components few exceed 0.4."""

_TRAINING_VECTORS_PER_LIST = 40
_KMEANS_ITERATIONS = 8
_PROBED_SHARE = 0.05
_READ_ALL = 4_000
"""So few allowed embeddings are compared one by one, which is exact and takes a millisecond."""

_CODES_PER_BLOCK = 1 << 14

faiss.omp_set_num_threads(1)  # one query gains nothing from more, and waiting threads would burn the other cores


class DenseIndex:
    """A searchable set of embeddings that never changes."""

    def __init__(self, codes: Any, originals: NDArray[np.float16]) -> None:
        """Take a FAISS index over int8 codes and the float16 [n, dim] originals (memory-mapped or not)."""
        self._codes = codes
        self.originals = originals

    def __len__(self) -> int:
        return len(self.originals)

    def nearest(
        self, query: NDArray[np.float32], k: int, allowed: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the numbers and cosines of about the k nearest, best first, of those allowed.

        Args:
            query: float32 [dim], L2-normalised.
            k: how many at most.
            allowed: bool [n]; None allows all.
        """
        wanted = min(k + k // 2, len(self))
        if not wanted:
            return np.zeros(0, np.int64), np.zeros(0, np.float32)
        if allowed is not None and np.count_nonzero(allowed) <= _READ_ALL:
            return self._best(query, np.flatnonzero(allowed), k)
        # Some versions of FAISS compare integers only, so the query must be on the grid of the codes.
        _, found = self._codes.search(_scaled(query[None]), wanted, params=self._parameters(allowed))
        return self._best(query, found[0][found[0] >= 0], k)

    def cosines(self, query: NDArray[np.float32], numbers: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the cosines of some embeddings with the query, float32 [len(numbers)]."""
        return np.asarray(self.originals[numbers].astype(np.float32) @ query, np.float32)

    def save(self, codes_file: Path) -> None:
        """Write the FAISS part; the originals are the caller's.

        Raises:
            OSError: the file cannot be written.
        """
        try:
            faiss.write_index(self._codes, str(codes_file))
        except RuntimeError as error:
            raise OSError(f"{codes_file}: {error}") from None

    def _best(
        self, query: NDArray[np.float32], numbers: NDArray[np.int64], k: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        cosines = self.cosines(query, numbers)
        order = np.argsort(-cosines, kind="stable")[:k]
        return numbers[order], cosines[order]

    def _parameters(self, allowed: NDArray[np.bool_] | None) -> Any:
        selector = None
        if allowed is not None:
            selector = faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
        if isinstance(self._codes, faiss.IndexIVF):
            # Where few are allowed, the nearest lists may hold none of them.
            share = 1.0 if allowed is None else max(float(allowed.mean()), _PROBED_SHARE)
            probes = max(1, round(self._codes.nlist * _PROBED_SHARE / share))
            return faiss.SearchParametersIVF(sel=selector, nprobe=probes)
        return faiss.SearchParameters(sel=selector)


def build_dense(originals: NDArray[np.float16]) -> DenseIndex:
    """Index float16 [n, dim] embeddings: 1 byte a component on top of the originals."""
    count, dim = originals.shape
    if count <= FLAT_LIMIT:
        codes = faiss.IndexScalarQuantizer(dim, faiss.ScalarQuantizer.QT_8bit_direct_signed, faiss.METRIC_INNER_PRODUCT)
    else:
        lists = int(2 * np.sqrt(count))
        codes = faiss.IndexIVFScalarQuantizer(
            faiss.IndexFlatIP(dim),
            dim,
            lists,
            faiss.ScalarQuantizer.QT_8bit_direct_signed,
            faiss.METRIC_INNER_PRODUCT,
            False,  # codes of the vectors themselves, not of their distance from the list's centre
        )
        codes.cp.niter = _KMEANS_ITERATIONS
        sample = np.random.default_rng(0).choice(count, min(count, lists * _TRAINING_VECTORS_PER_LIST), replace=False)
        codes.train(_scaled(originals[np.sort(sample)]))
    for start in range(0, count, _CODES_PER_BLOCK):
        codes.add(_scaled(originals[start : start + _CODES_PER_BLOCK]))
    return DenseIndex(codes, originals)


def load_dense(codes_file: Path, originals: NDArray[np.float16]) -> DenseIndex:
    """Read what DenseIndex.save wrote.

    Raises:
        ValueError: the file is not a FAISS index of these originals.
    """
    try:
        codes = faiss.read_index(str(codes_file))
    except RuntimeError as error:
        raise ValueError(f"{codes_file}: {error}") from None
    if codes.ntotal != len(originals) or codes.d != originals.shape[1]:
        raise ValueError(f"{codes_file}: does not belong to these embeddings")
    return DenseIndex(codes, originals)


def _scaled(vectors: NDArray[np.floating[Any]]) -> NDArray[np.float32]:
    return np.asarray(np.clip(np.rint(vectors.astype(np.float32) * INT8_SCALE), -128, 127), np.float32)
