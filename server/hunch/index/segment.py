"""A segment: the searchable arrays of a set of files, built from the store and never changed afterwards.

See hunch.index.segment_files for those on disk.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from hunch.index.lexical import InvertedIndex, invert, merge_inverted
from hunch.index.names import Names
from hunch.index.path_order import PathOrder
from hunch.index.records import ChunkRecord, kind_of, line_count_of, unpack_record
from hunch.index.store import FileContent, FileRecord
from hunch.index.stored_arrays import AnyArray
from hunch.index.vectors import DenseIndex, build_dense
from hunch.text.chunk import KINDS
from hunch.text.languages import CONTENTS, content_of
from hunch.text.path_class import path_class_of
from hunch.text.terms import Postings

_MOST_LINES = 65_535
_KIND_NUMBERS = {kind: number for number, kind in enumerate(KINDS)}


@dataclass(frozen=True, slots=True)
class Segment:
    """n chunks of m files; chunks are numbered from 0, those of one file stand together in the file's order."""

    file_ids: NDArray[np.int64]
    """int64 [m], ascending"""
    paths: list[str]
    languages: list[str]
    path_classes: NDArray[np.uint8]
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
    contents: NDArray[np.uint8] = field(init=False, compare=False)
    """uint8 [n], positions in CONTENTS: those of the files' languages, but a section is documentation anywhere"""
    names: Names = field(init=False, compare=False)
    path_order: PathOrder = field(init=False, compare=False)

    def __post_init__(self) -> None:
        """Say what chunks are; let names be looked up and files be ordered, with nothing read before the first time."""
        object.__setattr__(self, "contents", _contents_of(self.languages, self.chunk_files, self.kinds))
        object.__setattr__(self, "names", Names(self.records, self.record_starts))
        object.__setattr__(self, "path_order", PathOrder(self.paths))

    def __len__(self) -> int:
        return len(self.chunk_files)

    def record(self, chunk: int) -> ChunkRecord:
        """Return what a hit shows of a chunk."""
        start, end = int(self.record_starts[chunk]), int(self.record_starts[chunk + 1])
        return unpack_record(self.records[start:end].tobytes())


def build_segment(files: Iterable[tuple[int, FileRecord, FileContent]], chunks: int = 0) -> Segment:
    """Build a segment in memory from (id, record, content) of files, ids ascending.

    At its peak, while the postings are sorted, it takes some 2,800 bytes a chunk: 30 for each of about 60 postings, 512
    for an embedding of 256 numbers, and what a hit shows; files are read one after the other and not kept.

    Args:
        files: of one model, or all without.
        chunks: how many there are in all, as far as is known: memory for embeddings is then taken once.
    """
    ids: list[int] = []
    known: list[FileRecord] = []
    records = bytearray()
    lengths: list[int] = []
    kinds, lines = bytearray(), array("H")
    originals = np.zeros((0, 0), np.float16)
    postings: list[Postings] = []
    counts: list[int] = []
    for number, record, content in files:
        ids.append(number)
        known.append(record)
        start = len(lengths)
        for packed in content.records:
            records += packed
            lengths.append(len(packed))
            kinds.append(_KIND_NUMBERS[kind_of(packed)])
            lines.append(min(line_count_of(packed), _MOST_LINES))
        if len(lengths) > len(originals):
            more = np.empty((max(len(lengths), chunks, 2 * len(originals)), content.vectors.shape[1]), np.float16)
            if start:
                more[:start] = originals[:start]
            originals = more
        originals[start : len(lengths)] = content.vectors
        postings.append(content.postings)
        counts.append(len(content.records))
    originals = originals[: len(lengths)]
    return Segment(
        file_ids=np.array(ids, np.int64),
        paths=[record.path for record in known],
        languages=[record.language for record in known],
        path_classes=path_classes_of([record.path for record in known]),
        first_chunks=np.array([0, *accumulate(counts)], np.int64),
        chunk_files=np.repeat(np.arange(len(ids), dtype=np.int32), counts),
        kinds=np.array(kinds, np.uint8),
        lines=np.array(lines, np.uint16),
        record_starts=np.array([0, *accumulate(lengths)], np.int64),
        records=np.frombuffer(records, np.uint8),
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
        files += [
            (segment.file_ids[i], segment.paths[i], segment.languages[i], segment.path_classes[i]) for i in living
        ]
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
        path_classes=np.array([file[3] for file in files], np.uint8),
        first_chunks=np.concatenate(([0], np.cumsum(per_file))).astype(np.int64),
        chunk_files=np.repeat(np.arange(len(files), dtype=np.int32), per_file),
        kinds=np.concatenate([segment.kinds[kept] for (segment, _), kept in zip(parts, stays, strict=True)]),
        lines=np.concatenate([segment.lines[kept] for (segment, _), kept in zip(parts, stays, strict=True)]),
        record_starts=np.concatenate(([0], np.cumsum(np.concatenate(lengths)))).astype(np.int64),
        records=np.concatenate(records),
        dense=build_dense(np.concatenate([index.originals[kept] for index, kept in dense])) if dense else None,
        inverted=merge_inverted([(segment.inverted, kept) for (segment, _), kept in zip(parts, stays, strict=True)]),
    )


def _contents_of(
    languages: Sequence[str], chunk_files: NDArray[np.int32], kinds: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    number = {language: CONTENTS.index(content_of(language)) for language in set(languages)}
    found = np.array([number[language] for language in languages], np.uint8)[chunk_files]
    found[kinds == KINDS.index("section")] = CONTENTS.index("docs")
    return found


def path_classes_of(paths: Sequence[str]) -> NDArray[np.uint8]:
    """Return the path class of each path, uint8."""
    return np.array([int(path_class_of(path)) for path in paths], np.uint8)
