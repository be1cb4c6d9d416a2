"""Which chunks of a segment have contextual embeddings, as the store says, and where those come from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from hunch.index.segment_set import LiveSegment
from hunch.index.store import Store


def with_contextual(one: LiveSegment, ids: NDArray[np.int64], store: Store) -> tuple[LiveSegment, bool]:
    """Return a segment with the contextual embeddings of some files, and whether its sidecar was damaged.

    Rows that the sidecar lacks (the process was killed between the commit and the write), or has damaged, are read from
    the store and written again; about 2 microseconds a row that was not present before.

    Args:
        one: the segment.
        ids: int64, the files that have contextual embeddings.
        store: has them.

    Raises:
        DamagedStoreError: a row of the store is not as it was written.
    """
    segment = one.segment
    files = np.isin(segment.file_ids, ids)
    if one.live_docs is not None:
        files &= one.live_docs[segment.first_chunks[:-1]]
    present = files[segment.chunk_files]
    new = np.flatnonzero(present if one.present is None else present & ~one.present)
    is_damaged = False
    if len(new):
        there, is_damaged = one.column.restore(new)
        lacking = np.unique(segment.chunk_files[new[~there]])
        for number, rows in store.contextual(segment.file_ids[lacking].tolist()):
            one.column.put(one.chunks_of(number), rows)
    elif one.present is not None and np.array_equal(present, one.present):
        return one, False
    return replace(one, present=present if present.any() else None), is_damaged
