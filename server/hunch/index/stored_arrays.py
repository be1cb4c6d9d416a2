"""Arrays in one file that never changes: small ones are read at once, large ones block by block when first asked for.

Everything that is read is compared with a checksum before it is used, and is the reader's own memory from then on: a
file that is cut off, overwritten or deleted later can neither change what was read nor end the process, as a memory map
would with SIGBUS (mmap(2)). Memory is taken only for the blocks that were asked for.

The file: the bytes of the arrays; JSON that says what they are; a trailer with the place, length and checksum of that.
"""

from __future__ import annotations

import json
import math
import mmap
import os
import struct
import threading
import weakref
from collections.abc import Container, Iterator, Mapping
from io import FileIO
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar
from zlib import crc32

import numpy as np
from numpy.typing import DTypeLike, NDArray

BLOCK_BYTES = 4096
"""As many as a page of memory: what is read for one row is little, and a checksum is a thousandth of it."""

_LAZY_BYTES = 1 << 16
"""Larger arrays are read block by block, if they may be."""
_AT_ONCE_BYTES = 1 << 20
_KEPT_BYTES = 1 << 20
"""A longer slice is read by somebody who goes through the whole, once: it is handed over and not kept."""
_MOST_KEPT_BYTES = 40 << 20
"""Of one array. Beyond, what was read is let go and read again when it is asked for: some 4 microseconds a block."""
_ALIGNMENT = 64
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
_HAS_PREADV = hasattr(os, "preadv")
_TRAILER = struct.Struct("<QQI12s")
_MAGIC = b"hunch arrays"

Scalar = TypeVar("Scalar", bound=np.generic)


class DamagedFileError(Exception):
    """A file does not hold what was written to it."""

    def __init__(self, path: Path, what: str = "damaged") -> None:
        """Take the file, and in a word what is wrong with it."""
        super().__init__(f"{path}: {what}")
        self.path = path


