"""What a query's candidates score, and what each signal counts for it, from a small network.

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


class Ranked(NamedTuple):
    """n candidates of one query."""

    scores: NDArray[np.float32]
    """float32 [n] in 0..1, the chance that each is what was asked for"""
    weights: NDArray[np.float32]
    """float32 [signals + marks], what one unit of each adds to a score before the logistic function"""


def rank(evidence: NDArray[np.float32], against: NDArray[np.float32], shape: NDArray[np.float32]) -> Ranked:
    """Return the scores of a query's candidates and the weights behind them.

    Args:
        evidence: float32 [n, signals], n at least 1.
        against: float32 [n, marks].
        shape: float32 [shape], what the query looks like, see hunch.search.query_shape.

    Raises:
        BundleError: ONNX Runtime cannot use the ranker's file.
    """
    inputs = {"evidence": evidence, "against": against, "shape": shape}
    return Ranked(*_graph().run(None, inputs))


@lru_cache(maxsize=1)
def _graph() -> Graph:
    return load_graph(RANKER)
