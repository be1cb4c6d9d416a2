"""The contextual embeddings of one segment: a column of rows that are each written once, after the segment was built.

The leading numbers of each row stand in memory as int8 codes, to be searched: training has made them usable by
themselves (Matryoshka: Kusupati et al., 2022, arXiv:2205.13147). The whole rows of a segment on disk stand in a sidecar
file. Which rows count is not the column's to say: every snapshot has a presence bitmap of its own, so that a row that
is written later changes nothing that was published.
"""

from __future__ import annotations

from contextlib import suppress
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hunch.index.sidecar import Sidecar, SidecarPlace, create_sidecar, open_sidecar
from hunch.index.stored_arrays import DamagedFileError
from hunch.index.vectors import Int8Codes

DIMS = 192
"""Leading numbers of a contextual embedding that are compared: 192 bytes of memory a chunk."""

_ROWS_AT_ONCE = 2_048


class Nearest(NamedTuple):
    """Chunks of a segment, best first."""

    chunks: NDArray[np.int64]
    """int64 [m]"""
    scores: NDArray[np.float32]
    """float32 [m], inner products of int8 codes: whole numbers, which do not depend on what else the segment holds"""


class ContextualColumn:
    """Rows of n chunks, int8 [dim] each. One thread writes; any thread reads rows that were written before."""

    def __init__(self, count: int, place: SidecarPlace | None = None) -> None:
        """Begin without rows in memory.

        Args:
            count: chunks of the segment.
            place: where the sidecar is, or will be; None keeps all rows in memory (dim bytes each).

        Raises:
            DamagedFileError: there is a sidecar, and it is damaged as a whole.
        """
        self._count, self._place = count, place
        self._sidecar: Sidecar | None = open_sidecar(place, count) if place is not None else None
        self._codes: Int8Codes | None = None
        self._rows: NDArray[np.int8] | None = None
        self._in_memory = np.zeros(0, np.bool_)

    def restore(self, chunks: NDArray[np.int64]) -> tuple[NDArray[np.bool_], bool]:
        """Take in what the sidecar has of some rows that are not in memory; about a microsecond a row.

        Returns:
            Which were there, bool [len(chunks)], and whether any other was damaged, not only missing.
        """
        there, is_damaged = np.zeros(len(chunks), np.bool_), False
        if self._sidecar is None and self._place is not None:  # another process may have made one
            with suppress(DamagedFileError):
                self._sidecar = open_sidecar(self._place, self._count)
        if self._sidecar is None:
            return there, False
        for start in range(0, len(chunks), _ROWS_AT_ONCE):
            some = chunks[start : start + _ROWS_AT_ONCE]
            try:
                rows, is_whole, is_empty = self._sidecar.read(some)
            except DamagedFileError:
                is_damaged = True
                continue
            there[start : start + len(some)] = is_whole
            is_damaged = is_damaged or not (is_whole | is_empty).all()
            self._code(some[is_whole], rows[is_whole])
        return there, is_damaged

    def put(self, chunks: NDArray[np.int64], rows: NDArray[np.int8]) -> None:
        """Keep the rows of some chunks, int64 ascending and int8 [m, dim]; one that the sidecar has already stays."""
        if not len(chunks):
            return
        if self._place is not None and self._place.writes:
            with suppress(OSError):  # without room on disk they stay in memory
                if self._sidecar is None:
                    self._sidecar = create_sidecar(self._place, self._count, rows.shape[1])
                there, _ = self.restore(chunks)
                self._sidecar.write(chunks[~there], rows[~there])
                self._code(chunks[~there], rows[~there])
                return
        if self._rows is None:
            self._in_memory = np.zeros(self._count, np.bool_)
            self._rows = np.zeros((self._count, rows.shape[1]), np.int8)  # costs nothing until it is touched
        self._rows[chunks] = rows
        self._in_memory[chunks] = True
        self._code(chunks, rows)

    def rows(self, chunks: NDArray[np.int64]) -> NDArray[np.int8]:
        """Return the rows of some chunks, all of which are there, int8 [m, dim].

        Raises:
            DamagedFileError: the sidecar does not hold what was written.
        """
        if self._rows is None:
            return self._stored(chunks)
        found = self._rows[chunks]
        outside = ~self._in_memory[chunks]
        if outside.any():
            found[outside] = self._stored(chunks[outside])
        return found

    def nearest(self, vector: NDArray[np.float32], k: int, allowed: NDArray[np.bool_]) -> Nearest:
        """Return the k chunks whose rows are nearest, and all that are equal to the last of them.

        Args:
            vector: the contextual embedding of a question, float32 [dim].
            k: how many.
            allowed: bool [n], chunks whose rows were written.
        """
        if self._codes is None:
            return Nearest(np.zeros(0, np.int64), np.zeros(0, np.float32))
        return Nearest(*self._codes.nearest(vector[:DIMS], k, allowed))

    def _stored(self, chunks: NDArray[np.int64]) -> NDArray[np.int8]:
        assert self._sidecar is not None, "a chunk without a row"
        order = np.argsort(chunks, kind="stable")
        rows, is_whole, _ = self._sidecar.read(chunks[order])
        if not is_whole.all():
            raise DamagedFileError(self._sidecar.path)
        found = np.empty_like(rows)
        found[order] = rows
        return found

    def _code(self, chunks: NDArray[np.int64], rows: NDArray[np.int8]) -> None:
        leading = rows[:, :DIMS]
        if not len(chunks) or not leading.shape[1]:
            return
        if self._codes is None:
            self._codes = Int8Codes(self._count, leading.shape[1])
        for start in range(0, len(chunks), _ROWS_AT_ONCE):
            some = leading[start : start + _ROWS_AT_ONCE].astype(np.int32)
            lengths = np.sqrt(np.maximum((some * some).sum(axis=1), 1))
            self._codes.put(chunks[start : start + _ROWS_AT_ONCE], (some / lengths[:, None]).astype(np.float32))