class StoredArray(Generic[Scalar]):
    """An array whose blocks are read when they are first asked for. Safe from any thread."""

    def __init__(
        self, file: OpenFile, offset: int, shape: tuple[int, ...], dtype: DTypeLike, checksums: NDArray[np.uint32]
    ) -> None:
        """Take a file, where in it the array stands, and a checksum for each block of the array."""
        self.shape, self.dtype = shape, np.dtype(dtype)
        count = int(np.prod(shape))
        self._file, self._offset, self._checksums = file, offset, checksums
        self._count = count
        self._row_bytes = count * self.dtype.itemsize // max(1, shape[0])
        self._kept: _Kept[Scalar] = _Kept(shape, self.dtype, len(checksums))

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def nbytes(self) -> int:
        """How large the array is when all of it has been read."""
        return self._count * self.dtype.itemsize

    def __getitem__(self, rows: Any) -> Any:
        """Return some rows: one by its number, a slice, or those that an array of numbers or truths chooses.

        Raises:
            DamagedFileError: what stands in the file is not what was written.
        """
        kept = self._kept
        if not kept.is_whole:
            if isinstance(rows, slice):
                start, stop, step = rows.indices(len(self))
                if step == 1 and (stop - start) * self._row_bytes > _KEPT_BYTES:
                    return self._read_apart(start, stop)
                first, last = start * self._row_bytes // BLOCK_BYTES, (stop * self._row_bytes - 1) // BLOCK_BYTES
                if step == 1 and start < stop and not kept.missing[first : last + 1].any():
                    return kept.array[rows]
            elif isinstance(rows, int):  # nearly all calls; numpy's way for many rows takes ten times as long for one
                row = rows + len(self) if rows < 0 else rows
                first, last = row * self._row_bytes // BLOCK_BYTES, ((row + 1) * self._row_bytes - 1) // BLOCK_BYTES
                if first == last and first < len(kept.missing) and not kept.missing[first]:
                    return kept.array[rows]
            if kept.bytes_read > _MOST_KEPT_BYTES:  # others go on with the memory that they have
                kept = self._kept = _Kept(self.shape, self.dtype, len(self._checksums))
            self._read(kept, self._missing_of(kept, rows))
        return kept.array[rows]

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> NDArray[Any]:
        whole = self[:]
        return np.array(whole, dtype) if copy or (dtype is not None and dtype != self.dtype) else np.asarray(whole)

    def check(self, start: int, scratch: memoryview) -> None:
        """Compare as many bytes in the file as fit into some memory with their checksums; start is that of a block.

        Raises:
            DamagedFileError: what stands in the file is not what was written.
        """
        with self._file.lock:
            self._file.fill(self._offset + start, scratch)
        self._compare(start // BLOCK_BYTES, scratch)

    def _read_apart(self, start: int, stop: int) -> NDArray[Scalar]:
        """Read some rows into memory of their own."""
        size = self._row_bytes
        begin = start * size // BLOCK_BYTES * BLOCK_BYTES
        end = min(self.nbytes, -(-stop * size // BLOCK_BYTES) * BLOCK_BYTES)
        memory = np.empty(end - begin, np.uint8)
        self.check(begin, memory.data)
        rows = memory[start * size - begin : stop * size - begin].view(self.dtype)
        return rows.reshape(stop - start, *self.shape[1:])

    def _missing_of(self, kept: _Kept[Scalar], rows: Any) -> NDArray[np.int64]:
        """Return the blocks, int64, ascending, in which some rows stand and that were not read yet."""
        size = self._row_bytes
        if isinstance(rows, slice):
            start, stop, step = rows.indices(len(self))
            first, last = (start, stop - 1) if step > 0 else (stop + 1, start)
            if first > last:
                return np.zeros(0, np.int64)
            block = first * size // BLOCK_BYTES
            return np.flatnonzero(kept.missing[block : ((last + 1) * size - 1) // BLOCK_BYTES + 1]) + block
        numbers = np.atleast_1d(np.asarray(rows))
        numbers = np.flatnonzero(numbers) if numbers.dtype == np.bool_ else numbers.astype(np.int64) % max(1, len(self))
        begins, ends = numbers * size // BLOCK_BYTES, ((numbers + 1) * size - 1) // BLOCK_BYTES
        # Of a row that is longer than a block, those between the first and the last as well.
        between = [np.minimum(begins + i, ends) for i in range(1, size // BLOCK_BYTES + 1)]
        blocks = np.concatenate([begins, ends, *between])
        return np.unique(blocks[kept.missing[blocks]])

    def _read(self, kept: _Kept[Scalar], blocks: NDArray[np.int64]) -> None:
        if not len(blocks):
            return
        with self._file.lock:  # nobody looks at a block, or reads it a second time, before it is found to be right
            blocks = blocks[kept.missing[blocks]]
            follows = np.diff(blocks, prepend=-2, append=-2) == 1
            firsts, lasts = blocks[~follows[:-1]], blocks[~follows[1:]]
            for first, last, checksum in zip(
                firsts.tolist(), lasts.tolist(), self._checksums[firsts].tolist(), strict=True
            ):
                part = kept.memory[first * BLOCK_BYTES : (last + 1) * BLOCK_BYTES]
                self._file.fill(self._offset + first * BLOCK_BYTES, part)
                if first < last:
                    self._compare(first, part)
                elif crc32(part) != checksum:
                    raise DamagedFileError(self._file.path)
            kept.missing[blocks] = False
            kept.bytes_read += len(blocks) * BLOCK_BYTES
            kept.is_whole = kept.bytes_read >= self.nbytes and not kept.missing.any()

    def _compare(self, first: int, raw: memoryview) -> None:
        found = [crc32(raw[at : at + BLOCK_BYTES]) for at in range(0, len(raw), BLOCK_BYTES)]
        if found != self._checksums[first : first + len(found)].tolist():
            raise DamagedFileError(self._file.path)


class _Kept(Generic[Scalar]):
    """What was read of an array. Its memory costs nothing until it is touched, and all goes back to the system."""

    def __init__(self, shape: tuple[int, ...], dtype: np.dtype[Any], blocks: int) -> None:
        count = math.prod(shape)
        memory = mmap.mmap(-1, count * dtype.itemsize)
        self.memory = memoryview(memory)
        self.array: NDArray[Scalar] = np.frombuffer(memory, dtype, count).reshape(shape)
        self.missing = np.ones(blocks, np.bool_)
        self.bytes_read = 0
        self.is_whole = False


AnyArray: TypeAlias = NDArray[Scalar] | StoredArray[Scalar]
"""In memory, or in a file."""


def write_arrays(
    file: Path, about: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]], lazy: Container[str]
) -> None:
    """Write arrays into a new file for its owner alone, and wait until the disk has them.

    Args:
        file: what stands there is overwritten.
        about: what is kept beside them, as JSON.
        arrays: by name.
        lazy: which of them may be read block by block.

    Raises:
        OSError: the file cannot be written, or the disk is full.
    """
    places: dict[str, Any] = {}
    with os.fdopen(os.open(file, _NEW_FILE, 0o600), "wb") as stream:

        def put(raw: memoryview) -> int:
            stream.write(bytes(-stream.tell() % _ALIGNMENT))
            offset = stream.tell()
            stream.write(raw)
            return offset

        for name, array in arrays.items():
            raw = _bytes_of(array)
            place: dict[str, Any] = {"offset": put(raw), "shape": array.shape, "dtype": array.dtype.str}
            if name in lazy and len(raw) > _LAZY_BYTES:
                blocks = (crc32(raw[at : at + BLOCK_BYTES]) for at in range(0, len(raw), BLOCK_BYTES))
                raw = _bytes_of(np.fromiter(blocks, np.uint32))
                place["blocks"] = put(raw)
            places[name] = {**place, "checksum": crc32(raw)}
        description = json.dumps({**about, "arrays": places}).encode("ascii")
        offset = stream.tell()
        stream.write(description)
        stream.write(_TRAILER.pack(offset, len(description), crc32(description), _MAGIC))
        stream.flush()
        os.fsync(stream.fileno())


def read_arrays(file: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Open what write_arrays wrote: return what was kept beside the arrays, and these by name.

    Raises:
        OSError: the file cannot be read.
        DamagedFileError: it does not hold what was written.
    """
    opened = OpenFile(file)
    about = _description_of(opened)
    return about, {name: _array_of(opened, place) for name, place in about.pop("arrays").items()}


def check_arrays(file: Path) -> Iterator[None]:
    """Compare a whole file with its checksums, in steps of a megabyte.

    Raises:
        OSError: the file cannot be read.
        DamagedFileError: it does not hold what was written.
    """
    opened = OpenFile(file)
    scratch = memoryview(bytearray(_AT_ONCE_BYTES))
    for place in _description_of(opened)["arrays"].values():
        array = _array_of(opened, place)
        yield
        if isinstance(array, StoredArray):
            for start in range(0, array.nbytes, _AT_ONCE_BYTES):
                array.check(start, scratch[: array.nbytes - start])
                yield


class OpenFile:
    """A file that is open until nobody uses it any more, and what guards its position."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.lock = threading.Lock()
        self._stream = FileIO(os.fspath(path))
        self._descriptor = self._stream.fileno()
        self.size = os.fstat(self._descriptor).st_size
        weakref.finalize(self, self._stream.close)

    def fill(self, offset: int, part: memoryview) -> None:
        """Read bytes into some memory; the caller holds the lock, if others could read as well."""
        if _HAS_PREADV and os.preadv(self._descriptor, [part], offset) == len(part):  # as a rule, and that is all
            return
        while len(part):
            count = self._read_at(offset, part)
            if not count:
                raise DamagedFileError(self.path, "cut off")
            part, offset = part[count:], offset + count

    def _read_at(self, offset: int, part: memoryview) -> int:
        if _HAS_PREADV:  # one call of the system instead of two
            return os.preadv(self._descriptor, [part], offset)
        self._stream.seek(offset)
        return self._stream.readinto(part) or 0

    def read(self, offset: int, count: int) -> bytearray:
        """Return some bytes."""
        if not 0 <= offset <= offset + count <= self.size:
            raise DamagedFileError(self.path)
        found = bytearray(count)
        self.fill(offset, memoryview(found))
        return found


def _description_of(file: OpenFile) -> dict[str, Any]:
    offset, length, checksum, magic = _TRAILER.unpack(file.read(file.size - _TRAILER.size, _TRAILER.size))
    if magic != _MAGIC or offset + length + _TRAILER.size != file.size:
        raise DamagedFileError(file.path)
    description = file.read(offset, length)
    if crc32(description) != checksum:
        raise DamagedFileError(file.path)
    found: dict[str, Any] = json.loads(description)
    return found


def _array_of(file: OpenFile, place: Mapping[str, Any]) -> NDArray[Any] | StoredArray[Any]:
    shape, dtype = tuple(place["shape"]), np.dtype(place["dtype"])
    size = math.prod(shape) * dtype.itemsize
    offset, count = place["offset"], size
    if "blocks" in place:
        offset, count = place["blocks"], -(-size // BLOCK_BYTES) * 4
    raw = file.read(offset, count)
    if crc32(raw) != place["checksum"]:
        raise DamagedFileError(file.path)
    if "blocks" in place:
        return StoredArray(file, place["offset"], shape, dtype, np.frombuffer(raw, np.uint32))
    return np.frombuffer(raw, dtype).reshape(shape)


def _bytes_of(array: NDArray[Any]) -> memoryview:
    flat = np.ascontiguousarray(array).reshape(-1)
    return flat.view(np.uint8).data if flat.size else memoryview(b"")
