"""MRR and NDCG of a scorer on retrieval sets, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hunch.search.metrics import Interval, bootstrap, ndcg_at
from hunch.text.bag import Bags
from hunch.text.tokenizer import Tokenizer
from hunch_training.evaluation.retrieval_sets import RetrievalSet, TextSet, pools, tokenise
from hunch_training.tokens.corpus import take
from hunch_training.tokens.sequences import Reading

Scorer = Callable[[Bags, Bags], NDArray[np.float32]]
"""Queries and code, as bags or sequences, to scores, float32 [queries, code]."""


class Measured(NamedTuple):
    """What is measured: a way to score, and what that reads."""

    reading: Reading
    scorer: Scorer


def mean_reciprocal_rank(retrieval: RetrievalSet, scorer: Scorer) -> Interval:
    """Return the MRR of a set; ties count against the model."""
    if retrieval.pool is None:
        return bootstrap(reciprocal_ranks(scorer(retrieval.queries, retrieval.code), retrieval.gains))
    values: list[float] = []
    for rows in pools(len(retrieval.queries), retrieval.pool):
        scores = scorer(take(retrieval.queries, rows), take(retrieval.code, rows))
        values += reciprocal_ranks(scores, [{place: 1.0} for place in range(len(rows))])
    return bootstrap(values)


def mean_ndcg(retrieval: RetrievalSet, scorer: Scorer) -> Interval:
    """Return the NDCG over whole rankings; queries for which nothing is relevant are left out."""
    scores = scorer(retrieval.queries, retrieval.code)
    orders = np.argsort(-scores, axis=1, kind="stable")
    return bootstrap([
        ndcg_at(None, order.tolist(), gains)  # type: ignore[arg-type]
        for order, gains in zip(orders, retrieval.gains, strict=True)
        if any(gain > 0 for gain in gains.values())
    ])  # fmt: skip


def measure(retrieval: RetrievalSet, scorer: Scorer) -> Interval:
    """Return the figure that belongs to a set: NDCG for graded gains, else MRR."""
    return (
        mean_ndcg(retrieval, scorer) if retrieval.name.startswith("csn/") else mean_reciprocal_rank(retrieval, scorer)
    )


def table(sets: Iterable[RetrievalSet], scorers: Mapping[str, Scorer]) -> dict[str, dict[str, Interval]]:
    """Measure every scorer on every set; print a row a set as it is done."""
    rows: dict[str, dict[str, Interval]] = {}
    for retrieval in sets:
        rows[retrieval.name] = {name: measure(retrieval, scorer) for name, scorer in scorers.items()}
        _print_row(retrieval.name, len(retrieval.queries), rows[retrieval.name])
    return rows


def measure_all(
    sets: Iterable[TextSet], tokenizer: Tokenizer, measured: Mapping[str, Measured]
) -> dict[str, dict[str, Interval]]:
    """Measure everything on every set, each as it is read; print a row a set as it is done."""
    rows: dict[str, dict[str, Interval]] = {}
    for texts in sets:
        read = {reading: tokenise(texts, tokenizer, reading) for reading in {one.reading for one in measured.values()}}
        rows[texts.name] = {name: measure(read[one.reading], one.scorer) for name, one in measured.items()}
        _print_row(texts.name, len(texts.queries), rows[texts.name])
    return rows


def _print_row(name: str, queries: int, figures: Mapping[str, Interval]) -> None:
    cells = "  ".join(f"{label} {v.mean:.3f} [{v.low:.3f}, {v.high:.3f}]" for label, v in figures.items())
    print(f"{name:20} {queries:6}  {cells}", flush=True)


def reciprocal_ranks(scores: NDArray[np.float32], relevant: Sequence[Iterable[int]]) -> list[float]:
    """Return 1 / rank of the best relevant column of each row; ties count against the model."""
    values = []
    for row, places in zip(scores, relevant, strict=True):
        best = max(float(row[place]) for place in places)
        values.append(1.0 / max(1, int((row >= best).sum())))
    return values
