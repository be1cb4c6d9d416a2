"""The segments of an index as a reader sees them: those on disk, and small ones in memory for what was just written.

As in a log-structured merge tree (O'Neil et al., 1996), a small segment is merged with its neighbour once it is half as
large, so that to publish a save costs little. Nothing here changes in place: every function returns new segments, and
what was published stays as it was.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hunch.index.contextual_column import ContextualColumn
from hunch.index.segment import Segment, build_segment, merge_segments
from hunch.index.segment_files import StoredSegment
from hunch.index.snapshot import Snapshot, View, compose_views
from hunch.index.store import FileContent, FileRecord

Added = tuple[int, FileRecord, FileContent]
"""Id, record and content of a file that was written."""


@dataclass(frozen=True, slots=True)
class LiveSegment:
    """A segment and what of it counts."""

    segment: Segment
    column: ContextualColumn
    live_docs: NDArray[np.bool_] | None = None
    """bool [chunks], False for tombstones; None when all are live"""
    present: NDArray[np.bool_] | None = None
    """bool [chunks], which have contextual embeddings; None for none"""
    stored: StoredSegment | None = None
    """Where it is on disk; None for one in memory"""

    @property
    def live_count(self) -> int:
        """How many chunks are live."""
        return len(self.segment) if self.live_docs is None else int(np.count_nonzero(self.live_docs))

    def live_files(self) -> NDArray[np.int64]:
        """Return the ids of the files that are live, int64, ascending."""
        if self.live_docs is None:
            return self.segment.file_ids
        return self.segment.file_ids[self.live_docs[self.segment.first_chunks[:-1]]]

    def chunks_of(self, file: int) -> NDArray[np.int64]:
        """Return the numbers of a live file's chunks, int64; none when the file is not here."""
        ids = self.segment.file_ids
        where = int(np.searchsorted(ids, file))
        if where == len(ids) or ids[where] != file:
            return np.zeros(0, np.int64)
        first, end = self.segment.first_chunks[where : where + 2].tolist()
        is_live = self.live_docs is None or first == end or self.live_docs[first]
        return np.arange(first, end if is_live else first, dtype=np.int64)


Segments = tuple[LiveSegment, ...]
"""Those on disk first; the ids of those in memory ascend through all of them."""


def in_memory(segment: Segment) -> LiveSegment:
    """Return a segment that was just built, without contextual embeddings."""
    return LiveSegment(segment, ContextualColumn(len(segment)))


def with_changes(
    segments: Segments, removed: Collection[int], added: Iterable[Added], *, largest_merged: int, chunks: int = 0
) -> Segments:
    """Return the segments after files were removed (by id) and others added, ids ascending.

    About 20 microseconds an added chunk, the merges 10 more each time a chunk takes part, log2 times.

    Args:
        segments: as they are.
        removed: ids.
        added: ids are greater than all in memory.
        largest_merged: chunks of the largest merged segment; with 0 nothing is merged, the change is seen soonest, and
            the next call that merges makes up for it.
        chunks: how many are added, as far as is known.
    """
    changed = [with_tombstones(one, removed) for one in segments] if removed else list(segments)
    segment = build_segment((part for part in added if part[2].records), chunks)
    if len(segment):
        changed.append(in_memory(segment))
    kept = [one for one in changed if one.stored is not None or one.live_count]
    return _merged(kept, largest_merged) if largest_merged else tuple(kept)


def with_tombstones(one: LiveSegment, ids: Iterable[int]) -> LiveSegment:
    """Return a segment in which some files are no longer live."""
    segment = one.segment
    wanted = np.fromiter(ids, np.int64)
    if not len(wanted) or not len(segment.file_ids):
        return one
    where = np.minimum(np.searchsorted(segment.file_ids, wanted), len(segment.file_ids) - 1)
    files = where[segment.file_ids[where] == wanted]
    if not len(files):
        return one
    live = np.ones(len(segment), np.bool_) if one.live_docs is None else one.live_docs.copy()
    for file in files.tolist():
        live[segment.first_chunks[file] : segment.first_chunks[file + 1]] = False
    return replace(one, live_docs=live)


def with_live_files(one: LiveSegment, files: NDArray[np.bool_]) -> LiveSegment:
    """Return a segment in which exactly some files, bool [files], are live."""
    return replace(one, live_docs=None if files.all() else files[one.segment.chunk_files])


def compose(
    segments: Segments, generation: int, shadowed: Collection[str] = (), overlay: Sequence[Segment] = ()
) -> Snapshot:
    """Return the snapshot of some segments.

    Args:
        segments: what the store holds.
        generation: the snapshot's number.
        shadowed: paths whose stored chunks are not to be seen, since unsaved text stands for them.
        overlay: segments of unsaved text.
    """
    views = [View(one.segment, _shadowed(one, shadowed), 0, one.column, one.present) for one in segments]
    return compose_views(generation, [*views, *(View(segment, None, 0) for segment in overlay)])


def chunks_in_memory(segments: Segments) -> int:
    """Return how many chunks are kept in memory, tombstones included."""
    return sum(len(one.segment) for one in segments if one.stored is None)


def _merged(segments: list[LiveSegment], largest: int) -> Segments:
    """Join neighbours until each is more than twice as large as the next, or too large to be joined at once."""
    groups: list[list[LiveSegment]] = []
    sizes: list[int] = []
    for one in segments:
        groups.append([one])
        sizes.append(one.live_count)
        while len(groups) > 1 and groups[-2][0].stored is None:
            if sizes[-2] > 2 * sizes[-1] or sizes[-2] + sizes[-1] > largest:
                break
            groups[-2:] = [groups[-2] + groups[-1]]
            sizes[-2:] = [sizes[-2] + sizes[-1]]
    return tuple(group[0] if len(group) == 1 else _merge(group) for group in groups)


def _merge(group: Sequence[LiveSegment]) -> LiveSegment:
    segment = merge_segments([(one.segment, one.live_docs) for one in group])
    column, present, start = ContextualColumn(len(segment)), np.zeros(len(segment), np.bool_), 0
    for one in group:
        live = np.ones(len(one.segment), np.bool_) if one.live_docs is None else one.live_docs
        if one.present is not None:
            moved = np.flatnonzero(one.present & live)
            numbers = start + np.cumsum(live)[moved] - 1
            column.put(numbers, one.column.rows(moved))
            present[numbers] = True
        start += int(np.count_nonzero(live))
    return LiveSegment(segment, column, present=present if present.any() else None)


def _shadowed(one: LiveSegment, paths: Collection[str]) -> NDArray[np.bool_] | None:
    ids = []
    for path in paths:
        try:
            ids.append(int(one.segment.file_ids[one.segment.paths.index(path)]))
        except ValueError:
            continue
    return with_tombstones(one, ids).live_docs
