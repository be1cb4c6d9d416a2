"""Reasons and answerability in words: one vocabulary for terminal, hover, editors and JSON.

A client that speaks another language translates a phrase by its key; `editor-client/src/search/phrases.ts` has the
same table, and `tests/test_phrases.py` compares the two.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from hunch.search.rank import FUZZY_NAME, HELD_NAME, Reason
from hunch.search.search import Answerability

MOST_REASONS = 3
"""Reasons of a hit that are stated in short"""
MOST_TERMS = 4
"""Terms of one reason that are stated; similar code matches dozens"""

REASON_PHRASES = {
    "meaning": "meaning",
    "context": "meaning",
    "words": "words",
    "name": "name",
    "signature": "signature",
    "path": "path",
    "symbol": "exact name",
    FUZZY_NAME: "nearly the name",
    HELD_NAME: "the name as typed",
    "exact case": "as typed",
    "prefix": "beginning of the name",
    "neighbour": "related code in the file",
    "file words": "words elsewhere in the file",
    "language": "in the language",
    "kind": "of the kind",
}
"""What may be stated as a reason for a hit, by the name of its feature."""

MEANINGS = ("meaning", "context")
"""Features of the static and of the contextual embedding: to a reader both say the same, so that it is said once."""

_EXPLAINED_PHRASES = {
    "meaning": "static embedding",
    "context": "contextual embedding",
    "file-level chunk": "the file as a whole",
    "block": "code outside definitions",
}
"""What the full explanation says instead, by the name of the feature."""

ANSWERABILITY_PHRASES = {
    Answerability.RELEVANT: "",
    Answerability.WEAK: "Not sure; these come nearest",
    Answerability.NONE: "Nothing here seems to do that. These come nearest",
}
"""What is said above an answer that has hits; nothing above a good one."""
NO_HITS = "Nothing here seems to do that"

_OF_FILE = ("neighbour", "file words")
_NO_REASON = "length"
"""Long code is right more often, but nobody takes that for a reason."""
_ELLIPSIS = "\u2026"


class Statement(NamedTuple):
    """One reason in words."""

    key: str
    """Of the phrase"""
    terms: tuple[str, ...]
    """The words that it rests on, few, with an ellipsis as the last where there are more"""
    text: str
    """Phrase and terms in English: ``words (parse, date)``"""


def explained(feature: str) -> str:
    """Return what a feature is called where all of them are listed."""
    return _EXPLAINED_PHRASES.get(feature) or REASON_PHRASES.get(feature, feature)


def statements(why: Sequence[Reason]) -> tuple[Statement, ...]:
    """Return the reasons that carried a hit most, in words, those that are about the rest of its file last.

    Args:
        why: all its reasons, greatest effect first.
    """
    positive = [reason for reason in why if reason.weight > 0 and reason.feature != _NO_REASON]
    ordered = sorted(_meaning_once(positive), key=lambda reason: reason.feature in _OF_FILE)
    return tuple(map(_statement, ordered[:MOST_REASONS]))


def in_words(stated: Iterable[Statement]) -> str:
    """Return reasons on one line."""
    return "; ".join(one.text for one in stated)


def answerability(verdict: Answerability, *, has_hits: bool) -> str:
    """Return what is said above an answer; empty above a good one."""
    return NO_HITS if verdict is Answerability.NONE and not has_hits else ANSWERABILITY_PHRASES[verdict]


def _meaning_once(why: Sequence[Reason]) -> Iterator[Reason]:
    """Yield reasons, of the two embeddings the one with the greater effect alone."""
    meanings = [reason for reason in why if reason.feature in MEANINGS]
    related = next((reason.terms for reason in meanings if reason.terms), ())
    for reason in why:
        if reason.feature not in MEANINGS:
            yield reason
        elif reason is meanings[0]:
            yield reason._replace(terms=related)


def _statement(reason: Reason) -> Statement:
    terms = reason.terms if len(reason.terms) <= MOST_TERMS else (*reason.terms[:MOST_TERMS], _ELLIPSIS)
    phrase = REASON_PHRASES.get(reason.feature, reason.feature)
    return Statement(reason.feature, terms, f"{phrase} ({', '.join(terms)})" if terms else phrase)
