"""An immutable, searchable view of the index: a large base segment, a small delta, and what of the base is gone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from hunch.index.contextual import NOTHING_IN_CONTEXT, ContextualIndex, index_contextual
from hunch.index.records import ChunkRecord
from hunch.index.segment import Segment, build_segment
from hunch.index.store import Store
from hunch.model.contextual import cosines


@dataclass(frozen=True, slots=True)
class View:
    """A segment as one snapshot sees it."""

    segment: Segment
    alive: NDArray[np.bool_] | None
    """bool [chunks], False for chunks of files that were replaced or removed; None when all are alive"""
    start: int
    """The number that its first chunk has in the snapshot."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a search sees. Chunks are numbered through all views; a published snapshot never changes."""

    generation: int
    views: tuple[View, ...]
    chunk_count: int
    """Chunks that are alive."""
    file_count: int
    contextual: ContextualIndex = NOTHING_IN_CONTEXT

    def __len__(self) -> int:
        """Return how many chunk numbers there are, dead ones included."""
        return sum(len(view.segment) for view in self.views)

    def view_of(self, chunk: int) -> tuple[View, int]:
        """Return where a chunk is and its number there."""
        for view in reversed(self.views):
            if view.start <= chunk:
                return view, chunk - view.start
        raise IndexError(chunk)

    def contextual_of(self, chunks: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
        """Return which of some chunks, ascending, have contextual embeddings, int64 [m], and these, int8 [m, dim]."""
        places: list[int] = []
        rows: list[NDArray[np.int8]] = []
        starts = np.array([view.start for view in self.views], np.int64)
        of_view = np.searchsorted(starts, chunks, "right") - 1
        for number in range(len(self.views)):
            segment, inside = self.views[number].segment, np.flatnonzero(of_view == number)
            local = chunks[inside] - starts[number]
            files = segment.chunk_files[local]
            within = (local - segment.first_chunks[files]).tolist()
            for place, file, row in zip(inside.tolist(), segment.file_ids[files].tolist(), within, strict=True):
                vectors = self.contextual.vectors.get(file)
                if vectors is not None:
                    places.append(place)
                    rows.append(vectors[row])
        return np.array(places, np.int64), np.stack(rows) if rows else np.zeros((0, 0), np.int8)

    def nearest_in_context(
        self, vector: NDArray[np.float32], k: int, masks: Sequence[NDArray[np.bool_] | None]
    ) -> NDArray[np.int64]:
        """Return the k chunks nearest to a question in context, int64, best first.

        Args:
            vector: the contextual embedding of the question, float32 [dim].
            k: how many at most.
            masks: which chunks of each view are allowed, bool [chunks]; None for all.
        """
        allowed = [len(view.segment) if mask is None else int(np.count_nonzero(mask))
                   for view, mask in zip(self.views, masks, strict=True)]  # fmt: skip
        rows = self.contextual.rows
        if sum(allowed) < min(len(self) // _FEW, _COMPARED):
            return self._nearest_of_few(vector, k, masks)
        # The codes know no filter: as many more are fetched as are expected to be left out, and more if that was wrong.
        wanted = k if sum(allowed) == len(self) == rows else 2 * k * max(rows, len(self)) // max(1, sum(allowed))
        for _ in range(_ATTEMPTS):
            found = self._placed(*self.contextual.nearest(vector, wanted), masks)
            if len(found) >= k or wanted >= rows:
                break
            wanted *= 4
        return found[:k]

    def _nearest_of_few(
        self, vector: NDArray[np.float32], k: int, masks: Sequence[NDArray[np.bool_] | None]
    ) -> NDArray[np.int64]:
        chunks = [view.start + (np.arange(len(view.segment)) if mask is None else np.flatnonzero(mask))
                  for view, mask in zip(self.views, masks, strict=True)]  # fmt: skip
        numbers = np.concatenate([np.zeros(0, np.int64), *chunks])
        places, vectors = self.contextual_of(numbers)
        if not len(places):
            return places
        return np.asarray(numbers[places[np.argsort(-cosines(vectors, vector), kind="stable")[:k]]], np.int64)

    def _placed(
        self, files: NDArray[np.int64], rows: NDArray[np.int64], masks: Sequence[NDArray[np.bool_] | None]
    ) -> NDArray[np.int64]:
        """Return the numbers of allowed chunks, given by file id and number in the file, in the order given."""
        places, found = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for view, mask in zip(self.views, masks, strict=True):
            ids = view.segment.file_ids
            where = np.minimum(np.searchsorted(ids, files), len(ids) - 1)
            there = np.flatnonzero(ids[where] == files)
            local = view.segment.first_chunks[where[there]] + rows[there]
            kept = slice(None) if mask is None else mask[local]
            places.append(there[kept])
            found.append(view.start + local[kept])
        return np.asarray(np.concatenate(found)[np.argsort(np.concatenate(places), kind="stable")], np.int64)

    def path(self, chunk: int) -> str:
        """Return the path of a chunk's file, posix, relative to the root."""
        view, local = self.view_of(chunk)
        return view.segment.paths[int(view.segment.chunk_files[local])]

    def language(self, chunk: int) -> str:
        """Return the language of a chunk's file."""
        view, local = self.view_of(chunk)
        return view.segment.languages[int(view.segment.chunk_files[local])]

    def record(self, chunk: int) -> ChunkRecord:
        """Return what a hit shows of a chunk."""
        view, local = self.view_of(chunk)
        return view.segment.record(local)


_COMPARED, _FEW = 2_000, 4
"""When no more than so many chunks, and less than a quarter of all, are allowed, they are compared one by one."""
_ATTEMPTS = 3

SMALLEST_BASE = 1_000
"""Chunks below which a segment on disk saves nothing that a person would notice."""

EMPTY = Snapshot(generation=0, views=(), chunk_count=0, file_count=0)


def make_snapshot(generation: int, base: Segment | None, store: Store) -> Snapshot:
    """Return the view of what the store holds now: the base as far as it is still true, the rest read from the store.

    Costs about a microsecond a file, 60 microseconds a chunk that is not in the base, and 1 a chunk read in context.
    """
    return replace(_make_snapshot(generation, base, store), contextual=index_contextual(dict(store.contextual())))


def _make_snapshot(generation: int, base: Segment | None, store: Store) -> Snapshot:
    with store.reading():
        counts = store.chunk_counts()
        if base is None:
            return _compose(generation, [(_read(store, counts), None)], len(counts))
        there = np.fromiter(counts, np.int64, len(counts))
        alive_files = np.isin(base.file_ids, there)
        alive = None if alive_files.all() else alive_files[base.chunk_files]
        added: list[int] = there[~np.isin(there, base.file_ids)].tolist()
        return _compose(generation, [(base, alive), (_read(store, added), None)], len(counts))


def needs_new_base(base: Segment | None, store: Store) -> bool:
    """Say whether so much of the store lies outside the base, or of the base is gone, that a new base pays."""
    counts = store.chunk_counts()
    whole = 0 if base is None else len(base)
    in_base = set() if base is None else set(base.file_ids.tolist())
    still_true = sum(counts[number] for number in in_base if number in counts)
    outside = sum(counts.values()) - still_true
    return max(outside, whole - still_true) > max(SMALLEST_BASE, whole // 20)


def build_base(store: Store) -> Segment:
    """Build one segment of everything in the store."""
    with store.reading():
        return _read(store, store.chunk_counts())


def _read(store: Store, ids: Iterable[int]) -> Segment:
    numbers = list(ids)
    records = dict(store.records(numbers))
    return build_segment((number, records[number], content) for number, content in store.contents(numbers))


def _compose(generation: int, parts: list[tuple[Segment, NDArray[np.bool_] | None]], files: int) -> Snapshot:
    parts = [(segment, alive) for segment, alive in parts if len(segment)]
    starts = accumulate((len(segment) for segment, _ in parts), initial=0)
    views = tuple(View(segment, alive, start) for (segment, alive), start in zip(parts, starts, strict=False))
    return Snapshot(
        generation=generation,
        views=views,
        chunk_count=sum(len(segment) if alive is None else int(alive.sum()) for segment, alive in parts),
        file_count=files,
    )
