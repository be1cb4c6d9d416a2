"""A segment: the searchable arrays of a set of files, built from the store and never changed afterwards.

A segment on disk is a cache of what the store holds: one file, written under another name and renamed into place, with
the identity of the store it came from and checksums of all its bytes. It is read as far as searches ask for it, so that
opening one of 100,000 chunks takes milliseconds.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hunch.index.lexical import InvertedIndex, invert, merge_inverted
from hunch.index.names import Names
from hunch.index.path_order import PathOrder
from hunch.index.records import ChunkRecord, kind_of, line_count_of, unpack_record
from hunch.index.store import FileContent, FileRecord
from hunch.index.stored_arrays import AnyArray, DamagedFileError, check_arrays, read_arrays, write_arrays
from hunch.index.vectors import DenseIndex, build_dense, load_dense
from hunch.text.chunk import KINDS
from hunch.text.path_class import path_class_of
from hunch.text.terms import Postings

SEGMENT_FORMAT = 3
"""2: how many lines the chunks have. 3: one file, with checksums."""

_MOST_LINES = 65_535
_KIND_NUMBERS = {kind: number for number, kind in enumerate(KINDS)}
_ARRAYS = ("file_ids", "first_chunks", "chunk_files", "kinds", "lines", "record_starts", "records")
_INVERTED = ("terms", "starts", "docs", "impacts", "fields")
_LARGE = frozenset({"records", "vectors", "inverted_docs", "inverted_impacts", "inverted_fields"})
"""Arrays of which a search needs a small part."""
_PREFIX, _SUFFIX = "segment-", ".hunch"


@dataclass(frozen=True, slots=True)
class Segment:
    """n chunks of m files; chunks are numbered from 0, those of one file stand together in the file's order."""

    file_ids: NDArray[np.int64]
    """int64 [m], ascending"""
    paths: list[str]
    languages: list[str]
    roles: NDArray[np.uint8]
    """uint8 [m], hunch.text.path_class.PathClass"""
    first_chunks: NDArray[np.int64]
    """int64 [m + 1], the first chunk of each file, then n"""
    chunk_files: NDArray[np.int32]
    """int32 [n], positions in the arrays of files"""
    kinds: NDArray[np.uint8]
    """uint8 [n], positions in KINDS"""
    lines: NDArray[np.uint16]
    """uint16 [n], how many lines each chunk has"""
    record_starts: NDArray[np.int64]
    """int64 [n + 1]"""
    records: AnyArray[np.uint8]
    """uint8 [total], the packed records one after the other"""
    dense: DenseIndex | None
    """None without a model"""
    inverted: InvertedIndex
    names: Names = field(init=False, compare=False)
    path_order: PathOrder = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Let names be looked up and files be ordered; nothing is read before the first time."""
        object.__setattr__(self, "names", Names(self.records, self.record_starts))
        object.__setattr__(self, "path_order", PathOrder(self.paths))

    def __len__(self) -> int:
        return len(self.chunk_files)

    def record(self, chunk: int) -> ChunkRecord:
        """Return what a hit shows of a chunk."""
        start, end = int(self.record_starts[chunk]), int(self.record_starts[chunk + 1])
        return unpack_record(self.records[start:end].tobytes())


def build_segment(files: Iterable[tuple[int, FileRecord, FileContent]]) -> Segment:
    """Build a segment in memory from (id, record, content) of files, ids ascending."""
    ids: list[int] = []
    known: list[FileRecord] = []
    records: list[bytes] = []
    vectors: list[NDArray[np.float16]] = []
    postings: list[Postings] = []
    counts: list[int] = []
    for number, record, content in files:
        ids.append(number)
        known.append(record)
        records += content.records
        vectors.append(content.vectors)
        postings.append(content.postings)
        counts.append(len(content.records))
    originals = np.concatenate(vectors) if vectors else np.zeros((0, 0), np.float16)
    del vectors
    return Segment(
        file_ids=np.array(ids, np.int64),
        paths=[record.path for record in known],
        languages=[record.language for record in known],
        roles=_roles([record.path for record in known]),
        first_chunks=np.array([0, *accumulate(counts)], np.int64),
        chunk_files=np.repeat(np.arange(len(ids), dtype=np.int32), counts),
        kinds=np.array([_KIND_NUMBERS[kind_of(record)] for record in records], np.uint8),
        lines=np.array([min(line_count_of(record), _MOST_LINES) for record in records], np.uint16),
        record_starts=np.array([0, *accumulate(map(len, records))], np.int64),
        records=np.frombuffer(b"".join(records), np.uint8),
        dense=build_dense(originals) if originals.shape[1] else None,
        inverted=invert(postings),
    )


def merge_segments(parts: Sequence[tuple[Segment, NDArray[np.bool_] | None]]) -> Segment:
    """Join small segments of ascending ids, each with its living chunks (None for all), without reading the store.

    About 10 microseconds a chunk.
    """
    stays = [np.ones(len(segment), np.bool_) if alive is None else alive for segment, alive in parts]
    files, counts, records, lengths = [], [], [], []
    for (segment, _), kept in zip(parts, stays, strict=True):
        # A file lives or dies as a whole; one whose first chunk lives stays.
        living = np.flatnonzero(kept[segment.first_chunks[:-1]]) if len(segment) else np.zeros(0, np.int64)
        files += [(segment.file_ids[i], segment.paths[i], segment.languages[i], segment.roles[i]) for i in living]
        counts.append(np.diff(segment.first_chunks)[living])
        sizes = np.diff(segment.record_starts)
        records.append(segment.records[np.repeat(kept, sizes)])
        lengths.append(sizes[kept])
    per_file = np.concatenate(counts)
    dense = [(segment.dense, kept) for (segment, _), kept in zip(parts, stays, strict=True) if segment.dense]
    return Segment(
        file_ids=np.array([file[0] for file in files], np.int64),
        paths=[file[1] for file in files],
        languages=[file[2] for file in files],
        roles=np.array([file[3] for file in files], np.uint8),
        first_chunks=np.concatenate(([0], np.cumsum(per_file))).astype(np.int64),
        chunk_files=np.repeat(np.arange(len(files), dtype=np.int32), per_file),
        kinds=np.concatenate([segment.kinds[kept] for (segment, _), kept in zip(parts, stays, strict=True)]),
        lines=np.concatenate([segment.lines[kept] for (segment, _), kept in zip(parts, stays, strict=True)]),
        record_starts=np.concatenate(([0], np.cumsum(np.concatenate(lengths)))).astype(np.int64),
        records=np.concatenate(records),
        dense=build_dense(np.concatenate([index.originals[kept] for index, kept in dense])) if dense else None,
        inverted=merge_inverted([(segment.inverted, kept) for (segment, _), kept in zip(parts, stays, strict=True)]),
    )


def save_segment(segment: Segment, cache: Path, identity: str) -> Path:
    """Write a segment into the cache folder under the next free number and remove the older ones.

    Args:
        segment: what to write.
        cache: the workspace's folder in the cache.
        identity: the store it was built from, see load_segment.

    Raises:
        OSError: the folder cannot be written, or the disk is full; nothing is left of it.
    """
    older = _saved_segments(cache)
    number = older[-1][0] + 1 if older else 1
    file = cache / f"{_PREFIX}{number:06}{_SUFFIX}"
    temporary = file.with_suffix(".tmp")
    about = {
        "format": SEGMENT_FORMAT,
        "identity": identity,
        "paths": segment.paths,
        "languages": segment.languages,
        "embedded": segment.dense is not None,
    }
    arrays = {name: np.asarray(getattr(segment, name)) for name in _ARRAYS}
    arrays |= {f"inverted_{name}": np.asarray(getattr(segment.inverted, name)) for name in _INVERTED}
    if segment.dense is not None:
        arrays |= {"vectors": np.asarray(segment.dense.originals), "codes": segment.dense.packed_codes()}
    try:
        write_arrays(temporary, about, arrays, _LARGE)
        temporary.replace(file)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _wait_until_kept(cache)
    for _, old in older:
        # Another process may hold it open, which some systems refuse to delete: the next save tries again.
        _remove(old)
    return file


def load_segment(cache: Path, identity: str, on_damage: Callable[[Path], None] = lambda file: None) -> Segment | None:
    """Open the newest saved segment; None when there is none of this store that can be read.

    Args:
        cache: the workspace's folder in the cache.
        identity: of the store.
        on_damage: called with each file that is newer and is damaged.
    """
    for _, file in reversed(_saved_segments(cache)):
        if file.suffix != _SUFFIX:
            continue  # of an earlier version
        try:
            return _load(file, identity)
        except _ForeignError:
            continue
        except (DamagedFileError, ValueError, KeyError, TypeError, AttributeError, RecursionError, IsADirectoryError):
            on_damage(file)
        except OSError:
            continue  # gone meanwhile
    return None


def check_segments(cache: Path) -> Iterator[Path | None]:
    """Compare the saved segments with their checksums, in steps of a millisecond; yield those that are damaged."""
    for _, file in _saved_segments(cache):
        if file.suffix == _SUFFIX:
            try:
                yield from check_arrays(file)
            except (DamagedFileError, ValueError, KeyError, TypeError, IsADirectoryError):
                yield file
            except OSError:
                continue  # gone meanwhile


def remove_segments(cache: Path) -> None:
    """Delete what is saved; the next one is built from the store."""
    for _, file in _saved_segments(cache):
        _remove(file)


class _ForeignError(Exception):
    """A segment of another store or format."""


def _load(file: Path, identity: str) -> Segment:
    about, arrays = read_arrays(file)
    if about["format"] != SEGMENT_FORMAT or about["identity"] != identity:
        raise _ForeignError
    segment = Segment(
        paths=about["paths"],
        languages=about["languages"],
        roles=_roles(about["paths"]),
        dense=load_dense(arrays["codes"], arrays["vectors"]) if about["embedded"] else None,
        inverted=InvertedIndex(*(arrays[f"inverted_{name}"] for name in _INVERTED)),
        **{name: arrays[name] for name in _ARRAYS},
    )
    if not _fits_together(segment):
        raise ValueError("its parts do not fit together")
    return segment


def _fits_together(segment: Segment) -> bool:
    files, chunks, inverted = len(segment.file_ids), len(segment), segment.inverted
    return (
        files == len(segment.paths) == len(segment.languages) == len(segment.first_chunks) - 1
        and chunks == int(segment.first_chunks[-1]) == len(segment.kinds) == len(segment.lines)
        and chunks == len(segment.record_starts) - 1
        and (segment.dense is None or chunks == len(segment.dense))
        and len(segment.records) == int(segment.record_starts[-1])
        and len(inverted.terms) == len(inverted.starts) - 1
        and len(inverted.docs) == len(inverted.impacts) == len(inverted.fields) == int(inverted.starts[-1])
    )


def _saved_segments(cache: Path) -> list[tuple[int, Path]]:
    """Return what is saved, with its number, oldest first; segments of earlier versions are folders."""
    found: list[Path] = []
    with contextlib.suppress(OSError):  # a cache that cannot be entered holds nothing
        found = [file for file in cache.glob(f"{_PREFIX}*") if file.suffix in ("", _SUFFIX)]
    numbered = [(file.stem.removeprefix(_PREFIX), file) for file in found]
    return sorted((int(number), file) for number, file in numbered if number.isdigit())


def _remove(file: Path) -> None:
    with contextlib.suppress(OSError):
        file.unlink()
        return
    shutil.rmtree(file, ignore_errors=True)  # an earlier version's


def _wait_until_kept(folder: Path) -> None:
    """Wait until the disk has what was renamed in a folder, where the system lets one wait for that."""
    with contextlib.suppress(OSError, AttributeError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _roles(paths: Sequence[str]) -> NDArray[np.uint8]:
    return np.array([int(path_class_of(path)) for path in paths], np.uint8)
