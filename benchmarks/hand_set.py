"""The linear ranking that the learned one has to beat: one weight a signal for all queries."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hunch.search.candidates import Candidates
from hunch.search.query import Query
from hunch.search.rank import AGAINST, EVIDENCE, Signals, matrices
from hunch_training.usual_weights import BIAS, ROLE_WEIGHTS, SIGNAL_WEIGHTS, WORDS_ONLY_BIAS


def linear_score(query: Query, candidates: Candidates, signals: Signals) -> NDArray[np.float32]:
    """Return the score of every candidate, float32 [n] in 0..1, as hunch.search.rank.score does."""
    evidence, against = matrices(query, candidates, signals)
    bias = BIAS if candidates.embedded else BIAS + WORDS_ONLY_BIAS
    marks = [*(SIGNAL_WEIGHTS[name] for name in AGAINST[:2]), *ROLE_WEIGHTS.values()]
    total = evidence @ np.array([SIGNAL_WEIGHTS[name] for name in EVIDENCE], np.float32)
    total += against @ np.array(marks, np.float32) + np.float32(bias)
    return np.asarray(1 / (1 + np.exp(-total)), np.float32)
