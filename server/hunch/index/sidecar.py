"""The file beside a segment that keeps its contextual embeddings: one row a chunk, written in place, once.

Each row has a checksum of its own, which tells a row that was written from one that was not yet, or is damaged. The
file is derived from the store: a row that is missing is read there and written again.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from hunch.index.stored_arrays import DamagedFileError, OpenFile

SUFFIX = ".contextual"

_HEADER = struct.Struct("<12sIQQII")
"""Magic, format, key of the segment, chunks, numbers of a row, checksum of all this"""
_MAGIC = b"hunch column"
_FORMAT = 1
_SUM = 4
"""Bytes of a row's checksum, little-endian; zeros where no row was written"""
_ROWS_AT_ONCE = 2_048


class SidecarPlace(NamedTuple):
    """Where the sidecar of a segment is."""

    path: Path
    key: int
    """Of the segment, 64 bits"""
    writes: bool
    """Whether this process may write it."""


class Sidecar:
    """An open sidecar. One thread writes; any thread reads."""

    def __init__(self, place: SidecarPlace, count: int, dim: int) -> None:
        """Open a file that has a header.

        Raises:
            OSError: it cannot be opened.
        """
        self.path, self.dim = place.path, dim
        self._count, self._seed, self._row_bytes = count, place.key & 0xFFFFFFFF, _SUM + dim
        self._file = OpenFile(place.path)
        self._writer = FileIO(os.fspath(place.path), "r+b") if place.writes else None

    def read(self, chunks: NDArray[np.int64]) -> tuple[NDArray[np.int8], NDArray[np.bool_], NDArray[np.bool_]]:
        """Return some rows, int8 [m, dim], which of them are whole, and which were never written, bool [m] each.

        Args:
            chunks: int64 [m], ascending; neighbours are read at once.

        Raises:
            DamagedFileError: the file is cut off.
        """
        size = self._row_bytes
        raw = bytearray(len(chunks) * size)
        view = memoryview(raw)
        with self._file.lock:
            for begin, end in _runs(chunks):
                self._file.fill(self._offset(int(chunks[begin])), view[begin * size : end * size])
        table = np.frombuffer(raw, np.uint8).reshape(len(chunks), size)
        sums = np.ascontiguousarray(table[:, :_SUM]).view("<u4")[:, 0]
        seed, starts = self._seed, range(_SUM, len(raw), size)
        expected = [
            crc32(view[start : start + self.dim], seed ^ chunk) or 1
            for chunk, start in zip(chunks.tolist(), starts, strict=True)
        ]
        is_whole = np.asarray(sums == np.array(expected, np.uint32), np.bool_)
        return table[:, _SUM:].view(np.int8), is_whole, np.asarray(~table.any(axis=1), np.bool_)

    def write(self, chunks: NDArray[np.int64], rows: NDArray[np.int8]) -> None:
        """Write some rows, int8 [m, dim]; chunks ascend, and neighbours are written at once.

        Raises:
            OSError: the disk is full, say.
        """
        assert self._writer is not None
        size = self._row_bytes
        raw = bytearray(len(chunks) * size)
        for at, chunk, row in zip(range(0, len(raw), size), chunks.tolist(), rows, strict=True):
            packed = row.tobytes()
            # A row in another's place, or of another segment, does not fit; zeros stand where nothing was written.
            raw[at : at + size] = (crc32(packed, self._seed ^ chunk) or 1).to_bytes(_SUM, "little") + packed
        for begin, end in _runs(chunks):
            self._writer.seek(self._offset(int(chunks[begin])))
            part = memoryview(raw)[begin * size : end * size]
            while len(part):
                part = part[self._writer.write(part) :]

    def check(self) -> Iterator[None]:
        """Compare all rows that were written with their checksums, in steps of a millisecond.

        Raises:
            DamagedFileError: the file does not hold what was written.
        """
        for start in range(0, self._count, _ROWS_AT_ONCE):
            chunks = np.arange(start, min(start + _ROWS_AT_ONCE, self._count))
            for _ in range(2):  # a row that was being written is whole now
                _, is_whole, is_empty = self.read(chunks)
                chunks = chunks[~is_whole & ~is_empty]
                yield
            if len(chunks):
                raise DamagedFileError(self.path)

    def _offset(self, chunk: int) -> int:
        return _HEADER.size + chunk * self._row_bytes


def _runs(chunks: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Return where neighbours begin and end among ascending numbers."""
    begins = np.flatnonzero(np.diff(chunks, prepend=-2) != 1).tolist()
    return list(zip(begins, [*begins[1:], len(chunks)], strict=False))


def create_sidecar(place: SidecarPlace, count: int, dim: int) -> Sidecar:
    """Make a file without rows, for its owner alone; what it takes of the disk are the rows that are written.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    temporary = place.path.with_name(f"{place.path.name}.tmp")
    head = _HEADER.pack(_MAGIC, _FORMAT, place.key, count, dim, 0)[:-4]
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
        stream.write(head + crc32(head).to_bytes(4, "little"))
        stream.truncate(_HEADER.size + count * (_SUM + dim))
    temporary.replace(place.path)
    return Sidecar(place, count, dim)


def open_sidecar(place: SidecarPlace, count: int | None = None) -> Sidecar | None:
    """Open the sidecar of a segment; None when it has none, or one of another segment.

    Args:
        place: where it is.
        count: chunks of the segment; None takes what the file says.

    Raises:
        DamagedFileError: it is damaged as a whole.
    """
    try:
        with place.path.open("rb") as stream:
            head = stream.read(_HEADER.size)
            size = os.fstat(stream.fileno()).st_size
        if len(head) < _HEADER.size or crc32(head[:-4]) != int.from_bytes(head[-4:], "little"):
            raise DamagedFileError(place.path)
        magic, version, key, rows, dim, _ = _HEADER.unpack(head)
        if magic != _MAGIC or version != _FORMAT or (count is not None and (key, rows) != (place.key, count)):
            return None
        if size != _HEADER.size + rows * (_SUM + dim):
            raise DamagedFileError(place.path)
        return Sidecar(place._replace(key=key), rows, dim)
    except IsADirectoryError:
        raise DamagedFileError(place.path) from None
    except OSError:
        return None  # not there, or out of reach: the store has its rows


def check_sidecar(path: Path) -> Iterator[None]:
    """Compare a sidecar with its checksums, in steps of a millisecond; see Sidecar.check."""
    found = open_sidecar(SidecarPlace(path, 0, writes=False))
    if found is not None:
        yield from found.check()


def remove_sidecar(path: Path) -> None:
    """Delete a sidecar; the next one is made from the store."""
    with suppress(OSError):
        path.unlink()
