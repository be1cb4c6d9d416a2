"""The linear baseline: one weight a feature for all queries; the ranker starts from it and has to beat it.

    hunch-train linear-weights features.npz --out training/hunch_training/ranking/linear.json

Weights start from those of the last time, are fitted by a list-wise softmax on train queries (the likelihood that the
first hit is in a right file, and is a right definition), then each is moved up and down as long as the mean NDCG@10
rises. Scale and bias are set so that the score of a hit is the share of such hits that are in a right file. Features
that only the ranker uses are left out.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hunch.model.ranker import LinearRanking
from hunch.search.features import NAMES, POSITIVE
from hunch_training.ranking.data import (
    OF_WORKSPACES,
    OWN,
    TRAIN,
    VALID,
    RankingData,
    load_ranking_data,
    mean_ndcg,
)
from hunch_training.ranking.facts import read_facts, write_facts

Weights = NDArray[np.float64]
"""float64 [NAMES]"""

SHIPPED_LINEAR = Path(__file__).parent / "linear.json"
"""Fitted with the model that ships"""
RANKER_ONLY = ("exact case", "prefix", "neighbour", "file words", "language", "kind", "length")
"""Features that the linear baseline does not use"""

_POSITIVE = np.array([name in POSITIVE for name in NAMES])
_KIND_SHARES = {
    "commit": 0.25,
    "doc": 0.25,
    "module": 0.05,
    "symbol": 0.15,
    "spelling": 0.1,
    "pair": 0.125,
    "question": 0.125,
    "keyword": 0.125,
    "small": 0.125,
    "mixed": 0.03,
}
"""How much a kind of query counts: what is asked in a workspace twice as much as what is asked of single functions."""
_L2 = 1e-3
_STEPS = 300
_CALIBRATED_HITS = 3


class Logistic(NamedTuple):
    """Of the logistic function that makes a score a probability."""

    scale: float
    bias: float


@lru_cache(maxsize=2)
def load_linear(file: Path = SHIPPED_LINEAR) -> LinearRanking:
    """Return the baseline that a file holds.

    Raises:
        TrainingError: the file is none of this step.
    """
    facts = read_facts(file)
    weights = np.array([facts["weights"][name] for name in NAMES], np.float32)
    return LinearRanking(weights * np.float32(facts["scale"]), facts["bias"], facts["words_only_bias"])


def fit(data: RankingData, queries: NDArray[np.int64], start: Weights) -> Weights:
    """Return weights that make right candidates likely under a softmax over each query's candidates.

    The log-likelihood of "the first is one of the right" for right files and right definitions, each kind of
    query counting its share, by Adam (Kingma and Ba, 2015).
    """
    row_of, x, query_weight = _flattened(data, queries)
    firsts = np.flatnonzero(np.concatenate(([True], row_of[1:] != row_of[:-1])))
    labels = [np.concatenate([hit[data.rows(query)] for query in queries]) for hit in (data.file_hit, data.name_hit)]
    current = start.copy()
    mean, spread = np.zeros_like(current), np.zeros_like(current)
    for step in range(1, _STEPS + 1):
        scores = x @ current
        probability = _softmax(scores, row_of, firsts)
        slope = _L2 * current
        for label in labels:
            answered = np.maximum.reduceat(label, firsts)[row_of]
            right = _softmax(np.where(label, scores, -1e9), row_of, firsts)
            slope += x.T @ (np.where(answered, probability - right, 0) * query_weight) / len(labels)
        mean = 0.9 * mean + 0.1 * slope
        spread = 0.99 * spread + 0.01 * slope**2
        current -= 0.1 * (mean / (1 - 0.9**step)) / (np.sqrt(spread / (1 - 0.99**step)) + 1e-9)
        current = np.where(_POSITIVE, np.maximum(current, 0), current)
    return np.asarray(current, np.float64)


def climb(data: RankingData, queries: NDArray[np.int64], start: Weights, rounds: int = 2) -> Weights:
    """Move one weight after the other while the mean of the NDCG figures rises."""
    x = data.features.astype(np.float64)
    best, scores = start.copy(), x @ start
    reached = _objective(data, queries, scores)
    size = float(np.abs(start).max())
    for step in [0.1 * size / 2**i for i in range(rounds)]:
        for feature in np.flatnonzero(x.any(axis=0)).tolist():
            for sign in (1, -1):
                while best[feature] + sign * step >= 0 or not _POSITIVE[feature]:
                    tried = scores + sign * step * x[:, feature]
                    value = _objective(data, queries, tried)
                    if value <= reached + 1e-5:
                        break
                    best[feature] += sign * step
                    scores, reached = tried, value
    return np.asarray(best, np.float64)


def calibrate(data: RankingData, queries: NDArray[np.int64], scores: NDArray[Any]) -> Logistic:
    """Return scale and bias under which the score of a first hit is the probability that its file is right."""
    values, right = [], []
    for query in queries:
        rows = data.rows(query)
        order = np.argsort(-scores[rows], kind="stable")
        _, first = np.unique(data.files[rows][order], return_index=True)
        best = order[np.sort(first)[:_CALIBRATED_HITS]]
        values += scores[rows][best].tolist()
        right += data.file_hit[rows][best].tolist()
    return logistic(np.array(values), np.array(right, np.float64))


def logistic(values: NDArray[Any], right: NDArray[np.float64]) -> Logistic:
    """Fit scale and bias by Newton's method (Platt, 1999)."""
    x = np.stack([values, np.ones_like(values)], axis=1)
    both = np.zeros(2)
    for _ in range(30):
        probability = 1 / (1 + np.exp(-(x @ both)))
        curve = x.T @ (x * (probability * (1 - probability))[:, None]) + 1e-6 * np.eye(2)
        both -= np.linalg.solve(curve, x.T @ (probability - right))
    return Logistic(float(both[0]), float(both[1]))


