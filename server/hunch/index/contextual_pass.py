"""The contextual pass: contextual embeddings, file by file, once everything can be found without them.

It runs where nothing else has to be done, the newest files first, and what it makes is committed file by file, so it
goes on where it was cut off. A file that has changed on the disk is left to the next update of the store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hunch.index.isolation import read_apart
from hunch.index.prepare import digest_of
from hunch.index.store import Store
from hunch.model.contextual import ContextualEncoder
from hunch.text.render import source_of
from hunch.workspace.scan import Skip, read_source

_CHUNKS_AT_ONCE = 64
_FILES_AT_ONCE = 64


class Outcome(NamedTuple):
    """What came of one file."""

    vectors: NDArray[np.int8] | None
    """int8 [chunks, dim], already committed; None when the file has changed, has gone, or the work was ended"""
    path: str
    is_stale: bool = False
    """The disk holds something else than the index: the store has to be updated from the path first."""
    is_ended: bool = False
    """The work was ended before the file was done."""


def files_without_contextual(store: Store) -> Iterator[int]:
    """Yield the ids of the files without contextual embeddings, each once, those written last first.

    A file that is written meanwhile comes before the next group of files.
    """
    tried: set[int] = set()
    while group := [number for number in store.without_contextual(len(tried) + _FILES_AT_ONCE) if number not in tried]:
        for number in group[:_FILES_AT_ONCE]:
            yield number
            tried.add(number)
        tried.difference_update(store.contextual_ids())


def embed_file(
    root: Path, store: Store, encoder: ContextualEncoder, number: int, between: Callable[[], bool] = lambda: False
) -> Outcome:
    """Compute the contextual embeddings of one file of the index and commit them.

    Args:
        root: the workspace.
        store: open for writing.
        encoder: of the bundle that the index was made with.
        number: the file's id.
        between: called every 50 ms or so of work; true ends it, and nothing is committed.

    Raises:
        sqlite3.OperationalError: the store cannot be written (a full disk, say).
    """
    record = next((record for _, record in store.records([number])), None)
    if record is None:
        return Outcome(None, "")
    source = read_source(root, record.path, is_wanted=True)
    if isinstance(source, Skip) or digest_of(source) != record.digest:
        return Outcome(None, record.path, is_stale=True)
    reading = read_apart(record.path, record.language, source, known=record.problem)
    texts = [source_of(chunk) for chunk in reading.chunks]
    try:
        parts = []
        for start in range(0, len(texts), _CHUNKS_AT_ONCE):
            if start and between():
                return Outcome(None, record.path, is_ended=True)
            parts.append(encoder.encode_chunks(texts[start : start + _CHUNKS_AT_ONCE], between))
    except InterruptedError:
        return Outcome(None, record.path, is_ended=True)
    vectors = np.concatenate([np.zeros((0, encoder.dim), np.int8), *parts])
    return Outcome(vectors if store.put_contextual(number, vectors) else None, record.path)
