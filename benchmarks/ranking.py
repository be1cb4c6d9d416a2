"""How well the ranker that ships ranks the candidates of valid queries, and how honest its scores are.

    python -m benchmarks.ranking FEATURES [--picture FILE.png]

FEATURES is what `hunch-train gather-features` wrote with the model that ships. Nothing is chosen here: the recipe
`training/runs/ranker.sh` makes all numbers of the ranker's bundle.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import save_result
from hunch.model.bundle import load_bundle
from hunch.model.ranker import Ranker, rank, ranker_of
from hunch.search.features import COLUMNS, NEGATIVE, POSITIVE, best_of_others, guess_context
from hunch.settings import model_folder
from hunch_training.evaluation.plots import draw_reliability
from hunch_training.ranking.calibrate import calibration_error, reliability, verdict_shares
from hunch_training.ranking.data import OF_WORKSPACES, OWN, SENTENCES, VALID, RankingData, load_ranking_data, mean_ndcg
from hunch_training.ranking.linear import load_linear


def measure(data: RankingData, ranker: Ranker) -> dict[str, Any]:
    """Return NDCG@10 by kind of query, shares of verdicts and the reliability of scores, on valid queries."""
    scores = learned_scores(data, ranker)
    valid = data.chosen(VALID, OWN)
    linear = data.features @ load_linear().weights
    sentences = data.of_kinds(valid, *SENTENCES)
    table = reliability(data, data.of_kinds(valid, *OF_WORKSPACES), scores)
    thresholds = ranker.answerability
    return {
        "ndcg": {
            "linear": mean_ndcg(data, valid, linear),
            "learned, static embedding alone": mean_ndcg(data, valid, learned_scores(static_alone(data), ranker)),
            "learned": mean_ndcg(data, valid, scores),
        },
        "verdict": {**thresholds._asdict(), "valid_shares": verdict_shares(data, scores, thresholds)},
        "calibration": table,
        "expected_calibration_error": calibration_error(table),
        "expected_calibration_error_of_sentences": calibration_error(reliability(data, sentences, scores)),
    }


def static_alone(data: RankingData) -> RankingData:
    """Return the same as search has it before there are contextual embeddings."""
    features = data.features.copy()
    context = guess_context(features[:, data.names.index("meaning")], data.line)
    features[:, data.names.index("context")] = context
    query_of = np.repeat(np.arange(len(data)), np.diff(data.starts))
    features[:, data.names.index("neighbour")] = best_of_others(context, (query_of << 32) + data.files)
    return replace(data, features=features)


def learned_scores(data: RankingData, ranker: Ranker) -> NDArray[np.float64]:
    """Return the scores of all candidates as the product's ranker gives them, float64 [n]."""
    positive = data.features[:, [data.names.index(name) for name in POSITIVE]]
    negative = data.features[:, [data.names.index(name) for name in NEGATIVE]]
    scores = np.zeros(len(data.features))
    for query in np.flatnonzero(np.diff(data.starts)).tolist():
        rows = data.rows(query)
        scores[rows] = rank(ranker, positive[rows], negative[rows], data.query_features[query]).scores
    return scores


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure from the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks.ranking", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("features", type=Path, help="from hunch-train gather-features")
    parser.add_argument("--picture", type=Path, help="draw how often best hits are right")
    options = parser.parse_args(arguments)
    result = measure(load_ranking_data(options.features), ranker_of(load_bundle(model_folder()), COLUMNS))
    save_result("verdicts", result)
    for name, figures in result["ndcg"].items():
        print(name, {kind: round(value, 3) for kind, value in figures.items()})
    print(f"expected calibration error {result['expected_calibration_error']:.3f}, of sentences alone "
          f"{result['expected_calibration_error_of_sentences']:.3f}")  # fmt: skip
    if options.picture:
        draw_reliability(result["calibration"], options.picture)


if __name__ == "__main__":
    main()
