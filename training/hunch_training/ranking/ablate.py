"""What each group of features is worth to the ranker: trained without it, on the same queries.

    hunch-train ablate-ranker features.npz --run runs/ablate-ranker

Each group is taken away and a ranker trained anew, so that the others can do its work. The differences of NDCG@10 on
the valid queries are paired by query, with bootstrap intervals (Efron, 1979).
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from hunch.search.features import NEGATIVE
from hunch.search.metrics import Interval, bootstrap
from hunch.search.query_features import QUERY_FEATURES
from hunch_training.loop.run_folder import BEST, describe_run, load_checkpoint, load_weights
from hunch_training.ranking.data import OWN, VALID, RankingData, load_ranking_data, ndcg_by_query
from hunch_training.ranking.train import WHOLE, Settings, limited, new_ranker, scores_of, train
from hunch_training.stage_flags import add_flags, settings_of

GROUPS: Mapping[str, Sequence[str]] = {
    "static": ("meaning",),
    "contextual": ("context", "neighbour"),
    "all embeddings": ("meaning", "context", "neighbour"),
    "words": ("words",),
    "fields": ("name", "signature", "path"),
    "symbols": ("symbol", "exact case", "prefix"),
    "as typed": ("exact case",),
    "beginnings": ("prefix",),
    "the rest of the file": ("neighbour", "file words"),
    "what is named": ("language", "kind"),
    "length": ("length",),
    "negative": NEGATIVE,
    "query features": QUERY_FEATURES,
}
"""What is taken away, by the name of a group"""


def ablate(data: RankingData, settings: Settings, run: Path) -> dict[str, dict[str, Interval]]:
    """Return by group, then by kind of query and figure, what NDCG@10 loses without it (negative: what it gains).

    Raises:
        TrainingError: see ``train``.
    """
    whole = _values(data, settings, run / "everything")
    found = {}
    for name, features in GROUPS.items():
        less = _values(replace(data, without=tuple(features)), settings, run / name.replace(" ", "-"))
        found[name] = {key: bootstrap(np.array(whole[key]) - np.array(less[key])) for key in whole}
        print(_line(name, found[name]), flush=True)
    return found


def _values(data: RankingData, settings: Settings, run: Path) -> dict[str, list[float]]:
    torch.manual_seed(settings.seed)
    model = new_ranker(settings)
    train(data, model, settings, run)
    load_weights(model, load_checkpoint(run / BEST)["model"], run / BEST)
    queries = data.chosen(VALID, OWN)
    return ndcg_by_query(data, queries, scores_of(model, data, queries, WHOLE))


def _line(name: str, figures: Mapping[str, Interval]) -> str:
    cells = [f"{figure.mean:+.3f} [{figure.low:+.3f}, {figure.high:+.3f}]" for figure in figures.values()]
    return f"| {name} | {' | '.join(cells)} |"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the stage is given on the command line."""
    parser.add_argument("features", type=Path, help="the features of candidates, from hunch-train gather-features")
    parser.add_argument("--run", type=Path, required=True, help="the folder of the runs; goes on if it is there")
    parser.add_argument("--threads", type=int, default=1, help="threads of torch (%(default)s)")
    add_flags(parser, Settings)


def run_stage(options: argparse.Namespace) -> None:
    """Run the stage from the command line."""
    settings = settings_of(options, Settings)
    torch.set_num_threads(options.threads)
    data = limited(load_ranking_data(options.features), settings.limit)
    describe_run(options.run, "ablate-ranker", settings, [options.features], groups=dict(GROUPS))
    found = ablate(data, settings, options.run)
    table = {name: {key: value._asdict() for key, value in figures.items()} for name, figures in found.items()}
    (options.run / "ablation.json").write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
