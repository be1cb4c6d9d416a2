"""Which words of a piece of code a query asked for: those with the same stem, and those close to one in meaning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

import numpy as np

from hunch.model.encoder import Encoder
from hunch.search.rank import Reason
from hunch.text.terms import STOP_WORDS, query_terms, stem
from hunch.text.tokenizer import split_identifier, words_with_places

NEAR_COSINE = 0.28
"""Words whose embeddings are at least this near are told as close in meaning; of pairs drawn at random a few in a
thousand are."""
NEAR_WORDS = 4
"""Words close in meaning that are told of one piece of code"""

_SHORTEST = 3
_MOST_ASKED = 24
"""Longer queries are texts or code rather than questions: only words with the same stem are looked for."""


class Mark(NamedTuple):
    """A word of a text that the query asked for."""

    line: int
    """Counted from 0"""
    start: int
    end: int
    """In characters of the line, the end behind the last"""
    asked: str
    """The word of the query"""
    found: str
    """The word of the text, in lower case"""
    cosine: float
    """Of their embeddings; 1 where the stem is the same"""


def mark_words(texts: Sequence[str], query: str, encoder: Encoder | None) -> list[list[Mark]]:
    """Return the marks of each text, in the order of the text.

    Args:
        texts: pieces of code.
        query: what was asked; common words in it are not looked for.
        encoder: None looks for words with the same stem alone.
    """
    asked = {stem(word): word for term in query_terms(query) for word in split_identifier(term.text)}
    found = [_words_of(text) for text in texts]
    marks = [
        [Mark(*place, asked[stemmed], word, 1.0) for word, place in words if (stemmed := stem(word)) in asked]
        for words in found
    ]
    if encoder is None or not 0 < len(asked) <= _MOST_ASKED:
        return marks
    questions = [word for word in asked.values() if len(word) >= _SHORTEST]
    others = [_candidates_of(words, asked) for words in found]
    row_of = {word: row for row, word in enumerate(dict.fromkeys(chain.from_iterable(others)))}
    if not questions or not row_of:
        return marks
    cosines = encoder.encode_words(questions) @ encoder.encode_words(list(row_of)).T
    for words, exact, these in zip(found, marks, others, strict=True):
        same = {mark.asked for mark in exact}
        open_rows = [row for row, word in enumerate(questions) if word not in same]
        if open_rows and these:
            columns = [row_of[word] for word in these]
            near = _nearest([questions[row] for row in open_rows], these, cosines[np.ix_(open_rows, columns)])
            exact += [Mark(*place, *near[word]) for word, place in words if word in near]
            exact.sort()
    return marks


def with_near_words(why: Sequence[Reason], marks: Sequence[Mark]) -> list[Reason]:
    """Return reasons whose meaning rests on the words that are close to those of the query."""
    near = sorted({mark for mark in marks if mark.cosine < 1}, key=lambda mark: -mark.cosine)
    pairs = tuple(dict.fromkeys(f"{mark.asked} \u2248 {mark.found}" for mark in near))
    return [reason._replace(terms=pairs) if reason.signal == "meaning" else reason for reason in why]


def _nearest(
    asked: Sequence[str], others: Sequence[str], cosines: np.ndarray[tuple[int, ...], np.dtype[np.float32]]
) -> dict[str, tuple[str, str, float]]:
    """Return the words that are near enough to one that was asked, with it and their cosine."""
    best = cosines.argmax(axis=0)
    values = cosines[best, np.arange(len(others))]
    order = np.argsort(-values, kind="stable")[:NEAR_WORDS]
    return {others[number]: (asked[best[number]], others[number], float(values[number]))
            for number in order.tolist() if values[number] >= NEAR_COSINE}  # fmt: skip


def _candidates_of(words: Sequence[tuple[str, object]], asked: Mapping[str, str]) -> list[str]:
    """Return each word once that may be close in meaning to one that was asked; asked is by stem."""
    return [
        word
        for word in dict.fromkeys(word for word, _ in words)
        if len(word) >= _SHORTEST and word not in STOP_WORDS and stem(word) not in asked
    ]


@lru_cache(maxsize=64)
def _words_of(text: str) -> list[tuple[str, tuple[int, int, int]]]:
    return [(word, (number, start, end)) for number, line in enumerate(text.split("\n"))
            for word, start, end in words_with_places(line)]  # fmt: skip
