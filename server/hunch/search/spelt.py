"""Names that a query spells: whole, in words, to the letter, with a slip of the fingers, or as far as it was typed."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hunch.index.names import folded, is_one_slip
from hunch.index.segment import Segment
from hunch.index.snapshot import Snapshot
from hunch.search.query import Query
from hunch.text.terms import NAME_BIT, symbol_term

SYMBOL_CANDIDATES = 50
PREFIX_CANDIDATES = 50
NEARLY = 0.74
"""What a name counts that is spelt with a slip; no share of the words of a query is this, and 1 is spelt rightly"""

_LOOKED_AT = 500
"""Names whose parent is compared; reading a record takes some microseconds"""
_PARENT = re.compile(r"^(.*[^.:#])(?:\.|::|#)([^.:#]+)$")


@dataclass(frozen=True, slots=True)
class Spelt:
    """n chunks of a segment whose names a query spells."""

    chunks: NDArray[np.int64]
    """int64 [n], ascending"""
    symbols: NDArray[np.float32]
    """float32 [n], the share of the query's words that spell the whole name; 0 when they do not; NEARLY where all of
    them do with one slip, and no name is spelt without"""
    typed: NDArray[np.float32]
    """float32 [n], 1 where the query is the name to the letter, with case and underscores, or all but a slip"""
    prefix: NDArray[np.float32]
    """float32 [n], the share of the name's letters that the whole query is, if it is its beginning; 1 for all of it"""


def wholly_spelt(query: Query) -> str:
    """Return what all words of a query spell together, or nothing: a sentence spells no name."""
    return next((symbol.name for symbol in query.symbols if symbol.share == 1), "")


def not_spelt_here(snapshot: Snapshot, query: Query) -> str:
    """Return what all words of a query spell together, if no definition is called so; else nothing."""
    whole = wholly_spelt(query)
    if not whole:
        return ""
    for view in snapshot.views:
        inverted = view.segment.inverted
        (where,) = inverted.postings([symbol_term(whole)])
        there = (inverted.fields[where] & NAME_BIT) > 0
        if view.alive is not None:
            there &= view.alive[inverted.docs[where]]
        if there.any():
            return ""
    return whole


def spelt_in(segment: Segment, query: Query, allowed: NDArray[np.bool_] | None, slip: str) -> Spelt:
    """Return the chunks of a segment whose names a query spells, at most SYMBOL_CANDIDATES + PREFIX_CANDIDATES.

    Args:
        segment: where to look.
        query: what to look for.
        allowed: bool [chunks], which may be found; None for all.
        slip: what is looked for with one slip too, see not_spelt_here; nothing if empty.
    """
    named, shares = _named(segment, query, allowed, slip)
    begun, typed_share = _begun(segment, query, allowed)
    chunks = np.union1d(named, begun)
    symbols, prefix = np.zeros(len(chunks), np.float32), np.zeros(len(chunks), np.float32)
    symbols[np.searchsorted(chunks, named)] = shares
    prefix[np.searchsorted(chunks, begun)] = typed_share
    prefix[symbols == 1] = 1
    return Spelt(chunks, symbols, _typed(segment, query, chunks, symbols), prefix)


def _named(
    segment: Segment, query: Query, allowed: NDArray[np.bool_] | None, slip: str
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the chunks whose name the query spells, and the share of its words that do, longest names first."""
    found: list[NDArray[np.int64]] = []
    shares: list[NDArray[np.float32]] = []
    left = SYMBOL_CANDIDATES

    def take(holders: NDArray[np.int64], share: float) -> None:
        nonlocal left
        kept = (holders if allowed is None else holders[allowed[holders]])[: max(0, left)]
        found.append(kept)
        shares.append(np.full(len(kept), share, np.float32))
        left -= len(kept)

    if slip:
        take(segment.names.near(slip), NEARLY)
    postings = segment.inverted.postings([symbol_term(symbol.name) for symbol in query.symbols])
    for symbol, where in zip(query.symbols, postings, strict=True):
        if where.start < where.stop:
            holders = segment.inverted.docs[where][(segment.inverted.fields[where] & NAME_BIT) > 0]
            take(holders.astype(np.int64), symbol.share)
        if left <= 0:
            break
    if not found:
        return np.zeros(0, np.int64), np.zeros(0, np.float32)
    named, first = np.unique(np.concatenate(found), return_index=True)
    return named, np.concatenate(shares)[first]


def _begun(
    segment: Segment, query: Query, allowed: NDArray[np.bool_] | None
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return the chunks whose name begins with the whole query, `Reader.re` too, and which share of the name it is."""
    whole = wholly_spelt(query)
    qualified = _PARENT.match(whole)
    parent, beginning = qualified.groups() if qualified else ("", whole)
    found, shares = segment.names.begun(beginning)
    if allowed is not None:
        kept = allowed[found]
        found, shares = found[kept], shares[kept]
    if parent:
        found, shares = found[:_LOOKED_AT], shares[:_LOOKED_AT]
        kept = np.array([_is_in(segment, chunk, parent) for chunk in found.tolist()], np.bool_)
        found, shares = found[kept], shares[kept]
    return found[:PREFIX_CANDIDATES], shares[:PREFIX_CANDIDATES]


def _is_in(segment: Segment, chunk: int, parent: str) -> bool:
    record = segment.record(chunk)
    return _joined(record.qualified_name).endswith(_joined(f"{parent}.{record.name}"))


def _joined(qualified: str) -> str:
    return folded(qualified).replace("::", ".").replace("#", ".")


def _typed(
    segment: Segment, query: Query, chunks: NDArray[np.int64], symbols: NDArray[np.float32]
) -> NDArray[np.float32]:
    typed = np.zeros(len(chunks), np.float32)
    for place in np.flatnonzero((symbols == 1) | (symbols == np.float32(NEARLY))).tolist():
        record = segment.record(int(chunks[place]))
        if symbols[place] == 1:
            typed[place] = query.text in (record.name, record.qualified_name)
        else:
            typed[place] = is_one_slip(query.text, record.name)
    return typed
