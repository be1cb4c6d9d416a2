"""Candidates: the chunks that embeddings, words or names bring up, with the signals that ranking reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from hunch.index.lexical import add_scores, fields_of
from hunch.index.segment import Segment
from hunch.index.snapshot import Snapshot, View
from hunch.index.vectors import DenseIndex
from hunch.model.contextual import cosines
from hunch.search.query import Query
from hunch.search.spelt import not_spelt_here, spelt_in
from hunch.text.chunk import KINDS
from hunch.text.render import FIELD_NAMES
from hunch.workspace.ignore import path_filter

DENSE_CANDIDATES = 100
LEXICAL_CANDIDATES = 100
CONTEXT_CANDIDATES = 50


@dataclass(frozen=True, slots=True)
class Candidates:
    """n chunks with what is known of each; every row is complete, whichever search brought the chunk up."""

    chunks: NDArray[np.int64]
    """int64 [n], numbers in the snapshot, ascending"""
    dense: NDArray[np.float32]
    """float32 [n], cosine of chunk and query; 0 without a model"""
    lexical: NDArray[np.float32]
    """float32 [n], BM25F score as a share of the greatest that the query can reach, 0..1"""
    term_fields: NDArray[np.uint8]
    """uint8 [terms, n], in which fields each term of the query stands, one bit a field of FIELD_NAMES"""
    idf: NDArray[np.float32]
    """float32 [terms]"""
    symbols: NDArray[np.float32]
    """float32 [n], the share of the query's words that spell the chunk's name, see hunch.search.spelt"""
    typed: NDArray[np.float32]
    """float32 [n], 1 where the query is the chunk's name to the letter"""
    prefix: NDArray[np.float32]
    """float32 [n], the share of the chunk's name that the query is, if it is its beginning"""
    in_language: NDArray[np.float32]
    """float32 [n], 1 where the file is of a language that the query names"""
    of_kind: NDArray[np.float32]
    """float32 [n], 1 where the chunk is of a kind that the query names"""
    kinds: NDArray[np.uint8]
    """uint8 [n], positions in KINDS"""
    lines: NDArray[np.uint16]
    """uint16 [n], how many lines each chunk has"""
    roles: NDArray[np.uint8]
    """uint8 [n], hunch.text.path_class.PathClass of the file"""
    files: NDArray[np.int64]
    """int64 [n], the number of the first chunk of the file"""
    context: NDArray[np.float32] | None = None
    """float32 [n], cosine of the contextual embeddings, not a number for chunks without one; None without any"""
    embedded: bool = True
    """False where there is no embedding to compare: no model, or no word that it knows"""

    def shares_in_files(self) -> NDArray[np.float32]:
        """Return which share of the query's idf stands in any candidate of the same file, float32 [n]."""
        order = np.argsort(self.files, kind="stable")
        if not len(order) or not len(self.idf):
            return np.zeros(len(order), np.float32)
        ordered = self.files[order]
        first = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
        there = np.logical_or.reduceat(self.term_fields[:, order] > 0, first, axis=1)
        of_file = (self.idf / max(float(self.idf.sum()), 1e-6)) @ there
        found = np.empty(len(order), np.float32)
        found[order] = np.repeat(of_file, np.diff(first, append=len(order)))
        return found

    def shares_in(self, fields: Sequence[str]) -> NDArray[np.float32]:
        """Return which share of the query's idf stands in each of some fields, float32 [fields, n]."""
        bits = np.array([1 << FIELD_NAMES.index(field) for field in fields], np.uint8)
        total = max(float(self.idf.sum()), 1e-6)
        there = (self.term_fields & bits[:, None, None]) > 0
        return np.asarray((self.idf / np.float32(total)) @ there, np.float32)


def find_candidates(
    snapshot: Snapshot, query: Query, vector: NDArray[np.float32] | None, context: NDArray[np.float32] | None = None
) -> Candidates:
    """Return the union of the nearest embeddings, in context too, the best word matches and the names that are spelt.

    Args:
        snapshot: what to search.
        query: what to search for; its filters hold for every candidate.
        vector: the query's embedding, float32 [dim]; None searches by words only.
        context: the query's contextual embedding; None compares none.
    """
    found = _find(snapshot, query, vector, context)
    if context is None or not len(found.chunks):
        return found
    places, rows = snapshot.contextual_of(found.chunks)
    values = np.full(len(found.chunks), np.nan, np.float32)
    if len(places):
        values[places] = cosines(rows, context)
    return replace(found, context=values)


