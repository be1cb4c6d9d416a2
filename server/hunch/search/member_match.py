"""Members that a query spells: constants, fields and the like, each shown at its own line in place of its chunk.

There are many members, and often their names are plain words. So one counts as a definition does where it is typed to
the letter and no definition is called so, and less where several words happen to spell it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from hunch.index.names import folded, is_one_slip
from hunch.index.records import ChunkRecord, members_of
from hunch.index.snapshot import Snapshot
from hunch.search.cut import best, first
from hunch.search.name_match import (
    FUZZY,
    Masks,
    NameMatches,
    holders,
    joined,
    numbered,
    qualified_parts,
    unknown_name,
    wholly_spelt,
)
from hunch.search.query import Query
from hunch.text.render import member_symbol
from hunch.text.terms import stem, symbol_term
from hunch.text.tokenizer import split_identifier

MEMBER_CANDIDATES = 30
"""Chunks with a member of a name, and chunks with one that begins with it"""
IN_OTHER_CASE = 0.92
IN_WORDS = 0.5
BESIDE_DEFINITION = 0.5
"""What names of members count that are typed in another case, in several words, or where a definition is called so"""
BEHIND_MEMBER = 0.5
"""The most that a definition's name counts that differs in case or underscores from the member that was typed"""

_IS_NAME = re.compile(r"\w*(?:[a-z0-9][A-Z]|[A-Z]{2}|[^\W_]_+[^\W_]|\w(?:\.|::|#)\w)\S*")
"""What is written as names are, and no plain word"""


def with_members(snapshot: Snapshot, query: Query, masks: Masks, found: NameMatches) -> NameMatches:
    """Return name matches together with the chunks whose members the whole query spells, or begins to.

    Args:
        snapshot: where to look.
        query: what to look for.
        masks: which chunks may be found.
        found: what was found by names of definitions, which goes first for the same chunk.
    """
    whole = wholly_spelt(query)
    if not whole:
        return found
    is_defined = bool((found.symbols == 1).any())
    is_typed = bool(found.exact_case.any())
    rows = dict(_exact(snapshot, query, masks, whole, is_defined, is_typed))
    if not rows and not is_defined and unknown_name(snapshot, query):
        rows = dict(_fuzzy(snapshot, query, masks, whole))
    for chunk, row in _begun(snapshot, query, masks, whole):
        rows.setdefault(chunk, row)
    columns = (found.chunks, found.symbols, found.exact_case, found.prefix, found.members)
    known = {chunk: list(row) for chunk, *row in zip(*(one.tolist() for one in columns), strict=True)}
    if not is_typed and any(exact for _, exact, *_ in rows.values()):
        # The member is what was typed; a definition whose name differs in case or underscores comes behind it.
        for values in known.values():
            values[0], values[2] = min(values[0], BEHIND_MEMBER), min(values[2], BEHIND_MEMBER)
    for chunk, row in rows.items():
        if chunk not in known or list(row[:3]) > known[chunk][:3]:
            known[chunk] = list(row)
    chunks = np.array(sorted(known), np.int64)
    symbols, exact_case, prefix, members = (
        np.array([known[chunk] for chunk in chunks.tolist()], np.float32).reshape(-1, 4).T
    )
    return NameMatches(chunks, symbols, exact_case, prefix, members.astype(np.int32))


def member_of(record: ChunkRecord, number: int) -> ChunkRecord:
    """Return what is shown of a chunk: one of its members, or itself where the number is -1."""
    return members_of(record)[number] if number >= 0 else record


def nearest_member(record: ChunkRecord, query: Query) -> int:
    """Return which member of a chunk passes the query's filter by kind and has most of its words; -1 where none passes.

    Where there is no word to tell them apart it is the first.
    """
    wanted = {stem(word) for term in query.terms for word in split_identifier(term.text)}
    passing = [(number, one) for number, one in enumerate(members_of(record)) if _passes(one, query)]
    if not passing:
        return -1
    return max(passing, key=lambda pair: (len(wanted & set(map(stem, split_identifier(pair[1].name)))), -pair[0]))[0]


_Row = tuple[float, float, float, int]
"""Columns of NameMatches: symbol, exact case, prefix, member"""


def _exact(
    snapshot: Snapshot, query: Query, masks: Masks, whole: str, is_defined: bool, is_typed: bool
) -> Iterator[tuple[int, _Row]]:
    wanted, qualified = folded(whole), joined(whole)
    term = symbol_term(member_symbol(whole))
    parts = [np.zeros(0, np.int64)]
    for view, mask in zip(snapshot.views, masks, strict=True):
        (where,) = view.segment.inverted.postings([term])
        parts.append(holders(view, mask, where))
    for chunk in first(snapshot, np.concatenate(parts), MEMBER_CANDIDATES).tolist():
        row: _Row | None = None
        for number, one in enumerate(members_of(snapshot.record(chunk))):
            if not _passes(one, query) or (folded(one.name) != wanted and joined(one.qualified_name) != qualified):
                continue
            is_letter = query.text in (one.name, one.qualified_name)
            share = 1.0 if is_letter else IN_WORDS if " " in query.text else IN_OTHER_CASE
            if is_typed or (is_defined and not is_letter):
                share *= BESIDE_DEFINITION
            row = max(row or (0.0, 0.0, 0.0, 0), (share, float(is_letter and share == 1), share, -number))
        if row is not None:
            yield chunk, (*row[:3], -row[3])


def _fuzzy(snapshot: Snapshot, query: Query, masks: Masks, whole: str) -> Iterator[tuple[int, _Row]]:
    wanted = folded(whole)
    parts = [np.zeros(0, np.int64)]
    for view, mask in zip(snapshot.views, masks, strict=True):
        parts.append(numbered(view, mask, view.segment.names.fuzzy_matches(whole, members=True)))
    for chunk in first(snapshot, np.concatenate(parts), MEMBER_CANDIDATES).tolist():
        for number, one in enumerate(members_of(snapshot.record(chunk))):
            if _passes(one, query) and is_one_slip(wanted, folded(one.name)):
                yield chunk, (FUZZY, float(is_one_slip(query.text, one.name)), 0.0, number)
                break


def _begun(snapshot: Snapshot, query: Query, masks: Masks, whole: str) -> Iterator[tuple[int, _Row]]:
    parent, beginning = qualified_parts(whole)
    wanted = folded(beginning)
    weight = 1.0 if _IS_NAME.fullmatch(query.text) else IN_WORDS
    numbers, of_names = [np.zeros(0, np.int64)], [np.zeros(0, np.float32)]
    for view, mask in zip(snapshot.views, masks, strict=True):
        local, shares = view.segment.names.prefix_matches(beginning, members=True)
        kept = slice(None) if mask is None else mask[local]
        numbers.append(local[kept] + view.start)
        of_names.append(shares[kept])
    chunks, _ = best(snapshot, np.concatenate(numbers), np.concatenate(of_names), MEMBER_CANDIDATES)
    for chunk in chunks.tolist():
        fitting = [
            (len(wanted) / len(folded(one.name)), -number)
            for number, one in enumerate(members_of(snapshot.record(chunk)))
            if _passes(one, query)
            and folded(one.name).startswith(wanted)
            and folded(one.name) != wanted
            and joined(one.qualified_name).endswith(joined(f"{parent}.{one.name}" if parent else one.name))
        ]
        if fitting:
            share, number = max(fitting)
            yield chunk, (0.0, 0.0, share * weight, -number)


def _passes(member: ChunkRecord, query: Query) -> bool:
    return member.kind not in query.excluded_kinds and (not query.kinds or member.kind in query.kinds)
