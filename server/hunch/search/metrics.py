"""Retrieval metrics: reciprocal rank, recall@k, NDCG@k, and bootstrap intervals over queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike


class Interval(NamedTuple):
    """A mean over queries with its bootstrap interval."""

    mean: float
    low: float
    high: float


def reciprocal_rank(ranked: Sequence[object], relevant: set[object]) -> float:
    """Return 1 / rank of the first relevant item, ranks from 1; 0 when none is ranked."""
    return next((1.0 / rank for rank, item in enumerate(ranked, 1) if item in relevant), 0.0)


def recall_at(k: int, ranked: Sequence[object], relevant: set[object]) -> float:
    """Return the share of the relevant items that are among the first k."""
    return len(relevant.intersection(ranked[:k])) / len(relevant) if relevant else 0.0


def ndcg_at(k: int | None, ranked: Sequence[object], gains: Mapping[object, float]) -> float:
    """Return the normalised discounted cumulative gain of the first k items, of all for None.

    Linear gains and a discount of log2(rank + 1) (Järvelin and Kekäläinen, 2002); the ideal ranking sorts
    all of ``gains``. 0 when no gain is positive.
    """
    ideal = _dcg(sorted(gains.values(), reverse=True)[:k])
    return _dcg([gains.get(item, 0.0) for item in ranked[:k]]) / ideal if ideal > 0 else 0.0


def bootstrap(values: ArrayLike, *, samples: int = 1000, level: float = 0.95, seed: int = 0) -> Interval:
    """Return the mean of per-query values with a percentile bootstrap interval (Efron, 1979)."""
    per_query = np.asarray(values, np.float64)
    if not len(per_query):
        return Interval(0.0, 0.0, 0.0)
    generator = np.random.default_rng(seed)
    means = [float(generator.choice(per_query, len(per_query)).mean()) for _ in range(samples)]
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(per_query.mean()), float(low), float(high))


def _dcg(gains: Sequence[float]) -> float:
    return float(sum(gain / np.log2(rank + 1) for rank, gain in enumerate(gains, 1)))
