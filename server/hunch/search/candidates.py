"""Candidates: the chunks that embeddings, words or names bring up, with the signals that ranking reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from hunch.index.lexical import add_scores, fields_of
from hunch.index.records import member_letters
from hunch.index.snapshot import Snapshot, View
from hunch.index.vectors import Part, nearest
from hunch.index.vectors import cosines as cosines_of
from hunch.model.contextual import cosines
from hunch.search.cut import best, first, in_order, view_numbers
from hunch.search.member_match import member_of, nearest_member, with_members
from hunch.search.name_match import FUZZY, HELD, HELD_BESIDE_SLIP, NameMatches, held_identifier, match_names
from hunch.search.query import Query
from hunch.text.chunk import KINDS
from hunch.text.language import Content
from hunch.text.languages import CONTENTS, shared_extensions
from hunch.text.path_class import PathClass
from hunch.text.render import FIELD_NAMES
from hunch.text.terms import NAME_BIT
from hunch.text.unicode_form import composed
from hunch.workspace.ignore import path_filter

DENSE_CANDIDATES = 100
LEXICAL_CANDIDATES = 100
CONTEXT_CANDIDATES = 50
Mask = NDArray[np.bool_] | None
"""Which chunks of a view count, bool [n]; None for all"""
BESIDES_CODE = 0.3
"""Of these numbers, the share of documentation and configuration besides as much code as ever."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """n chunks with what is known of each; every row is complete, whichever search brought the chunk up."""

    chunks: NDArray[np.int64]
    """int64 [n], numbers in the snapshot; by path and position in the file"""
    dense: NDArray[np.float32]
    """float32 [n], cosine of chunk and query; 0 without a model"""
    lexical: NDArray[np.float32]
    """float32 [n], BM25F score as a share of the greatest that the query can reach, 0..1"""
    term_fields: NDArray[np.uint8]
    """uint8 [terms, n], in which fields each term of the query stands, one bit a field of FIELD_NAMES"""
    idf: NDArray[np.float32]
    """float32 [terms]"""
    symbols: NDArray[np.float32]
    """float32 [n], the share of the query's words that spell the chunk's name, see hunch.search.name_match"""
    exact_case: NDArray[np.float32]
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
    path_classes: NDArray[np.uint8]
    """uint8 [n], hunch.text.path_class.PathClass of the file"""
    files: NDArray[np.int64]
    """int64 [n], the number of the file among those of the candidates"""
    contents: NDArray[np.uint8] | None = None
    """uint8 [n], positions in CONTENTS; None where all is code"""
    context: NDArray[np.float32] | None = None
    """float32 [n], cosine of the contextual embeddings, not a number for chunks without one; None without any"""
    members: NDArray[np.int32] | None = None
    """int32 [n], which member of the chunk is what was found, -1 for the chunk itself; None for all of them"""
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
    """Return the union of the nearest static and contextual embeddings, the best word matches and the names spelt.

    Each of them is cut over all segments as if they were one, and rows stand in an order that content decides.

    Args:
        snapshot: what to search.
        query: what to search for; its filters hold for every candidate.
        vector: the query's embedding, float32 [dim]; None searches by words only.
        context: the query's contextual embedding; None compares none.
    """
    found = _find(snapshot, query, vector, context)
    if context is None or not len(found.chunks):
        return found
    ascending = np.argsort(found.chunks)
    places, rows = snapshot.contextual_of(found.chunks[ascending])
    values = np.full(len(found.chunks), np.nan, np.float32)
    if len(places):
        values[ascending[places]] = cosines(rows, context)
    return replace(found, context=values)


def _find(
    snapshot: Snapshot, query: Query, vector: NDArray[np.float32] | None, context: NDArray[np.float32] | None
) -> Candidates:
    terms = [term for term, _ in query.terms]
    views = snapshot.views
    postings = [view.segment.inverted.postings(terms) for view in views]
    masks = [_allowed(view, query) for view in views]
    counted = [_holds(view, query.contents or CONTENTS[:1]) for view in views]
    idf = _idf(snapshot, postings, len(terms), counted)
    scores = [_scores(*of_view, idf) for of_view in zip(views, postings, masks, strict=True)]
    parts = _dense_parts(snapshot, masks, query.filtered) if vector is not None else []
    found: list[NDArray[np.int64]] = []
    spelt = with_members(snapshot, query, masks, match_names(snapshot, query, masks))
    groups = _groups(views, query, masks, counted)
    near, known = np.zeros(0, np.int64), np.zeros(0, np.float32)
    if vector is not None and parts:
        near, known = _nearest_of_groups(snapshot, query, vector, parts, groups)
    for group, share in groups:
        found.append(_best_by_words(snapshot, scores, group, int(LEXICAL_CANDIDATES * share)))
        if context is not None:
            found.append(snapshot.nearest_contextual(context, int(CONTEXT_CANDIDATES * share), group))
    distinct = _distinct(np.concatenate([*found, near, spelt.chunks]))
    chunks, files = in_order(snapshot, distinct)
    dense = np.zeros(len(chunks), np.float32)
    if vector is not None and parts:
        dense = _all_cosines(parts, vector, chunks, near, known)
    return _described(snapshot, query, chunks, files, dense, scores, postings, idf, spelt, embedded=bool(parts))


def _nearest_of_groups(
    snapshot: Snapshot,
    query: Query,
    vector: NDArray[np.float32],
    parts: Sequence[Part],
    groups: Sequence[tuple[list[Mask], float]],
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the numbers and cosines of the nearest chunks of each group.

    Where few chunks are documents, one search among all of them finds the nearest code as well, and those documents
    that are near enough to matter: two searches take twice the time.
    """
    tie = partial(first, snapshot)
    if len(groups) > 1:
        code, wanted = groups[0][0], DENSE_CANDIDATES
        near, known = nearest(parts, vector, int(wanted * (1 + BESIDES_CODE)), tie)
        is_code = np.zeros(len(near), np.bool_)
        of_view = view_numbers(snapshot, near)
        for number, (view, mask) in enumerate(zip(snapshot.views, code, strict=True)):
            inside = of_view == number
            is_code[inside] = True if mask is None else mask[near[inside] - view.start]
        if np.count_nonzero(is_code) >= wanted:
            kept = (~is_code) | (np.cumsum(is_code) <= wanted)
            return near[kept], known[kept]
    found = [
        nearest(_dense_parts(snapshot, group, query.filtered), vector, int(DENSE_CANDIDATES * share), tie)
        for group, share in groups
    ]
    return np.concatenate([one[0] for one in found]), np.concatenate([one[1] for one in found])


