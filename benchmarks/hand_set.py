"""The linear ranking that the learned one has to beat: one weight a signal for all queries."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hunch.search.candidates import Candidates
from hunch.search.query import Query
from hunch.search.rank import AGAINST, EVIDENCE, Signals, matrices
from hunch.text.roles import Role

SIGNAL_WEIGHTS = {
    "meaning": 0.9,
    "context": 1.93,
    "words": 2.27,
    "name": 0.08,
    "signature": 0.03,
    "path": 0.2,
    "documentation": 0.0,
    "symbol": 0.65,
    "file card": -0.86,
    "block": -0.49,
}
"""What one unit of each signal adds to the score before the logistic function. Names are worth nothing beyond the other
signals on valid workspaces; a little is kept, so that between equals the one with the word in its name comes first."""

ROLE_WEIGHTS = {
    Role.TEST: -1.31,
    Role.EXAMPLE: -0.69,
    Role.BENCHMARK: -0.24,
    Role.DOCUMENTATION: -0.2,
    Role.VENDORED: -0.92,
    Role.BUILT: -1.17,
}
"""Added for a file of that role unless the query asks for it."""

BIAS = -3.27
"""Puts the score of a hit where the share of such hits that are in a right file is."""
WORDS_ONLY_BIAS = 1.66
"""Added when there is no embedding of the query, in the place of what both cosines add to a right hit on average."""


def linear_score(query: Query, candidates: Candidates, signals: Signals) -> NDArray[np.float32]:
    """Return the score of every candidate, float32 [n] in 0..1, as hunch.search.rank.score does."""
    evidence, against = matrices(query, candidates, signals)
    bias = BIAS if candidates.embedded else BIAS + WORDS_ONLY_BIAS
    marks = [*(SIGNAL_WEIGHTS[name] for name in AGAINST[:2]), *ROLE_WEIGHTS.values()]
    total = evidence @ np.array([SIGNAL_WEIGHTS[name] for name in EVIDENCE], np.float32)
    total += against @ np.array(marks, np.float32) + np.float32(bias)
    return np.asarray(1 / (1 + np.exp(-total)), np.float32)
