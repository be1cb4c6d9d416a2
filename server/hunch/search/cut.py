"""The best of many chunks over all segments; of equals those first by path, then by position in the file.

Chunk numbers, the order of segments and the ids of files say nothing here, so a cut depends on content alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hunch.index.snapshot import Snapshot, View

_POSITION_BITS = 40


def best(
    snapshot: Snapshot, chunks: NDArray[np.int64], scores: NDArray[np.float32], k: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the k live chunks of the highest scores, in no order, int64 [at most k], and their scores, float32."""
    if len(chunks) <= k:
        return chunks, scores
    if k < 1:
        return chunks[:0], scores[:0]
    threshold = np.partition(scores, -k)[-k]
    above = scores > threshold
    ties = chunks[scores == threshold]
    left = k - int(np.count_nonzero(above))
    if len(ties) > left:
        ties = first(snapshot, ties, left)
    return (
        np.concatenate([chunks[above], ties]),
        np.concatenate([scores[above], np.full(len(ties), threshold, np.float32)]),
    )


def first(snapshot: Snapshot, chunks: NDArray[np.int64], k: int) -> NDArray[np.int64]:
    """Return the k first of some live chunks by path and position, in that order, int64 [at most k]."""
    if len(snapshot.views) > 1 and len(chunks) > k:
        parts = []
        for view in snapshot.views:
            of_view = chunks[(chunks >= view.start) & (chunks < view.start + len(view.segment))]
            if len(of_view) > k:
                of_view = of_view[np.argpartition(_keys(view, of_view), k)[:k]]
            parts.append(of_view)
        chunks = np.concatenate(parts)
    return in_order(snapshot, chunks)[0][:k]


def in_order(snapshot: Snapshot, chunks: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return live chunks by path and position, int64 [n], and numbers of their files that ascend too, int64 [n]."""
    if len(snapshot.views) == 1:
        keys = _keys(snapshot.views[0], chunks)
        order = np.argsort(keys)
        return chunks[order], keys[order] >> _POSITION_BITS
    # One number for a file of any segment: that of its first chunk.
    heads = np.empty(len(chunks), np.int64)
    path_of: dict[int, str] = {}
    of_view = view_numbers(snapshot, chunks)
    for number, view in enumerate(snapshot.views):
        inside = np.flatnonzero(of_view == number)
        if len(inside):
            files = view.segment.chunk_files[chunks[inside] - view.start]
            heads[inside] = view.segment.first_chunks[files] + view.start
            path_of.update(
                zip(heads[inside].tolist(), map(view.segment.paths.__getitem__, files.tolist()), strict=True)
            )
    by_path = sorted(path_of, key=path_of.__getitem__)
    known = np.sort(np.array(by_path, np.int64))
    ranks = np.empty(len(by_path), np.int64)
    ranks[np.searchsorted(known, by_path)] = np.arange(len(by_path))
    files_of_chunks = ranks[np.searchsorted(known, heads)]
    # The chunks of a file are numbered in its order, in whichever segment it is.
    order = np.argsort(files_of_chunks << _POSITION_BITS | chunks)
    return chunks[order], files_of_chunks[order]


def view_numbers(snapshot: Snapshot, chunks: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return which view each of some chunks is in, int64 [n]."""
    starts = np.array([view.start for view in snapshot.views], np.int64)
    return np.asarray(np.searchsorted(starts, chunks, "right") - 1, np.int64)


def _keys(view: View, chunks: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return what chunks of one view are sorted by, int64 [n]: the place of the path, then the number."""
    segment = view.segment
    ranks = segment.path_order.ranks[segment.chunk_files[chunks - view.start]]
    return ranks.astype(np.int64) << _POSITION_BITS | chunks