def _groups(
    views: Sequence[View], query: Query, masks: Sequence[Mask], counted: Sequence[Mask]
) -> list[tuple[list[Mask], float]]:
    """Return what is looked for apart, each with its share of the candidates: no document takes the place of code."""
    if query.contents:
        return [(list(masks), 1.0)]
    code = [_both(mask, inside) for mask, inside in zip(masks, counted, strict=True)]
    rest = [
        np.zeros(len(view.segment), np.bool_) if inside is None else _both(mask, ~inside)
        for view, mask, inside in zip(views, masks, counted, strict=True)
    ]
    if not any(mask.any() for mask in rest if mask is not None):
        return [(list(masks), 1.0)]
    if not any(mask is None or mask.any() for mask in code):
        return [(rest, 1.0)]
    return [(code, 1.0), (rest, BESIDES_CODE)]


def _both(one: Mask, other: Mask) -> Mask:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _holds(view: View, contents: Sequence[Content]) -> Mask:
    """Return which chunks of a view are of some contents, bool [n]; None for all."""
    wanted = np.array([content in contents for content in CONTENTS], np.bool_)
    inside = wanted[view.segment.contents]
    return None if inside.all() else inside


def _described(
    snapshot: Snapshot,
    query: Query,
    chunks: NDArray[np.int64],
    files: NDArray[np.int64],
    dense: NDArray[np.float32],
    scores: list[NDArray[np.float32]],
    postings: list[list[slice]],
    idf: NDArray[np.float32],
    spelt: NameMatches,
    *,
    embedded: bool,
) -> Candidates:
    """Return some chunks with all that is known of them."""
    count = len(chunks)
    lexical, in_language = np.zeros(count, np.float32), np.zeros(count, np.float32)
    kinds, lines, path_classes = np.zeros(count, np.uint8), np.zeros(count, np.uint16), np.zeros(count, np.uint8)
    contents = np.zeros(count, np.uint8)
    term_fields = np.zeros((len(idf), count), np.uint8)
    of_view = view_numbers(snapshot, chunks) if len(snapshot.views) > 1 else None
    inside: slice | NDArray[np.int64] = slice(None)
    for number, view in enumerate(snapshot.views):
        if of_view is not None:
            inside = np.flatnonzero(of_view == number)
            if not len(inside):
                continue
        segment, local = view.segment, chunks[inside] - view.start
        of_file = segment.chunk_files[local]
        lexical[inside] = scores[number][local]
        kinds[inside], lines[inside], path_classes[inside] = (
            segment.kinds[local],
            segment.lines[local],
            segment.path_classes[of_file],
        )
        contents[inside] = segment.contents[local]
        for row, where in enumerate(postings[number]):
            term_fields[row, inside] = fields_of(segment.inverted, where, local)
        if query.named_languages:
            in_language[inside] = [segment.languages[file] in query.named_languages for file in of_file.tolist()]
    of_names, members = np.zeros((3, count), np.float32), np.full(count, -1, np.int32)
    places = _places(chunks, spelt.chunks)
    of_names[:, places] = spelt.symbols, spelt.exact_case, spelt.prefix
    members[places] = spelt.members
    if query.kinds:
        for row in np.flatnonzero((members < 0) & ~_are_of(kinds, query.kinds)).tolist():
            members[row] = nearest_member(snapshot.record(int(chunks[row])), query)
    for row in np.flatnonzero(members >= 0).tolist():
        # It is ranked as the definition that it would be in a chunk of its own.
        shown = member_of(snapshot.record(int(chunks[row])), int(members[row]))
        kinds[row], lines[row] = KINDS.index(shown.kind), shown.end_line - shown.start_line + 1
        if of_names[0, row]:
            term_fields[:, row] |= NAME_BIT
    if (identifier := held_identifier(snapshot, query)) >= 0:
        # Stems do not tell `sortItem` from `sortItems`: what is called nearly so goes before what holds it.
        is_slip = bool((of_names[0] == np.float32(FUZZY)).any())
        holds = (term_fields[identifier] > 0) & (of_names[0] < FUZZY)
        of_names[0, holds], of_names[1, holds] = (HELD_BESIDE_SLIP, 0) if is_slip else (HELD, 1)
    # That a document is in a folder of documents says nothing against it.
    path_classes[contents > 0] &= ~np.uint8(PathClass.DOCUMENTATION)
    return Candidates(
        chunks=chunks,
        dense=dense,
        lexical=lexical / np.float32(max(float(idf.sum()), 1e-6)),
        term_fields=term_fields,
        idf=idf,
        symbols=of_names[0],
        exact_case=of_names[1],
        prefix=of_names[2],
        in_language=in_language,
        of_kind=_are_of(kinds, query.named_kinds).astype(np.float32),
        kinds=kinds,
        lines=lines,
        path_classes=path_classes,
        files=files,
        contents=contents,
        members=members,
        embedded=embedded,
    )


