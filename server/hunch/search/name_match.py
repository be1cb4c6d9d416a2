"""Names that a query spells: whole, in words, to the letter, with a slip of the fingers, or as far as it was typed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hunch.index.names import folded, is_one_slip
from hunch.index.records import ChunkRecord
from hunch.index.snapshot import Snapshot, View
from hunch.search.cut import best, first
from hunch.search.query import Query
from hunch.text.terms import NAME_BIT, symbol_term

SYMBOL_CANDIDATES = 50
PREFIX_CANDIDATES = 50
FUZZY = 0.74
"""What a name counts that is spelt with a slip; no share of the words of a query is this, and 1 is spelt rightly"""

_LOOKED_AT = 500
"""Names whose parent is compared; reading a record takes some microseconds"""
_PARENT = re.compile(r"^(.*[^.:#])(?:\.|::|#)([^.:#]+)$")


Masks = Sequence[NDArray[np.bool_] | None]
"""Which chunks of each view may be found, bool [chunks]; None for all"""


@dataclass(frozen=True, slots=True)
class NameMatches:
    """n chunks of a snapshot whose names a query spells."""

    chunks: NDArray[np.int64]
    """int64 [n], ascending"""
    symbols: NDArray[np.float32]
    """float32 [n], the share of the query's words that spell the whole name; 0 when they do not; FUZZY where all of
    them do with one slip, and no name is spelt without"""
    exact_case: NDArray[np.float32]
    """float32 [n], 1 where the query is the name to the letter, with case and underscores, or all but a slip"""
    prefix: NDArray[np.float32]
    """float32 [n], the share of the name's letters that the whole query is, if it is its beginning; 1 for all of it"""


def wholly_spelt(query: Query) -> str:
    """Return what all words of a query spell together, or nothing: a sentence spells no name."""
    return next((symbol.name for symbol in query.symbols if symbol.share == 1), "")


def unknown_name(snapshot: Snapshot, query: Query) -> str:
    """Return what all words of a query spell together, if no definition is called so; else nothing."""
    whole = wholly_spelt(query)
    if not whole:
        return ""
    for view in snapshot.views:
        (where,) = view.segment.inverted.postings([symbol_term(whole)])
        if len(_holders(view, view.live_docs, where)):
            return ""
    return whole


def match_names(snapshot: Snapshot, query: Query, masks: Masks) -> NameMatches:
    """Return the chunks whose names a query spells, at most SYMBOL_CANDIDATES + PREFIX_CANDIDATES of all segments.

    Args:
        snapshot: where to look.
        query: what to look for.
        masks: which chunks may be found.
    """
    named, shares = _exact_and_fuzzy_matches(snapshot, query, masks)
    begun, typed_share = _prefix_matches(snapshot, query, masks)
    chunks = np.union1d(named, begun)
    symbols, prefix = np.zeros(len(chunks), np.float32), np.zeros(len(chunks), np.float32)
    symbols[np.searchsorted(chunks, named)] = shares
    prefix[np.searchsorted(chunks, begun)] = typed_share
    prefix[symbols == 1] = 1
    return NameMatches(chunks, symbols, _typed(snapshot, query, chunks, symbols), prefix)


def _exact_and_fuzzy_matches(
    snapshot: Snapshot, query: Query, masks: Masks
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the chunks whose name the query spells, and the share of its words that do, longest names first."""
    found: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]
    shares: list[NDArray[np.float32]] = [np.zeros(0, np.float32)]
    left = SYMBOL_CANDIDATES

    def take(parts: Sequence[NDArray[np.int64]], share: float) -> None:
        nonlocal left
        holders = np.concatenate([np.zeros(0, np.int64), *parts])
        kept = holders if len(holders) <= left else first(snapshot, holders, left)
        found.append(kept)
        shares.append(np.full(len(kept), share, np.float32))
        left -= len(kept)

    views = list(zip(snapshot.views, masks, strict=True))
    if slip := unknown_name(snapshot, query):
        take([_numbered(view, mask, view.segment.names.fuzzy_matches(slip)) for view, mask in views], FUZZY)
    terms = [symbol_term(symbol.name) for symbol in query.symbols]
    postings = [view.segment.inverted.postings(terms) for view in snapshot.views]
    for symbol, *places in zip(query.symbols, *postings, strict=True):
        if left <= 0:
            break
        parts = [_holders(view, mask, where) for (view, mask), where in zip(views, places, strict=True)
                 if where.start < where.stop]  # fmt: skip
        if parts:
            take(parts, symbol.share)
    named, place = np.unique(np.concatenate(found), return_index=True)
    return named, np.concatenate(shares)[place]


def _prefix_matches(snapshot: Snapshot, query: Query, masks: Masks) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the chunks whose name begins with the whole query, `Reader.re` too, and which share of the name it is."""
    whole = wholly_spelt(query)
    qualified = _PARENT.match(whole)
    parent, beginning = qualified.groups() if qualified else ("", whole)
    numbers, of_names = [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
    for view, mask in zip(snapshot.views, masks, strict=True):
        local, typed_share = view.segment.names.prefix_matches(beginning)
        kept = slice(None) if mask is None else mask[local]
        numbers.append(local[kept] + view.start)
        of_names.append(typed_share[kept])
    found, shares = np.concatenate(numbers), np.concatenate(of_names)
    if parent:
        found, shares = best(snapshot, found, shares, _LOOKED_AT)
        kept = np.array([_is_in(snapshot.record(chunk), parent) for chunk in found.tolist()], np.bool_)
        found, shares = found[kept], shares[kept]
    return best(snapshot, found, shares, PREFIX_CANDIDATES)


def _holders(view: View, mask: NDArray[np.bool_] | None, postings: slice) -> NDArray[np.int64]:
    """Return the chunks, numbered in the snapshot, whose name some postings of a view are of."""
    inverted = view.segment.inverted
    return _numbered(view, mask, inverted.docs[postings][(inverted.fields[postings] & NAME_BIT) > 0].astype(np.int64))


def _numbered(view: View, mask: NDArray[np.bool_] | None, chunks: NDArray[np.int64]) -> NDArray[np.int64]:
    return (chunks if mask is None else chunks[mask[chunks]]) + view.start


def _is_in(record: ChunkRecord, parent: str) -> bool:
    return _joined(record.qualified_name).endswith(_joined(f"{parent}.{record.name}"))


def _joined(qualified: str) -> str:
    return folded(qualified).replace("::", ".").replace("#", ".")


def _typed(
    snapshot: Snapshot, query: Query, chunks: NDArray[np.int64], symbols: NDArray[np.float32]
) -> NDArray[np.float32]:
    typed = np.zeros(len(chunks), np.float32)
    text = query.text if " " in query.text else wholly_spelt(query)
    for place in np.flatnonzero((symbols == 1) | (symbols == np.float32(FUZZY))).tolist():
        record = snapshot.record(int(chunks[place]))
        if symbols[place] == 1:
            typed[place] = text == record.name or f".{record.qualified_name}".endswith(f".{text}")
        else:
            typed[place] = is_one_slip(query.text, record.name)
    return typed