def _find(
    snapshot: Snapshot, query: Query, vector: NDArray[np.float32] | None, context: NDArray[np.float32] | None
) -> Candidates:
    terms = [term for term, _ in query.terms]
    postings = [view.segment.inverted.postings(terms) for view in snapshot.views]
    idf = _idf(snapshot, postings, len(terms))
    slip = not_spelt_here(snapshot, query)
    masks = [_allowed(view, query) for view in snapshot.views]
    in_context = np.zeros(0, np.int64)
    if context is not None:
        in_context = np.sort(snapshot.nearest_in_context(context, CONTEXT_CANDIDATES, masks))
    parts = [
        _in_view(view, query, vector, where, allowed, idf, slip, in_context)
        for view, where, allowed in zip(snapshot.views, postings, masks, strict=True)
    ]
    if not parts:
        nothing = np.zeros(0, np.float32)
        return Candidates(np.zeros(0, np.int64), nothing, nothing, np.zeros((len(idf), 0), np.uint8), idf,
                          nothing, nothing, nothing, nothing, nothing, np.zeros(0, np.uint8), np.zeros(0, np.uint16),
                          np.zeros(0, np.uint8),
                          np.zeros(0, np.int64))  # fmt: skip
    return parts[0] if len(parts) == 1 else _joined(parts)


def count_allowed(snapshot: Snapshot, query: Query) -> int:
    """Return how many chunks the query's filters leave."""
    allowed = (_allowed(view, query) for view in snapshot.views)
    return sum(
        len(view.segment) if mask is None else int(mask.sum())
        for view, mask in zip(snapshot.views, allowed, strict=True)
    )


def _idf(snapshot: Snapshot, postings: list[list[slice]], terms: int) -> NDArray[np.float32]:
    """Return ln(1 + (N - df + 0.5) / (df + 0.5)) of every term, N and df counted over living chunks."""
    total = max(1, snapshot.chunk_count)
    holders = np.zeros(terms, np.float32)
    for view, where in zip(snapshot.views, postings, strict=True):
        holders += [_holders(view, part) for part in where]
    return np.log1p((total - holders + 0.5) / (holders + 0.5)).astype(np.float32)


def _holders(view: View, postings: slice) -> int:
    if view.alive is None:
        return int(postings.stop - postings.start)
    return int(np.count_nonzero(view.alive[view.segment.inverted.docs[postings]]))


def _in_view(
    view: View,
    query: Query,
    vector: NDArray[np.float32] | None,
    postings: list[slice],
    allowed: NDArray[np.bool_] | None,
    idf: NDArray[np.float32],
    slip: str,
    in_context: NDArray[np.int64],
) -> Candidates:
    segment = view.segment
    in_context = in_context[(in_context >= view.start) & (in_context < view.start + len(segment))] - view.start
    scores = np.zeros(len(segment), np.float32)
    for where, weight in zip(postings, idf.tolist(), strict=True):
        add_scores(segment.inverted, where, weight, scores)
    if allowed is not None:
        scores[~allowed] = 0
    spelt = spelt_in(segment, query, allowed, slip)
    others = np.concatenate([_best(scores, LEXICAL_CANDIDATES), spelt.chunks, in_context])
    if vector is not None and segment.dense is not None:
        nearest, cosines = segment.dense.nearest(vector, DENSE_CANDIDATES, allowed)
        chunks = _distinct(np.concatenate([others, nearest]))
        dense = _cosines(segment.dense, vector, chunks, nearest, cosines)
    else:
        chunks = _distinct(others)
        dense = np.zeros(len(chunks), np.float32)
    files = segment.chunk_files[chunks]
    total = max(float(idf.sum()), 1e-6)
    term_fields = [fields_of(segment.inverted, where, chunks) for where in postings]
    of_names = np.zeros((3, len(chunks)), np.float32)
    of_names[:, np.searchsorted(chunks, spelt.chunks)] = spelt.symbols, spelt.typed, spelt.prefix
    return Candidates(
        chunks=chunks + view.start,
        dense=dense,
        lexical=scores[chunks] / np.float32(total),
        term_fields=np.array(term_fields, np.uint8).reshape(len(idf), len(chunks)),
        idf=idf,
        symbols=of_names[0],
        typed=of_names[1],
        prefix=of_names[2],
        in_language=_in_language(segment, query, files),
        of_kind=np.isin(segment.kinds[chunks], [KINDS.index(kind) for kind in query.named_kinds]).astype(np.float32),
        kinds=segment.kinds[chunks],
        lines=segment.lines[chunks],
        roles=segment.roles[files],
        files=segment.first_chunks[files] + view.start,
        embedded=vector is not None and segment.dense is not None,
    )


