"""Which files are written into new segments on disk, and the writing.

The store is read file by file, and one segment is built after the other, so that the memory of building does not grow
with the workspace. Segments that hold much and have few tombstones are left as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from hunch.index.contextual_column import ContextualColumn
from hunch.index.memory import give_back_memory
from hunch.index.policy import ReaderPolicy
from hunch.index.segment import build_segment
from hunch.index.segment_files import save_segment
from hunch.index.segment_set import Segments
from hunch.index.store import Store

_TOMBSTONES = 40
"""Of a segment that is written anew, one chunk in so many at least is a tombstone, or it is small."""
_SMALL = 2
"""A segment is small below one in so many of the chunks of the largest."""


def is_due(segments: Segments, missing: int, policy: ReaderPolicy, *, busy: bool = False) -> bool:
    """Say whether so much stands in memory, in no segment, or is a tombstone on disk, that building pays.

    Args:
        segments: as they are.
        missing: chunks that are in no segment.
        policy: the limits.
        busy: whether indexing goes on.
    """
    stored = sum(len(one.segment) for one in segments if one.stored is not None)
    outside = missing + sum(len(one.segment) - (0 if one.stored is None else one.live_count) for one in segments)
    least = policy.least_outside_busy if busy else policy.least_outside
    share = policy.outside_share_busy if busy else policy.outside_share
    return outside > max(least, min(stored // share, policy.largest_segment // 2))


def files_to_build(
    segments: Segments, missing: Iterable[int], counts: Mapping[int, int], policy: ReaderPolicy
) -> list[list[int]]:
    """Return the ids of the files of each segment that is to be built, ascending.

    Args:
        segments: as they are.
        missing: ids of files that are in no segment.
        counts: chunks of each file of the store, by id.
        policy: how large a segment is at most; one file can be larger.
    """
    numbers = list(missing)
    for one in segments:
        size, live = len(one.segment), one.live_count
        is_small = live * _SMALL < policy.largest_segment
        if one.stored is None or is_small or (size - live) * _TOMBSTONES > size:
            numbers += one.live_files().tolist()
    groups: list[list[int]] = []
    size = policy.largest_segment
    for number in sorted(number for number in numbers if number in counts):
        if size and size + counts[number] > policy.largest_segment:
            groups.append([])
            size = 0
        groups[-1].append(number)
        size += counts[number]
    return groups


def write_segments(store: Store, cache: Path, groups: Sequence[Sequence[int]]) -> None:
    """Build and save segments with their contextual embeddings, one after the other; older ones are left to the caller.

    40 microseconds a chunk, once; for the memory see build_segment. Of files that have gone nothing is written.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
        DamagedStoreError: a row is not as it was written.
    """
    for group in groups:
        segment = build_segment(store.entries(group), store.count_chunks(group))
        place = save_segment(segment, cache, store.identity)
        first_chunks = dict(zip(segment.file_ids.tolist(), segment.first_chunks.tolist(), strict=False))
        column = ContextualColumn(len(segment), place)
        del segment
        for number, rows in store.contextual(group):
            column.put(first_chunks[number] + np.arange(len(rows)), rows)
        del column
        give_back_memory()
