"""Code that is like a given piece of code: its words and both its embeddings ask for it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hunch.index.snapshot import Snapshot
from hunch.model.encoder import Encoder
from hunch.search.candidates import find_candidates
from hunch.search.query import Query, QueryError, parse_query
from hunch.search.rank import linear, ranker_for
from hunch.search.search import Answer, answer_of
from hunch.text.chunk import Chunk
from hunch.text.render import render_chunk, source_of

_WORDS = 60


class Likeness(NamedTuple):
    """What a piece of code asks with."""

    query: Query
    """Its first words"""
    vector: NDArray[np.float32] | None
    """float32 [dim], its static embedding; None without a model, or without a word that it knows"""
    context: NDArray[np.float32] | None
    """float32 [dim], its contextual embedding; None where the index has none yet"""


def similar_to(
    root: Path, snapshot: Snapshot, encoder: Encoder | None, chunk: Chunk, *, complete: bool = True, limit: int = 10
) -> Answer:
    """Find code like a chunk of the workspace, which is itself left out, as is the class that it is in.

    Args:
        root: the workspace, to read snippets from.
        snapshot: what to search.
        encoder: None compares words only.
        chunk: the piece of code.
        complete: whether the snapshot holds the whole workspace.
        limit: how many hits at most.

    Raises:
        QueryError: the chunk has no words to search with.
        BundleError: the ranker cannot be used, or was trained with another model.
    """
    began = perf_counter()
    likeness = likeness_of(chunk, snapshot, encoder)
    ranker = ranker_for(encoder)
    candidates = find_candidates(snapshot, *likeness)
    return answer_of(
        root, snapshot, likeness.query, candidates, partial(linear, ranker.similar), ranker.similar_answerability,
        ranker.context, began=began, limit=limit, complete=complete, leave_out=chunk,
    )  # fmt: skip


def likeness_of(chunk: Chunk, snapshot: Snapshot, encoder: Encoder | None) -> Likeness:
    """Return what a chunk asks with; without its path, which says where the code is, not what it does.

    Raises:
        QueryError: the chunk has no words to search with.
    """
    words = " ".join((chunk.name, chunk.signature, chunk.body)).split()[:_WORDS]
    try:
        query = parse_query(" ".join(word.replace(":", " ") for word in words))
    except QueryError:
        raise QueryError(f"{chunk.path}:{chunk.start_line}: there are no words here to search with") from None
    vector = context = None
    if encoder is not None:
        vector = encoder.encode_chunks(encoder.bag_chunks([render_chunk(chunk)._replace(path=[])]))[0]
        vector = vector if vector.any() else None
        if vector is not None and snapshot.contextual:
            (row,) = encoder.contextual().encode_chunks([source_of(chunk)._replace(path="")])
            length = float(np.linalg.norm(row.astype(np.float32)))
            context = row.astype(np.float32) / np.float32(length) if length else None
    return Likeness(query, vector, context)