def _cosines(
    index: DenseIndex,
    vector: NDArray[np.float32],
    chunks: NDArray[np.int64],
    nearest: NDArray[np.int64],
    cosines: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Return the cosines of all chunks; those of the nearest are known, and widening float16 is what costs."""
    found = np.empty(len(chunks), np.float32)
    missing = np.ones(len(chunks), np.bool_)
    where = np.searchsorted(chunks, nearest)
    found[where], missing[where] = cosines, False
    found[missing] = index.cosines(vector, chunks[missing])
    return found


def _distinct(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return what np.unique does, in a third of the time for some hundred numbers."""
    if not len(numbers):
        return numbers
    numbers = np.sort(numbers)
    first = np.ones(len(numbers), np.bool_)
    np.not_equal(numbers[1:], numbers[:-1], out=first[1:])
    return numbers[first]


def _best(scores: NDArray[np.float32], k: int) -> NDArray[np.int64]:
    """Return the numbers of the k highest scores above zero, in no order."""
    touched = np.flatnonzero(scores)
    if len(touched) <= k:
        return touched
    reached = scores[touched]
    return np.asarray(touched[np.argpartition(reached, -k)[-k:]], np.int64)


def _in_language(segment: Segment, query: Query, files: NDArray[np.int32]) -> NDArray[np.float32]:
    if not query.named_languages:
        return np.zeros(len(files), np.float32)
    return np.array([segment.languages[file] in query.named_languages for file in files.tolist()], np.float32)


def _allowed(view: View, query: Query) -> NDArray[np.bool_] | None:
    """Return which chunks of a view are alive and pass the filters, bool [n]; None for all."""
    if not query.filtered:
        return view.alive
    segment = view.segment
    files = np.ones(len(segment.paths), np.bool_)
    if query.languages:
        files &= np.isin(segment.languages, query.languages)
    if query.excluded_languages:
        files &= ~np.isin(segment.languages, query.excluded_languages)
    if query.within:
        folder = f"{query.within}/"
        files &= np.fromiter((path.startswith(folder) for path in segment.paths), np.bool_, len(segment.paths))
    if query.paths:
        files &= _matching(segment.paths, query.paths)
    if query.excluded_paths:
        files &= ~_matching(segment.paths, query.excluded_paths)
    allowed = files[segment.chunk_files]
    if query.kinds:
        allowed &= np.isin(segment.kinds, [KINDS.index(kind) for kind in query.kinds])
    if query.excluded_kinds:
        allowed &= ~np.isin(segment.kinds, [KINDS.index(kind) for kind in query.excluded_kinds])
    return allowed if view.alive is None else allowed & view.alive


def _matching(paths: list[str], globs: tuple[str, ...]) -> NDArray[np.bool_]:
    return np.fromiter(map(path_filter(globs), paths), np.bool_, len(paths))


def _joined(parts: list[Candidates]) -> Candidates:
    return Candidates(
        chunks=np.concatenate([part.chunks for part in parts]),
        dense=np.concatenate([part.dense for part in parts]),
        lexical=np.concatenate([part.lexical for part in parts]),
        term_fields=np.concatenate([part.term_fields for part in parts], axis=1),
        idf=parts[0].idf,
        symbols=np.concatenate([part.symbols for part in parts]),
        typed=np.concatenate([part.typed for part in parts]),
        prefix=np.concatenate([part.prefix for part in parts]),
        in_language=np.concatenate([part.in_language for part in parts]),
        of_kind=np.concatenate([part.of_kind for part in parts]),
        kinds=np.concatenate([part.kinds for part in parts]),
        lines=np.concatenate([part.lines for part in parts]),
        roles=np.concatenate([part.roles for part in parts]),
        files=np.concatenate([part.files for part in parts]),
        embedded=parts[0].embedded,
    )
