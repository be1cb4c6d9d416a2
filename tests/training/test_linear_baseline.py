"""The linear baseline: weights that tell right candidates, and scores that are probabilities."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from hunch.model.ranker import ContextLine
from hunch.search.features import NAMES
from hunch.search.query_features import QUERY_FEATURES
from hunch_training.cli import main
from hunch_training.ranking.data import RankingData, mean_ndcg, save_ranking_data
from hunch_training.ranking.linear import calibrate, climb, fit, load_linear


def test_fitted_weights_find_what_the_signal_says() -> None:
    gathered = _gathered(queries=40)
    every = np.arange(len(gathered))
    start = np.zeros(len(NAMES))
    start[1] = 1.0  # a signal that says nothing
    names = ["commit file", "commit name", "doc file", "doc name"]
    assert mean_ndcg(gathered, every, gathered.features @ fit(gathered, every, start)) == dict.fromkeys(names, 1.0)
    assert min(mean_ndcg(gathered, every, gathered.features @ climb(gathered, every, start)).values()) > 0.95


def test_a_calibrated_score_is_the_share_of_right_hits() -> None:
    gathered = _gathered(queries=200, right_at_top=0.75)
    scores = gathered.features[:, 0].astype(np.float64)
    scale, bias = calibrate(gathered, np.arange(len(gathered)), scores)
    assert 1 / (1 + np.exp(-(scale * 1.0 + bias))) == pytest.approx(0.75, abs=0.02)


def test_what_the_step_writes_is_a_baseline(tmp_path: Path) -> None:
    save_ranking_data(_gathered(queries=80, right_at_top=0.8), tmp_path / "features.npz")
    out = tmp_path / "linear.json"
    assert main(["linear-weights", str(tmp_path / "features.npz"), "--out", str(out)]) == 0
    weights = dict(zip(NAMES, load_linear(out).weights.tolist(), strict=True))
    assert weights["meaning"] > 1 and weights["meaning"] > weights["context"]
    found = json.loads(out.read_text())
    assert set(found) >= {"scale", "bias", "words_only_bias"}
    assert found["model"]["name"] == "tiny 1"
    assert found["ndcg"]["fitted"]["valid"]["commit file"] >= found["ndcg"]["before"]["valid"]["commit file"]


def _gathered(queries: int, right_at_top: float = 1.0) -> RankingData:
    """Five candidates a query, each a file of its own; the first signal is 1 for one of them, mostly the right one."""
    generator = np.random.default_rng(0)
    total = 5 * queries
    features = np.zeros((total, len(NAMES)), np.float32)
    features[:, 1] = generator.random(total)
    hits = np.zeros(total, np.bool_)
    for query in range(queries):
        top, other = 5 * query + generator.permutation(5)[:2]
        features[top, 0] = 1
        hits[top if query < right_at_top * queries else other] = True
    numbers = np.tile(np.arange(5, dtype=np.int32), queries)
    ones = np.ones(queries, np.int32)
    return RankingData(
        starts=np.arange(0, total + 1, 5), features=features, names=NAMES,
        query_features=np.zeros((queries, len(QUERY_FEATURES)), np.float32), query_names=QUERY_FEATURES,
        model=("tiny 1", "0" * 12), line=ContextLine(0.0, 1.0), file_hit=hits, name_hit=hits, files=numbers,
        places=numbers, path_count=ones, place_count=ones, kinds=np.array(["commit", "doc"])[np.arange(queries) % 2],
        groups=0 * ones, split=(np.arange(queries) // 2 % 4 == 3).astype(np.uint8),
    )  # fmt: skip
