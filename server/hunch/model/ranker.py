"""The weights that signals have for one query, from a small network that sees how they are spread over the candidates.

`hunch_training.ranker_model` says how it is made. Its file ships beside the bundles rather than in one: a new ranker
makes no index anew.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hunch.model.session import Graph, load_graph

RANKER = Path(__file__).parent / "ranker.onnx"


class SignalWeights(NamedTuple):
    """What one unit of each signal adds to the score before the logistic function, for one query."""

    evidence: NDArray[np.float32]
    """float32 [signals], not negative"""
    against: NDArray[np.float32]
    """float32 [marks], not positive"""
    bias: float


def weigh(evidence: NDArray[np.float32], *, is_name: bool) -> SignalWeights:
    """Return the weights for a query.

    Args:
        evidence: its candidates' signals, float32 [n, signals] with n at least 1.
        is_name: whether it is a single word, which is a name as a rule.

    Raises:
        BundleError: ONNX Runtime cannot use the ranker's file.
    """
    weights, bias = _graph().run(None, {"evidence": evidence, "name": np.array([is_name], np.float32)})
    signals = evidence.shape[1]
    return SignalWeights(weights[:signals], weights[signals:], float(bias[0]))


@lru_cache(maxsize=1)
def _graph() -> Graph:
    return load_graph(RANKER)
