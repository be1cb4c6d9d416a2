"""The best of many chunks over all segments; of equals those first by path, then by position in the file.

Chunk numbers, the order of segments and the ids of files say nothing here, so a cut depends on content alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hunch.index.snapshot import Snapshot

_MANY = 2_000
"""Beyond so many chunks the ranks of all paths, which each segment keeps, are cheaper than sorting theirs."""


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
    if len(chunks) > max(k, _MANY):
        parts = []
        for view in snapshot.views:
            segment = view.segment
            local = chunks[(chunks >= view.start) & (chunks < view.start + len(segment))] - view.start
            if len(local) > k:
                keys = segment.path_order.ranks[segment.chunk_files[local]].astype(np.int64) << 32 | local
                local = local[np.argpartition(keys, k)[:k]]
            parts.append(local + view.start)
        chunks = np.concatenate(parts)
    return in_order(snapshot, chunks)[0][:k]


def in_order(snapshot: Snapshot, chunks: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return live chunks by path and position, int64 [n], and the numbers of their files among these, int64 [n]."""
    if not len(chunks):
        return chunks, chunks
    views = snapshot.views
    if len(views) == 1:
        files = views[0].segment.chunk_files[chunks].astype(np.int64)
        distinct, numbers = np.unique(files, return_inverse=True)
        paths = [views[0].segment.paths[file] for file in distinct.tolist()]
    else:
        # One number for a file of any segment: the number of its first chunk.
        heads = np.empty(len(chunks), np.int64)
        path_of: dict[int, str] = {}
        of_view = view_numbers(snapshot, chunks)
        for number in np.flatnonzero(np.bincount(of_view)).tolist():
            view = views[number]
            inside = of_view == number
            files = view.segment.chunk_files[chunks[inside] - view.start]
            firsts = view.segment.first_chunks[files] + view.start
            heads[inside] = firsts
            path_of.update(zip(firsts.tolist(), map(view.segment.paths.__getitem__, files.tolist()), strict=True))
        distinct, numbers = np.unique(heads, return_inverse=True)
        paths = [path_of[head] for head in distinct.tolist()]
    ranks = np.empty(len(paths), np.int64)
    ranks[sorted(range(len(paths)), key=paths.__getitem__)] = np.arange(len(paths))
    of_chunks = ranks[numbers]
    # The chunks of a file are numbered in its order, in whichever segment it is.
    order = np.argsort(of_chunks << 40 | chunks)
    return chunks[order], of_chunks[order]


def view_numbers(snapshot: Snapshot, chunks: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return which view each of some chunks is in, int64 [n]."""
    starts = np.array([view.start for view in snapshot.views], np.int64)
    return np.asarray(np.searchsorted(starts, chunks, "right") - 1, np.int64)
