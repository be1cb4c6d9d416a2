"""Signals to one score, the chance that a hit is right, and why a hit is where it is.

A small network gives the weights of the signals for each question, see hunch.model.ranker; where code stands for the
question they are the same for all. Among the candidates of a query
more evidence never lowers a score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hunch.model.ranker import Ranked, rank
from hunch.search.candidates import Candidates
from hunch.search.query import Query
from hunch.search.query_shape import shape_of
from hunch.search.spelt import NEARLY
from hunch.search.weights import BIAS, CONTEXT_OF_MEANING, ROLE_WEIGHTS, SIGNAL_WEIGHTS, WORDS_ONLY_BIAS
from hunch.text.chunk import KINDS
from hunch.text.render import FIELD_NAMES

EVIDENCE = ("meaning", "context", "words", "name", "signature", "path", "symbol", "typed", "prefix", "neighbour",
            "file words", "language", "kind", "length")  # fmt: skip
"""Signals of which more never lowers a score."""
ROLES = tuple(ROLE_WEIGHTS)
"""Roles of a file that count against it unless the query asks for them."""
AGAINST = ("file card", "block", *(f"role {role.name}" for role in ROLES))
"""Marks that count against a candidate."""
NEARLY_SPELT = "symbol, nearly"
"""What the signal of a symbol is called that the query spells with a slip"""


def weights_of(named: Mapping[str, float]) -> NDArray[np.float32]:
    """Return weights by name of a signal, for roles those that are usual, as float32 [EVIDENCE + AGAINST]."""
    return np.array([*(named[name] for name in (*EVIDENCE, *AGAINST[:2])), *ROLE_WEIGHTS.values()], np.float32)


LINEAR_WEIGHTS = weights_of(SIGNAL_WEIGHTS)
"""float32 [EVIDENCE + AGAINST], of the linear ranking"""

_FILE = KINDS.index("file")
_BLOCK = KINDS.index("block")
_FIELD_BITS = {"words": 0xFF} | {name: 1 << i for i, name in enumerate(FIELD_NAMES)}
_FIELDS = ("name", "signature", "path")
_WORTH_NAMING = 0.005
_NEARLY = float(np.float32(NEARLY))
_LONG = 6
"""Lines of long code, their logarithm to base 2"""

Signals = Mapping[str, NDArray[np.float32]]
"""The signals of n candidates by name, float32 [n] each."""


class Reason(NamedTuple):
    """One signal of a hit: what it added to the score before the logistic function, and the words it rests on."""

    signal: str
    weight: float
    terms: tuple[str, ...] = ()


def signals_of(candidates: Candidates) -> Signals:
    """Return the signals of all candidates by name, float32 [n] each."""
    meaning = np.maximum(candidates.dense, 0)
    context = _context(candidates, meaning)
    return {
        "meaning": meaning,
        "context": context,
        "words": candidates.lexical,
        **dict(zip(_FIELDS, candidates.shares_in(_FIELDS), strict=True)),
        "symbol": candidates.symbols,
        "typed": candidates.typed,
        "prefix": candidates.prefix,
        "neighbour": best_of_others(context, candidates.files),
        "file words": candidates.shares_in_files(),
        "language": candidates.in_language,
        "kind": candidates.of_kind,
        "length": _length(candidates),
        "file card": (candidates.kinds == _FILE).astype(np.float32),
        "block": (candidates.kinds == _BLOCK).astype(np.float32),
    }


def guess_context(meaning: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what the meaning of chunks that were not read in context yet suggests for their cosine in context."""
    at_zero, rise = CONTEXT_OF_MEANING
    return np.asarray(np.where(meaning > 0, at_zero + rise * meaning, 0), np.float32)


