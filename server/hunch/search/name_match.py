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
from hunch.text.chunk import KINDS
from hunch.text.render import member_symbol
from hunch.text.terms import NAME_BIT, symbol_term
from hunch.text.tokenizer import split_identifier

SYMBOL_CANDIDATES = 50
PREFIX_CANDIDATES = 50
FUZZY = 0.74
"""What a name counts that is spelt with a slip; no share of the words of a query is this, and 1 is spelt rightly"""
HELD = 0.9
"""What it counts that an identifier stands in a chunk that is not called so, where nothing is"""
HELD_BESIDE_SLIP = 0.6
"""The same where something is called nearly so"""

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
    members: NDArray[np.int32]
    """int32 [n], the number of the member of the chunk whose name this is; -1 for its own name"""


def wholly_spelt(query: Query) -> str:
    """Return what all words of a query spell together, or nothing: a sentence spells no name."""
    return next((symbol.name for symbol in query.symbols if symbol.share == 1), "")


def unknown_name(snapshot: Snapshot, query: Query) -> str:
    """Return what all words of a query spell together, if no definition or member is called so; else nothing."""
    whole = wholly_spelt(query)
    if not whole:
        return ""
    terms = [symbol_term(whole), symbol_term(member_symbol(whole))]
    for view in snapshot.views:
        if any(len(holders(view, view.live_docs, where)) for where in view.segment.inverted.postings(terms)):
            return ""
    return whole


def held_identifier(snapshot: Snapshot, query: Query) -> int:
    """Return which term of a query is the identifier that it is, if nothing is called so; else -1.

    A single word is none: that it stands somewhere says little.
    """
    for row, term in enumerate(query.terms):
        if term.text == query.text and len(split_identifier(term.text)) > 1 and unknown_name(snapshot, query):
            return row
    return -1


def match_names(snapshot: Snapshot, query: Query, masks: Masks) -> NameMatches:
    """Return the chunks whose names a query spells, at most SYMBOL_CANDIDATES + PREFIX_CANDIDATES of all segments.

    Args:
        snapshot: where to look.
        query: what to look for.
        masks: which chunks may be found, some of them as a member of theirs alone where the query asks for kinds.
    """
    own = [_of_own_kind(view, mask, query) for view, mask in zip(snapshot.views, masks, strict=True)]
    named, shares = _exact_and_fuzzy_matches(snapshot, query, own)
    begun, typed_share = _prefix_matches(snapshot, query, own)
    chunks = np.union1d(named, begun)
    symbols, prefix = np.zeros(len(chunks), np.float32), np.zeros(len(chunks), np.float32)
    symbols[np.searchsorted(chunks, named)] = shares
    prefix[np.searchsorted(chunks, begun)] = typed_share
    prefix[symbols == 1] = 1
    exact_case = _typed(snapshot, query, chunks, symbols)
    return NameMatches(chunks, symbols, exact_case, prefix, np.full(len(chunks), -1, np.int32))


def _of_own_kind(view: View, mask: NDArray[np.bool_] | None, query: Query) -> NDArray[np.bool_] | None:
    """Return which chunks may be found as what they are: others pass a filter by the kind of a member."""
    if not query.kinds:
        return mask
    own = np.isin(view.segment.kinds, [KINDS.index(kind) for kind in query.kinds])
    return own if mask is None else own & mask


def _exact_and_fuzzy_matches(
    snapshot: Snapshot, query: Query, masks: Masks
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the chunks whose name the query spells, and the share of its words that do, longest names first."""
    found: list[NDArray[np.int64]] = [np.zeros(0, np.int64)]
    shares: list[NDArray[np.float32]] = [np.zeros(0, np.float32)]
    left = SYMBOL_CANDIDATES

    def take(parts: Sequence[NDArray[np.int64]], share: float) -> None:
        nonlocal left
        together = np.concatenate([np.zeros(0, np.int64), *parts])
        kept = together if len(together) <= left else first(snapshot, together, left)
        found.append(kept)
        shares.append(np.full(len(kept), share, np.float32))
        left -= len(kept)

    views = list(zip(snapshot.views, masks, strict=True))
    if slip := unknown_name(snapshot, query):
        take([numbered(view, mask, view.segment.names.fuzzy_matches(slip)) for view, mask in views], FUZZY)
    terms = [symbol_term(symbol.name) for symbol in query.symbols]
    postings = [view.segment.inverted.postings(terms) for view in snapshot.views]
    for symbol, *places in zip(query.symbols, *postings, strict=True):
        if left <= 0:
            break
        parts = [holders(view, mask, where) for (view, mask), where in zip(views, places, strict=True)
                 if where.start < where.stop]  # fmt: skip
        if parts:
            take(parts, symbol.share)
    named, place = np.unique(np.concatenate(found), return_index=True)
    return named, np.concatenate(shares)[place]


def _prefix_matches(snapshot: Snapshot, query: Query, masks: Masks) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the chunks whose name begins with the whole query, `Reader.re` too, and which share of the name it is."""
    parent, beginning = qualified_parts(wholly_spelt(query))
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


def qualified_parts(name: str) -> tuple[str, str]:
    """Return what qualifies a name as it was typed, or nothing, and the name alone."""
    qualified = _PARENT.match(name)
    return (qualified[1], qualified[2]) if qualified else ("", name)


def holders(view: View, mask: NDArray[np.bool_] | None, postings: slice) -> NDArray[np.int64]:
    """Return the chunks, numbered in the snapshot, whose name some postings of a view are of."""
    inverted = view.segment.inverted
    return numbered(view, mask, inverted.docs[postings][(inverted.fields[postings] & NAME_BIT) > 0].astype(np.int64))


def numbered(view: View, mask: NDArray[np.bool_] | None, chunks: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return those of some chunks of a view that may be found, numbered in the snapshot."""
    return (chunks if mask is None else chunks[mask[chunks]]) + view.start


def _is_in(record: ChunkRecord, parent: str) -> bool:
    return joined(record.qualified_name).endswith(joined(f"{parent}.{record.name}"))


def joined(qualified: str) -> str:
    """Return a qualified name with one kind of sign between its parts, without case and underscores."""
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
