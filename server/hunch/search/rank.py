"""Signals to one score: a weighted sum through the logistic function, and why a hit is where it is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hunch.search.candidates import Candidates
from hunch.search.query import Query
from hunch.search.weights import BIAS, ROLE_WEIGHTS, SIGNAL_WEIGHTS
from hunch.text.chunk import KINDS
from hunch.text.render import FIELD_NAMES
from hunch.text.roles import Role

_FILE = KINDS.index("file")
_BLOCK = KINDS.index("block")


@dataclass(frozen=True, slots=True)
class Reason:
    """One signal of a hit: what it added to the score before the logistic function, and the words it rests on."""

    signal: str
    weight: float
    terms: tuple[str, ...] = ()


def signals_of(candidates: Candidates) -> dict[str, NDArray[np.float32]]:
    """Return the signals of all candidates by name, float32 [n] each."""
    return {
        "meaning": np.maximum(candidates.dense, 0),
        "words": candidates.lexical,
        "name": candidates.share_in("name"),
        "signature": candidates.share_in("signature"),
        "path": candidates.share_in("path"),
        "documentation": candidates.share_in("documentation"),
        "symbol": candidates.symbols,
        "file card": (candidates.kinds == _FILE).astype(np.float32),
        "block": (candidates.kinds == _BLOCK).astype(np.float32),
    }


def score(
    query: Query, candidates: Candidates, *, signals: Collection[str] = SIGNAL_WEIGHTS.keys()
) -> NDArray[np.float32]:
    """Return the score of every candidate, float32 [n] in 0..1, from all signals or, to compare, from some."""
    total = np.full(len(candidates.chunks), BIAS, np.float32)
    for name, values in signals_of(candidates).items():
        if name in signals:
            total += np.float32(SIGNAL_WEIGHTS[name]) * values
    for role, weight in _role_weights(query).items():
        total += np.float32(weight) * ((candidates.roles & role) > 0)
    return np.asarray(1 / (1 + np.exp(-total)), np.float32)


def reasons(query: Query, candidates: Candidates, row: int) -> list[Reason]:
    """Return what made the score of one candidate, greatest effect first."""
    found: list[Reason] = []
    for name, values in signals_of(candidates).items():
        weight = SIGNAL_WEIGHTS[name] * float(values[row])
        if abs(weight) >= 0.005:
            found.append(Reason(name, round(weight, 3), _terms_in(name, query, candidates, row)))
    for role, weight in _role_weights(query).items():
        if candidates.roles[row] & role:
            found.append(Reason(f"in {str(role.name).lower()} code", round(weight, 3)))
    return sorted(found, key=lambda reason: -abs(reason.weight))


def _role_weights(query: Query) -> dict[Role, float]:
    return {role: weight for role, weight in ROLE_WEIGHTS.items() if not query.wanted_roles & role}


def _terms_in(signal: str, query: Query, candidates: Candidates, row: int) -> tuple[str, ...]:
    fields = candidates.term_fields[:, row]
    if signal in FIELD_NAMES:
        fields = fields & np.uint8(1 << FIELD_NAMES.index(signal))
    elif signal != "words":
        return ()
    return tuple(query.terms[i].text for i in np.flatnonzero(fields))