def best_of_others(values: NDArray[np.float32], groups: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the greatest of the other values of each one's group, float32 [n]; 0 where there are none.

    Args:
        values: float32 [n], not negative.
        groups: int64 [n].
    """
    if not len(values):
        return values
    order = np.lexsort((-values, groups))
    first = np.flatnonzero(np.diff(groups[order], prepend=groups[order[0]] - 1))
    sizes = np.diff(first, append=len(order))
    found = np.repeat(values[order[first]], sizes)
    second = values[order[np.minimum(first + 1, len(order) - 1)]]
    found[first] = np.where(sizes > 1, second, 0)
    result = np.empty_like(values)
    result[order] = found
    return result


def _length(candidates: Candidates) -> NDArray[np.float32]:
    """Return how long chunks are, 1 for 64 lines and more; a card has no length of its own."""
    length = np.minimum(np.log2(np.maximum(candidates.lines, 1)) / _LONG, 1)
    return np.where(candidates.kinds == _FILE, 0, length).astype(np.float32)


def _context(candidates: Candidates, meaning: NDArray[np.float32]) -> NDArray[np.float32]:
    if not candidates.embedded:
        return np.zeros_like(meaning)
    guessed = guess_context(meaning)
    known = (
        guessed if candidates.context is None else np.where(np.isnan(candidates.context), guessed, candidates.context)
    )
    return np.maximum(known, 0).astype(np.float32)


def learned(
    query: Query, candidates: Candidates, signals: Signals, *, shape: NDArray[np.float32] | None = None
) -> Ranked:
    """Return the score of every candidate, the chance that it is what was asked for, and the weights behind it.

    Args:
        query: what was asked.
        candidates: n candidates.
        signals: theirs, as signals_of gives them; some of them alone show what the others are worth.
        shape: of another query, where this one is a part of it.
    """
    evidence, against = matrices(query, candidates, signals)
    if not len(evidence):
        return Ranked(np.zeros(0, np.float32), np.zeros(len(_NAMES), np.float32))
    return rank(evidence, against, shape_of(query) if shape is None else shape)


def linear(query: Query, candidates: Candidates, signals: Signals) -> Ranked:
    """Return the score of every candidate by the linear ranking, and its weights."""
    bias = BIAS if candidates.embedded else BIAS + WORDS_ONLY_BIAS
    return weighed(query, candidates, signals, LINEAR_WEIGHTS, bias)


def weighed(
    query: Query, candidates: Candidates, signals: Signals, weights: NDArray[np.float32], bias: float
) -> Ranked:
    """Return the score of every candidate by weights that are the same for all queries, and these.

    Args:
        query, candidates, signals: as a ranking takes them.
        weights: float32 [EVIDENCE + AGAINST].
        bias: added before the logistic function.
    """
    total = np.hstack(matrices(query, candidates, signals)) @ weights + np.float32(bias)
    return Ranked(np.asarray(1 / (1 + np.exp(-total)), np.float32), weights)


def reasons(
    query: Query, candidates: Candidates, signals: Signals, weights: NDArray[np.float32], rows: Sequence[int]
) -> list[list[Reason]]:
    """Return what made the scores of some candidates, for each the greatest effect first.

    Args:
        query, candidates, signals: as a ranking takes them.
        weights: as it gives them, float32 [EVIDENCE + AGAINST].
        rows: which candidates.
    """
    if not rows:
        return []
    evidence, against = matrices(query, candidates, signals)
    chosen = np.array(rows, np.int64)
    effects = np.hstack([evidence, against])[chosen] * weights
    texts = [term.text for term in query.terms]
    result: list[list[Reason]] = []
    of_hits = zip(effects.tolist(), candidates.term_fields[:, chosen].T.tolist(),
                  candidates.symbols[chosen].tolist(), strict=True)  # fmt: skip
    for values, fields, symbol in of_hits:
        weight_of: dict[str, float] = {}
        terms_of: dict[str, tuple[str, ...]] = {}
        for value, name in zip(values, _NAMES, strict=True):
            if abs(value) >= _WORTH_NAMING:
                told_as = _told_as(name, symbol)
                weight_of[told_as] = weight_of.get(told_as, 0.0) + value
                if bits := _FIELD_BITS.get(name, 0):
                    terms_of[name] = tuple([text for text, there in zip(texts, fields, strict=True) if there & bits])
        found = [Reason(name, round(weight, 3), terms_of.get(name, ())) for name, weight in weight_of.items()]
        found.sort(key=lambda reason: -abs(reason.weight))
        result.append(found)
    return result


def _told_as(name: str, symbol: float) -> str:
    """Return what a signal is called as a reason; what says the same of a name is one reason."""
    if name in ("symbol", "typed") and symbol == _NEARLY:
        return NEARLY_SPELT
    return "symbol" if name == "prefix" and symbol == 1 else name


_NAMES = (*EVIDENCE, "file card", "block", *(f"in {str(role.name).lower()} code" for role in ROLES))


def matrices(query: Query, candidates: Candidates, signals: Signals) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the evidence of n candidates, float32 [n, EVIDENCE], and their marks, float32 [n, AGAINST]."""
    count = len(candidates.chunks)
    evidence, against = np.zeros((count, len(EVIDENCE)), np.float32), np.zeros((count, len(AGAINST)), np.float32)
    for columns, names in ((evidence, EVIDENCE), (against, AGAINST[:2])):
        for column, name in enumerate(names):
            if name in signals:
                columns[:, column] = signals[name]
    wanted = int(query.wanted_roles)
    for column, role in enumerate(ROLES, 2):
        if not wanted & role:
            against[:, column] = (candidates.roles & role) > 0
    return evidence, against
