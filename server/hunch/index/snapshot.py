"""An immutable, searchable view of the index: some segments, and what of each counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from hunch.index.contextual_column import ContextualColumn
from hunch.index.records import ChunkRecord
from hunch.index.segment import Segment


@dataclass(frozen=True, slots=True)
class View:
    """A segment as one snapshot sees it."""

    segment: Segment
    live_docs: NDArray[np.bool_] | None
    """bool [chunks], False for tombstones: chunks of files that were replaced or removed; None when all are live"""
    start: int
    """The number that its first chunk has in the snapshot."""
    column: ContextualColumn | None = None
    """The contextual embeddings of its chunks"""
    present: NDArray[np.bool_] | None = None
    """bool [chunks], which of them there are; None for none"""

    @property
    def chunk_count(self) -> int:
        """How many chunks are live."""
        return len(self.segment) if self.live_docs is None else int(np.count_nonzero(self.live_docs))

    @property
    def file_count(self) -> int:
        """How many files are live."""
        if self.live_docs is None:
            return len(self.segment.file_ids)
        return int(np.count_nonzero(self.live_docs[self.segment.first_chunks[:-1]]))

    @property
    def contextual_count(self) -> int:
        """How many live chunks have contextual embeddings."""
        if self.present is None:
            return 0
        return int(np.count_nonzero(self.present if self.live_docs is None else self.present & self.live_docs))


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a search sees. Chunks are numbered through all views; a published snapshot never changes."""

    generation: int
    views: tuple[View, ...]
    chunk_count: int
    """Chunks that are live."""
    file_count: int
    contextual_count: int = 0
    """Live chunks that have contextual embeddings."""

    def __len__(self) -> int:
        """Return how many chunk numbers there are, tombstones included."""
        return sum(len(view.segment) for view in self.views)

    @property
    def contextual(self) -> bool:
        """Whether there are contextual embeddings."""
        return self.contextual_count > 0

    def without_contextual(self) -> Snapshot:
        """Return the same without contextual embeddings, to compare."""
        return replace(self, views=tuple(replace(view, present=None) for view in self.views), contextual_count=0)

    def view_of(self, chunk: int) -> tuple[View, int]:
        """Return where a chunk is and its number there."""
        for view in reversed(self.views):
            if view.start <= chunk:
                return view, chunk - view.start
        raise IndexError(chunk)

    def contextual_of(self, chunks: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
        """Return which of some chunks, ascending, live with contextual embeddings, int64 [m], and these, int8 [m, dim].

        Raises:
            DamagedFileError: a file of the index does not hold what was written.
        """
        places, rows = [np.zeros(0, np.int64)], []
        starts = np.array([view.start for view in self.views], np.int64)
        of_view = np.searchsorted(starts, chunks, "right") - 1
        for number, view in enumerate(self.views):
            if view.column is None or view.present is None:
                continue
            inside = np.flatnonzero(of_view == number)
            local = chunks[inside] - view.start
            inside = inside[
                view.present[local] if view.live_docs is None else view.present[local] & view.live_docs[local]
            ]
            if len(inside):
                places.append(inside)
                rows.append(view.column.rows(chunks[inside] - view.start))
        return np.concatenate(places), np.concatenate(rows) if rows else np.zeros((0, 0), np.int8)

    def nearest_contextual(
        self, vector: NDArray[np.float32], k: int, masks: Sequence[NDArray[np.bool_] | None]
    ) -> NDArray[np.int64]:
        """Return the k chunks whose contextual embeddings are nearest to a question, int64, best first.

        Which they are depends on nothing but the chunks: of equals the first by path, then in the file, counts.

        Args:
            vector: the contextual embedding of the question, float32 [dim].
            k: how many at most.
            masks: which chunks of each view are allowed, bool [chunks]; None for all.
        """
        found: list[tuple[float, str, int, int]] = []
        for view, mask in zip(self.views, masks, strict=True):
            if view.column is None or view.present is None:
                continue
            segment = view.segment
            near = view.column.nearest(vector, k, view.present if mask is None else view.present & mask)
            files = segment.chunk_files[near.chunks]
            within = near.chunks - segment.first_chunks[files]
            columns = (near.scores, files, within, near.chunks + view.start)
            for score, file, place, number in zip(*(one.tolist() for one in columns), strict=True):
                found.append((-score, segment.paths[file], place, number))
        found.sort()
        return np.array([number for *_, number in found[:k]], np.int64)

    def path(self, chunk: int) -> str:
        """Return the path of a chunk's file, posix, relative to the root."""
        view, local = self.view_of(chunk)
        return view.segment.paths[int(view.segment.chunk_files[local])]

    def language(self, chunk: int) -> str:
        """Return the language of a chunk's file."""
        view, local = self.view_of(chunk)
        return view.segment.languages[int(view.segment.chunk_files[local])]

    def files_by_language(self) -> dict[str, int]:
        """Return how many live files there are in each language."""
        counts: Counter[str] = Counter()
        for view in self.views:
            segment = view.segment
            live = segment.chunk_files if view.live_docs is None else segment.chunk_files[view.live_docs]
            counts.update(segment.languages[file] for file in np.unique(live).tolist())
        return dict(counts)

    def record(self, chunk: int) -> ChunkRecord:
        """Return what a hit shows of a chunk."""
        view, local = self.view_of(chunk)
        return view.segment.record(local)


EMPTY = Snapshot(generation=0, views=(), chunk_count=0, file_count=0)


def compose_views(generation: int, views: Iterable[View]) -> Snapshot:
    """Return the snapshot of some views, whose chunks are numbered anew."""
    kept = [view for view in views if len(view.segment)]
    starts = accumulate((len(view.segment) for view in kept), initial=0)
    return Snapshot(
        generation=generation,
        views=tuple(replace(view, start=start) for view, start in zip(kept, starts, strict=False)),
        chunk_count=sum(view.chunk_count for view in kept),
        file_count=sum(view.file_count for view in kept),
        contextual_count=sum(view.contextual_count for view in kept),
    )