def count_allowed(snapshot: Snapshot, query: Query) -> int:
    """Return how many chunks the query's filters leave."""
    allowed = (_allowed(view, query) for view in snapshot.views)
    return sum(
        len(view.segment) if mask is None else int(mask.sum())
        for view, mask in zip(snapshot.views, allowed, strict=True)
    )


def _idf(snapshot: Snapshot, postings: list[list[slice]], terms: int, counted: Sequence[Mask]) -> NDArray[np.float32]:
    """Return ln(1 + (N - df + 0.5) / (df + 0.5)) of every term, N and df counted over living chunks of a content.

    So documents do not change what a word is worth in code.
    """
    total = 0
    holders = np.zeros(terms, np.float32)
    for view, where, inside in zip(snapshot.views, postings, counted, strict=True):
        counts = _both(view.live_docs, inside)
        total += len(view.segment) if counts is None else int(np.count_nonzero(counts))
        holders += [_holders(view, counts, part) for part in where]
    return np.log1p((max(1, total) - holders + 0.5) / (holders + 0.5)).astype(np.float32)


def _holders(view: View, counts: Mask, postings: slice) -> int:
    if counts is None:
        return int(postings.stop - postings.start)
    return int(np.count_nonzero(counts[view.segment.inverted.docs[postings]]))