def words_only_bias(data: RankingData, queries: NDArray[np.int64], total: NDArray[Any], weights: Weights) -> float:
    """Return what both cosines together add to a right first hit on average."""
    columns = [NAMES.index("meaning"), NAMES.index("context")]
    found = []
    for query in queries:
        rows = data.rows(query)
        if rows.stop > rows.start:
            best = rows.start + int(np.argmax(total[rows]))
            if data.file_hit[best]:
                found.append(float(data.features[best, columns] @ weights[columns]))
    return round(float(np.mean(found)), 2) if found else 0.0


def fit_baseline(data: RankingData, start: Weights) -> dict[str, Any]:
    """Return weights, scale, biases, and the NDCG@10 of each step, as the step writes them."""
    data.features[:, [NAMES.index(name) for name in RANKER_ONLY]] = 0
    train, valid = data.chosen(TRAIN, OWN), data.chosen(VALID, OWN)
    x = data.features.astype(np.float64)
    climbed = climb(data, train, fit(data, train, start))
    workspaces = data.of_kinds(np.concatenate([train, valid]), *OF_WORKSPACES)
    scale, bias = calibrate(data, workspaces, x @ climbed)
    final, bias = np.round(scale * climbed, 2), round(bias, 2)
    total = x @ final + bias
    steps = {"before": start, "fitted": final}
    return {
        "model": dict(zip(("name", "fingerprint"), data.model, strict=True)),
        "weights": dict(zip(NAMES, final.tolist(), strict=True)),
        "scale": 1.0,
        "bias": bias,
        "words_only_bias": words_only_bias(data, workspaces, total, final),
        "queries": {"train": len(train), "valid": len(valid)},
        "ndcg": {
            name: {split: mean_ndcg(data, part, x @ weights) for split, part in (("train", train), ("valid", valid))}
            for name, weights in steps.items()
        },
    }


def _flattened(
    data: RankingData, queries: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    lengths = np.diff(data.starts)[queries]
    row_of = np.repeat(np.arange(len(queries)), lengths)
    row_of = np.unique(row_of, return_inverse=True)[1]
    x = np.concatenate([data.features[data.rows(query)] for query in queries]).astype(np.float64)
    kinds = data.kinds[queries].tolist()
    counts = Counter(kinds)
    share = np.array([_KIND_SHARES[kind] / counts[kind] for kind in kinds])
    return row_of, x, np.repeat(share, lengths)


def _softmax(scores: NDArray[Any], row_of: NDArray[np.int64], firsts: NDArray[np.int64]) -> NDArray[np.float64]:
    lifted = np.exp(scores - np.maximum.reduceat(scores, firsts)[row_of])
    return np.asarray(lifted / np.add.reduceat(lifted, firsts)[row_of], np.float64)


def _objective(data: RankingData, queries: NDArray[np.int64], scores: NDArray[Any]) -> float:
    figures: Mapping[str, float] = mean_ndcg(data, queries, scores)
    shares: Sequence[float] = [_KIND_SHARES[name.split()[0]] for name in figures]
    return float(np.average(list(figures.values()), weights=shares))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the stage is given on the command line."""
    parser.add_argument("features", type=Path, help="the features of candidates, from hunch-train gather-features")
    parser.add_argument("--start", type=Path, default=SHIPPED_LINEAR, help="weights of another time (those that ship)")
    parser.add_argument("--out", type=Path, required=True, help="the file to write")


def run_stage(options: argparse.Namespace) -> None:
    """Run the stage from the command line."""
    start = load_linear(options.start).weights.astype(np.float64)
    found = fit_baseline(load_ranking_data(options.features), start)
    write_facts(options.out, found)
    for name, figures in found["ndcg"].items():
        print(name, {split: {k: round(v, 4) for k, v in one.items()} for split, one in figures.items()}, flush=True)
