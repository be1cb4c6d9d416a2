"""Highlights: words of code that a query asked for, those with the same stem and those close to one in meaning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

import numpy as np

from hunch.model.encoder import Encoder
from hunch.text.terms import STOP_WORDS, query_terms, stem
from hunch.text.tokenizer import split_identifier, words_with_places

RELATED_COSINE = 0.28
"""Least cosine of the embeddings of related words; of pairs drawn at random a few in a thousand reach it."""
MOST_RELATED = 4
"""Related words of one piece of code"""

_SHORTEST = 3
"""Characters of words that are compared by meaning"""
_MOST_ASKED = 24
"""Longer queries are texts or code rather than questions: only words with the same stem are looked for."""
_CACHED_LINES = 1_024
_CACHED_CHARACTERS = 200
"""Longer lines are rarely read again, and take too much room."""
_CACHED_WORDS = 8_192

_Line = tuple[tuple[str, str, int, int], ...]
"""Words of a line in lower case, each with its stem, start and end"""


class Highlight(NamedTuple):
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

    @property
    def is_exact(self) -> bool:
        """Whether the two words have the same stem."""
        return self.cosine == 1


class RelatedTerm(NamedTuple):
    """A word of the query and a word of the text that is close to it in meaning."""

    asked: str
    found: str
    cosine: float


def find_highlights(texts: Sequence[Sequence[str]], query: str, encoder: Encoder | None) -> list[list[Highlight]]:
    """Return the highlights of each text, in the order of the text.

    Args:
        texts: the lines of pieces of code.
        query: what was asked; common words in it are not looked for.
        encoder: None looks for words with the same stem alone.
    """
    asked = {stem(word): word for term in query_terms(query) for word in split_identifier(term.text)}
    words = [[_words_of(line) for line in lines] for lines in texts]
    found = [
        [Highlight(row, start, end, asked[stemmed], word, 1.0)
         for row, line in enumerate(of_text) for word, stemmed, start, end in line if stemmed in asked]
        for of_text in words
    ]  # fmt: skip
    if encoder is None or not 0 < len(asked) <= _MOST_ASKED:
        return found
    questions = [word for word in asked.values() if len(word) >= _SHORTEST]
    others = [_compared(of_text, asked) for of_text in words]
    row_of = {word: row for row, word in enumerate(dict.fromkeys(chain.from_iterable(others)))}
    if not questions or not row_of:
        return found
    # All words of all texts in one call: the model costs a part of a millisecond a call, next to nothing a word.
    cosines = encoder.encode_words(questions) @ encoder.encode_words(list(row_of)).T
    for of_text, exact, candidates in zip(words, found, others, strict=True):
        there = {highlight.asked for highlight in exact}
        rows = [row for row, word in enumerate(questions) if word not in there]
        if rows and candidates:
            columns = [row_of[word] for word in candidates]
            related = _nearest([questions[row] for row in rows], candidates, cosines[np.ix_(rows, columns)])
            exact += [
                Highlight(row, start, end, *related[word])
                for row, line in enumerate(of_text)
                for word, _, start, end in line
                if word in related
            ]
            exact.sort()
    return found


def related_terms(highlights: Sequence[Highlight]) -> tuple[RelatedTerm, ...]:
    """Return the pairs of words that are close in meaning, each once, the closest first."""
    pairs = {RelatedTerm(one.asked, one.found, one.cosine) for one in highlights if not one.is_exact}
    return tuple(sorted(pairs, key=lambda pair: (-pair.cosine, pair.asked, pair.found)))


def _nearest(
    asked: Sequence[str], others: Sequence[str], cosines: np.ndarray[tuple[int, ...], np.dtype[np.float32]]
) -> dict[str, RelatedTerm]:
    """Return the words that are near enough to one that was asked, with it and their cosine."""
    best = cosines.argmax(axis=0)
    values = cosines[best, np.arange(len(others))]
    order = np.argsort(-values, kind="stable")[:MOST_RELATED]
    return {others[number]: RelatedTerm(asked[best[number]], others[number], float(values[number]))
            for number in order.tolist() if values[number] >= RELATED_COSINE}  # fmt: skip


def _compared(lines: Sequence[_Line], asked: Mapping[str, str]) -> list[str]:
    """Return each word once that is compared by meaning; asked is by stem."""
    once = dict.fromkeys([(word, stemmed) for line in lines for word, stemmed, _, _ in line])
    return [
        word for word, stemmed in once if len(word) >= _SHORTEST and word not in STOP_WORDS and stemmed not in asked
    ]


def _words_of(line: str) -> _Line:
    return _cached_words_of(line) if len(line) <= _CACHED_CHARACTERS else _split(line)


def _split(line: str) -> _Line:
    return tuple([(word, _stem(word), start, end) for word, start, end in words_with_places(line)])


_cached_words_of = lru_cache(maxsize=_CACHED_LINES)(_split)
_stem = lru_cache(maxsize=_CACHED_WORDS)(stem)
