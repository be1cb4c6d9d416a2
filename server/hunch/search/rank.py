"""Signals to one score: a weighted sum through the logistic function, and why a hit is where it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hunch.search.candidates import Candidates
from hunch.search.query import Query
from hunch.search.weights import BIAS, CONTEXT_OF_MEANING, ROLE_WEIGHTS, SIGNAL_WEIGHTS, WORDS_ONLY_BIAS
from hunch.text.chunk import KINDS
from hunch.text.render import FIELD_NAMES

EVIDENCE = ("meaning", "context", "words", "name", "signature", "path", "documentation", "symbol")
"""Signals that speak for a candidate."""
AGAINST = ("file card", "block", *(f"role {role.name}" for role in ROLE_WEIGHTS))
"""Marks that count against a candidate."""

_FILE = KINDS.index("file")
_BLOCK = KINDS.index("block")
_ROLES = [(int(role), weight, str(role.name).lower()) for role, weight in ROLE_WEIGHTS.items()]
_FIELD_BITS = {"words": 0xFF} | {name: 1 << i for i, name in enumerate(FIELD_NAMES)}
_FIELDS = ("name", "signature", "path", "documentation")
_WORTH_NAMING = 0.005

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
    return {
        "meaning": meaning,
        "context": _context(candidates, meaning),
        "words": candidates.lexical,
        **dict(zip(_FIELDS, candidates.shares_in(_FIELDS), strict=True)),
        "symbol": candidates.symbols,
        "file card": (candidates.kinds == _FILE).astype(np.float32),
        "block": (candidates.kinds == _BLOCK).astype(np.float32),
    }


def guess_context(meaning: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what the meaning of chunks that were not read in context yet suggests for their cosine in context."""
    at_zero, rise = CONTEXT_OF_MEANING
    return np.asarray(np.where(meaning > 0, np.float32(at_zero) + np.float32(rise) * meaning, 0), np.float32)


def _context(candidates: Candidates, meaning: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the cosines in context; for chunks that were not read in context yet, what their meaning suggests."""
    if not candidates.embedded:
        return np.zeros_like(meaning)
    guessed = guess_context(meaning)
    known = (
        guessed if candidates.context is None else np.where(np.isnan(candidates.context), guessed, candidates.context)
    )
    return np.maximum(known, 0).astype(np.float32)


def score(query: Query, candidates: Candidates, signals: Signals) -> NDArray[np.float32]:
    """Return the score of every candidate, float32 [n] in 0..1.

    Args:
        query: what was asked.
        candidates: n candidates.
        signals: theirs, as signals_of gives them; some of them alone show what the others are worth.
    """
    bias = BIAS if candidates.embedded else BIAS + WORDS_ONLY_BIAS
    total = np.full(len(candidates.chunks), bias, np.float32)
    for name, values in signals.items():
        total += np.float32(SIGNAL_WEIGHTS[name]) * values
    for role, weight, _ in _role_weights(query):
        total += np.float32(weight) * ((candidates.roles & role) > 0)
    return np.asarray(1 / (1 + np.exp(-total)), np.float32)


def reasons(query: Query, candidates: Candidates, signals: Signals, rows: Sequence[int]) -> list[list[Reason]]:
    """Return what made the scores of some candidates, for each the greatest effect first."""
    chosen = np.array(rows, np.int64)
    values = np.array([signal[chosen] for signal in signals.values()], np.float32).T.tolist()
    weights = [(name, SIGNAL_WEIGHTS[name], _FIELD_BITS.get(name, 0)) for name in signals]
    roles = _role_weights(query)
    texts = [term.text for term in query.terms]
    result: list[list[Reason]] = []
    for row, fields, role in zip(
        values, candidates.term_fields[:, chosen].T.tolist(), candidates.roles[chosen].tolist(), strict=True
    ):
        found: list[Reason] = []
        for value, (name, weight, bits) in zip(row, weights, strict=True):
            effect = weight * value
            if abs(effect) >= _WORTH_NAMING:
                terms = tuple([text for text, there in zip(texts, fields, strict=True) if there & bits]) if bits else ()
                found.append(Reason(name, round(effect, 3), terms))
        found += [Reason(f"in {name} code", weight) for bit, weight, name in roles if role & bit]
        found.sort(key=lambda reason: -abs(reason.weight))
        result.append(found)
    return result


def _role_weights(query: Query) -> list[tuple[int, float, str]]:
    """Return (role bit, weight, name) of the roles that the query does not ask for."""
    wanted = int(query.wanted_roles)
    return [role for role in _ROLES if not wanted & role[0]]
