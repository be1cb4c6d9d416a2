"""Code that is like a given piece of code: its words and both its embeddings ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hunch.index.isolation import read_apart
from hunch.index.snapshot import Snapshot
from hunch.model.encoder import Encoder
from hunch.search.candidates import find_candidates
from hunch.search.query import Query, QueryError, parse_query
from hunch.search.rank import linear, ranker_for
from hunch.search.search import Answer, answer_of
from hunch.text.chunk import Chunk
from hunch.text.languages import content_of, language_of
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


def chunks_at(path: str, source: bytes, lines: range) -> list[Chunk]:
    """Return the innermost definition, or the code between definitions, at each of some lines; each once, in order.

    The source is parsed once, however many lines there are.

    Args:
        path: posix, relative to the root.
        source: what the file holds.
        lines: 1-based.
    """
    chunks = read_apart(path, language_of(path, source) or "text", source).chunks
    found: list[Chunk] = []
    last = max((chunk.end_line for chunk in chunks), default=0)
    for line in range(lines.start, min(lines.stop, last + 1)):
        here = [chunk for chunk in chunks if chunk.kind != "file" and chunk.start_line <= line <= chunk.end_line]
        chunk = min(here, key=lambda one: one.end_line - one.start_line, default=None)
        if chunk is not None and chunk not in found:
            found.append(chunk)
    return found


def similar_at(
    root: Path, snapshot: Snapshot, encoder: Encoder | None, chunks: Sequence[Chunk], *, complete: bool = True,
    limit: int = 10,
) -> Answer:  # fmt: skip
    """Find code like the first of some chunks of the workspace that has words to search with; see similar_to.

    Raises:
        QueryError: none of them has; it names the first.
    """
    reason: QueryError | None = None
    for chunk in chunks:
        try:
            return similar_to(root, snapshot, encoder, chunk, complete=complete, limit=limit)
        except QueryError as error:
            reason = reason or error
    raise reason or QueryError("there is no code to search with")


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


def _content_of(chunk: Chunk) -> str:
    """What is like code is code, and what is like a section of a document is documentation."""
    return "docs" if chunk.kind == "section" else content_of(chunk.language)


def likeness_of(chunk: Chunk, snapshot: Snapshot, encoder: Encoder | None) -> Likeness:
    """Return what a chunk asks with; without its path, which says where the code is, not what it does.

    Raises:
        QueryError: the chunk has no words to search with.
    """
    words = " ".join((chunk.name, chunk.signature, chunk.body)).split()[:_WORDS]
    try:
        query = parse_query(" ".join(word.replace(":", " ") for word in words), contents=[_content_of(chunk)])
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