def _scores(
    view: View, postings: list[slice], allowed: NDArray[np.bool_] | None, idf: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return the lexical scores of all chunks of a view, float32 [chunks]; 0 where they may not be found."""
    scores = np.zeros(len(view.segment), np.float32)
    for where, weight in zip(postings, idf.tolist(), strict=True):
        add_scores(view.segment.inverted, where, weight, scores)
    if allowed is not None:
        scores[~allowed] = 0
    return scores


def _best_by_words(
    snapshot: Snapshot, scores: list[NDArray[np.float32]], masks: Sequence[Mask], count: int
) -> NDArray[np.int64]:
    """Return so many chunks of the highest scores above zero that are allowed, int64, in no order."""
    found, reached = [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
    for view, of_view, mask in zip(snapshot.views, scores, masks, strict=True):
        touched = np.flatnonzero(of_view)
        touched = touched if mask is None else touched[mask[touched]]
        found.append(touched + view.start)
        reached.append(of_view[touched])
    return best(snapshot, np.concatenate(found), np.concatenate(reached), count)[0]


def _dense_parts(snapshot: Snapshot, masks: Sequence[NDArray[np.bool_] | None], is_filtered: bool) -> list[Part]:
    return [
        Part(view.segment.dense, view.start, mask, is_filtered)
        for view, mask in zip(snapshot.views, masks, strict=True)
        if view.segment.dense is not None
    ]


def _all_cosines(
    parts: Sequence[Part],
    vector: NDArray[np.float32],
    chunks: NDArray[np.int64],
    near: NDArray[np.int64],
    known: NDArray[np.float32],
) -> NDArray[np.float32]:
    """Return the cosines of all chunks; those of the nearest are known, and widening float16 is what costs."""
    where = _places(chunks, near)
    found, missing = np.empty(len(chunks), np.float32), np.ones(len(chunks), np.bool_)
    found[where], missing[where] = known, False
    found[missing] = cosines_of(parts, vector, chunks[missing])
    return found


def _places(chunks: NDArray[np.int64], some: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where some of the chunks, which are in no order of their numbers, stand among them."""
    ascending = np.argsort(chunks)
    return ascending[np.searchsorted(chunks, some, sorter=ascending)]


def _distinct(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return what np.unique does, in a third of the time for some hundred numbers."""
    if not len(numbers):
        return numbers
    numbers = np.sort(numbers)
    first = np.ones(len(numbers), np.bool_)
    np.not_equal(numbers[1:], numbers[:-1], out=first[1:])
    return numbers[first]


def _allowed(view: View, query: Query) -> NDArray[np.bool_] | None:
    """Return which chunks of a view are alive and pass the filters, bool [n]; None for all."""
    if not query.filtered:
        return view.live_docs
    segment = view.segment
    files = np.ones(len(segment.paths), np.bool_)
    if query.languages:
        of_languages = np.isin(segment.languages, query.languages)
        if endings := shared_extensions(query.languages):
            of_languages |= np.fromiter((path.endswith(endings) for path in segment.paths), np.bool_, len(files))
        files &= of_languages
    if query.excluded_languages:
        files &= ~np.isin(segment.languages, query.excluded_languages)
    if query.within:
        folder = f"{composed(query.within)}/"
        paths = segment.paths if folder.isascii() else map(composed, segment.paths)
        files &= np.fromiter((path.startswith(folder) for path in paths), np.bool_, len(segment.paths))
    if query.paths:
        files &= _matching(segment.paths, query.paths)
    if query.excluded_paths:
        files &= ~_matching(segment.paths, query.excluded_paths)
    allowed = files[segment.chunk_files]
    if query.contents and (inside := _holds(view, query.contents)) is not None:
        allowed &= inside
    if query.kinds:
        allowed &= _are_of(segment.kinds, query.kinds) | segment.names.with_members(member_letters(query.kinds))
    if query.excluded_kinds:
        allowed &= ~_are_of(segment.kinds, query.excluded_kinds)
    return allowed if view.live_docs is None else allowed & view.live_docs


def _are_of(kinds: NDArray[np.uint8], wanted: Sequence[str]) -> NDArray[np.bool_]:
    return np.isin(kinds, [KINDS.index(kind) for kind in wanted])


def _matching(paths: list[str], globs: tuple[str, ...]) -> NDArray[np.bool_]:
    return np.fromiter(map(path_filter(globs), paths), np.bool_, len(paths))
