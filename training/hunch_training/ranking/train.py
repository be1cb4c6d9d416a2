"""Train the ranker: which weight each feature gets for a query.

    hunch-train gather-features DATA WORKSPACES --out features.npz
    hunch-train ranker features.npz --run runs/ranker

Learns from queries of train workspaces and is chosen on queries of valid ones: commit subjects and documentation with
the files and definitions they are about, bare names, documentation of single functions and keywords of it, and web
queries. Candidates are those that the engine itself brings up. A list-wise loss ranks. What a search can lack is
taken away from some queries: the contextual embeddings of all or of half of the candidates, or every embedding. The
probabilities come afterwards, see hunch_training.ranking.calibrate.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from hunch.model.ranker import LinearRanking
from hunch.search.features import NAMES as FEATURES
from hunch.search.features import NEGATIVE, POSITIVE, best_of_others, guess_context
from hunch.search.query_features import QUERY_FEATURES
from hunch_training.loop.fit import fit
from hunch_training.loop.run_folder import describe_run
from hunch_training.loop.settings import LoopSettings
from hunch_training.ranking.data import (
    OWN,
    TRAIN,
    VALID,
    RankingData,
    load_ranking_data,
    mean_ndcg,
)
from hunch_training.ranking.linear import SHIPPED_LINEAR, load_linear
from hunch_training.ranking.model import Lists, Ranker, listwise_loss, statistics_of
from hunch_training.stage_flags import add_flags, settings_of

EMBEDDED = ("meaning", "context", "neighbour")
MEANING, CONTEXT, NEIGHBOUR = (POSITIVE.index(name) for name in EMBEDDED)
WHOLE, STATIC, HALF, WORDS_ALONE = range(4)
"""What is there of the embeddings: static and contextual; static; contextual ones of half of the candidates; nothing"""
LEAST_WEIGHT = 0.3
"""Of a feature that is worth less to the linear baseline, so that it can be worth something"""
LEARNED_ALONE = {"exact case": 1.0, "prefix": 0.6, "neighbour": 0.3, "file words": 0.4, "language": 0.25, "kind": 0.2,
                 "length": 0.3}  # fmt: skip
"""Usual weights of features that the linear baseline does not use"""
TOLD = POSITIVE.index("neighbour")
"""How many features, the first, the network sees the spread of. What the rest of a file says is not among them: single
functions, which are part of the data and have no file, would be told from workspaces by it."""
SHARES = {"commit": 0.22, "doc": 0.2, "module": 0.04, "symbol": 0.06, "spelling": 0.08, "pair": 0.09, "question": 0.13,
          "keyword": 0.1, "small": 0.1, "mixed": 0.03}  # fmt: skip
"""How much a kind of query counts."""
LEAST = {"words": 0.3, "name": 0.0, "signature": 0.0, "path": 0.0, "length": 0.0, "file-level chunk": 0.0,
         "exact case": 1.0}  # fmt: skip
"""What these weights can be lowered to: web questions share few words with the code that answers them, and what is
asked for may be short, or a whole file. What is typed to the letter never counts less than usual."""
MOST = {"context": 4.0}
"""What these can be raised to: web questions are answered by contextual embeddings."""


@dataclass(frozen=True, slots=True)
class Settings(LoopSettings):
    """What decides the result of a run, besides its data."""

    epochs: int = 10
    patience: int = 0
    learning_rate: float = 5e-3
    warmup: int = 50
    weight_decay: float = 1e-3
    steps: int = 200
    """of an epoch"""
    batch: int = 128
    """queries of a step"""
    hidden: int = 32
    """numbers between the spread of the features and the weights"""
    least: float = 0.5
    """what a weight can be lowered to, as a share of the usual one"""
    most: float = 3.0
    """what that of a positive feature can be raised to"""
    most_negative: float = 1.5
    """what that of a negative feature can be raised to"""
    static: float = 0.25
    """share of the queries that see static embeddings alone"""
    half: float = 0.1
    """share of the queries that see contextual embeddings of half of the candidates"""
    words_alone: float = 0.1
    """share of the queries that see no embedding"""


class Batch(NamedTuple):
    """What one step sees."""

    lists: Lists
    file_hit: Tensor
    name_hit: Tensor
    weight: Tensor
    """float32 [q]"""


def new_ranker(settings: Settings, baseline: LinearRanking | None = None) -> Ranker:
    """Return a ranker of the product's features that has learnt nothing; a baseline other than the one that ships."""
    return Ranker(**_shape_of_ranker(settings, baseline or load_linear()))


def usual_weights(baseline: LinearRanking) -> list[float]:
    """Return the weights that the ranker chooses multiples of, of POSITIVE and NEGATIVE."""
    of_baseline = dict(zip(FEATURES, baseline.weights.tolist(), strict=True))
    return [*(LEARNED_ALONE.get(name, max(of_baseline[name], LEAST_WEIGHT)) for name in POSITIVE),
            *(min(of_baseline[name], 0.0) for name in NEGATIVE)]  # fmt: skip


def _shape_of_ranker(settings: Settings, baseline: LinearRanking) -> dict[str, Any]:
    least = [LEAST.get(name, settings.least) for name in FEATURES]
    most = [*(MOST.get(name, settings.most) for name in POSITIVE), *[settings.most_negative] * len(NEGATIVE)]
    return {"usual": usual_weights(baseline), "least": least, "most": most, "positives": len(POSITIVE), "told": TOLD,
            "query_features": len(QUERY_FEATURES), "hidden": settings.hidden}  # fmt: skip


def lists_of(data: RankingData, queries: NDArray[np.int64], states: NDArray[np.int64], seed: int = 0) -> Lists:
    """Return the candidates of some queries, with what is there of their embeddings."""
    rows = data.rows_of(queries)
    query_of = np.repeat(np.arange(len(queries)), np.diff(data.starts)[queries])
    positive = data.features[rows][:, [data.names.index(name) for name in POSITIVE]]
    state = states[query_of]
    unread = (state == STATIC) | ((state == HALF) & (np.random.default_rng(seed).random(len(rows)) < 0.5))
    positive[unread, CONTEXT] = guess_context(positive[unread, MEANING], data.line)
    positive[np.ix_(state == WORDS_ALONE, [MEANING, CONTEXT])] = 0
    file_of = (query_of.astype(np.int64) << 32) + data.files[rows]
    positive[:, NEIGHBOUR] = best_of_others(positive[:, CONTEXT], file_of)
    negative = data.features[rows][:, [data.names.index(name) for name in NEGATIVE]]
    of_query = data.query_features[queries][:, [data.query_names.index(name) for name in QUERY_FEATURES]]
    for array, names in ((positive, POSITIVE), (negative, NEGATIVE), (of_query, QUERY_FEATURES)):
        array[:, [name in data.without for name in names]] = 0
    return Lists(torch.from_numpy(positive), torch.from_numpy(negative), torch.from_numpy(query_of),
                 torch.from_numpy(of_query))  # fmt: skip


def train(
    data: RankingData, model: Ranker, settings: Settings, run: Path, *, baseline: LinearRanking | None = None,
    **loop: Any,
) -> float:  # fmt: skip
    """Train to the end; return the best mean NDCG@10 on the valid queries.

    Raises:
        TrainingError: see ``fit``.
    """
    answered = {kind: data.chosen(TRAIN, OWN) for kind in SHARES}
    answered = {kind: own[data.kinds[own] == kind] for kind, own in answered.items()}
    answered = {kind: own for kind, own in answered.items() if len(own)}
    shares = [1 - settings.static - settings.half - settings.words_alone,
              settings.static, settings.half, settings.words_alone]  # fmt: skip
    some = lists_of(data, data.chosen(TRAIN, OWN), np.zeros(len(data.chosen(TRAIN, OWN)), np.int64))
    statistics = statistics_of(some, model.told)
    model.mean.copy_(statistics.mean(0))
    model.spread.copy_(statistics.std(0) + 1e-3)

    def draw(plan: int, generator: np.random.Generator) -> Batch:
        queries: list[int] = []
        weight: list[float] = []
        for kind, own in answered.items():
            count = max(2, round(settings.batch * SHARES[kind]))
            queries += generator.choice(own, count).tolist()
            weight += [SHARES[kind] / count] * count
        asked = np.array(queries, np.int64)
        lists = lists_of(data, asked, generator.choice(4, len(asked), p=shares), int(generator.integers(1 << 30)))
        rows = data.rows_of(asked)
        file_hit, name_hit = (torch.from_numpy(hit[rows]) for hit in (data.file_hit, data.name_hit))
        return Batch(lists, file_hit, name_hit, torch.tensor(weight, dtype=torch.float32))

    return fit(
        model,
        [range(epoch * settings.steps, (epoch + 1) * settings.steps) for epoch in range(settings.epochs)],
        draw,
        loss_of,
        lambda kept: evaluate(kept, data),
        settings, run,
        choose_by="valid_ndcg",
        size_of=lambda batch: batch.lists.queries,
        keep={"ranker": _shape_of_ranker(settings, baseline or load_linear())},
        device=torch.device("cpu"),
        **loop,
    )  # fmt: skip


def loss_of(model: Ranker, batch: Batch, share: float) -> Tensor:
    """Return the loss of a batch: of right files and of right definitions."""
    total, _ = model(batch.lists)
    total = model.temperature.exp() * total
    ranked = [listwise_loss(total, batch.lists, right, batch.weight) for right in (batch.file_hit, batch.name_hit)]
    return (ranked[0] + ranked[1]) / 2


def evaluate(model: Ranker, data: RankingData) -> dict[str, float]:
    """Return NDCG@10 on the valid queries by kind, with all embeddings and with static ones alone, and their mean."""
    queries = data.chosen(VALID, OWN)
    figures: dict[str, float] = {}
    means = []
    for name, state in (("", WHOLE), ("static ", STATIC)):
        found = mean_ndcg(data, queries, scores_of(model, data, queries, state))
        weights = [SHARES[figure.split()[0]] for figure in found]
        means.append(float(np.average(list(found.values()), weights=weights)) if found else 0.0)
        figures |= {f"{name}{figure}": value for figure, value in found.items()}
    return {"valid_ndcg": (3 * means[0] + means[1]) / 4, **figures}


def scores_of(
    model: Ranker, data: RankingData, queries: NDArray[np.int64], state: int = WHOLE, at_once: int = 500
) -> NDArray[np.float32]:
    """Return the logits of all candidates of some queries, float32 [n of the data]; not a number elsewhere."""
    scores = np.full(len(data.features), np.nan, np.float32)
    with torch.no_grad():
        for start in range(0, len(queries), at_once):
            part = queries[start : start + at_once]
            lists = lists_of(data, part, np.full(len(part), state))
            total, weighed = model(lists)
            scores[data.rows_of(part)] = model.logits(total, weighed, lists).numpy()
    return scores


def limited(data: RankingData, limit: int | None) -> RankingData:
    """Return the first queries only."""
    if limit is None or limit >= len(data):
        return data
    end = int(data.starts[limit])
    per_query = {name: getattr(data, name)[:limit]
                 for name in ("path_count", "place_count", "kinds", "groups", "split", "query_features")}  # fmt: skip
    per_row = {name: getattr(data, name)[:end] for name in ("features", "file_hit", "name_hit", "files", "places")}
    return replace(data, starts=data.starts[: limit + 1], **per_query, **per_row)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the stage is given on the command line."""
    parser.add_argument("features", type=Path, help="the features of candidates, from hunch-train gather-features")
    parser.add_argument("--linear", type=Path, default=SHIPPED_LINEAR,
                        help="what hunch-train linear-weights wrote (the baseline that ships)")  # fmt: skip
    parser.add_argument("--run", type=Path, required=True, help="the folder of the run; goes on if it is there")
    parser.add_argument("--threads", type=int, default=1, help="threads of torch (%(default)s)")
    add_flags(parser, Settings)


def run_stage(options: argparse.Namespace) -> None:
    """Run the stage from the command line."""
    settings = settings_of(options, Settings)
    torch.set_num_threads(options.threads)
    torch.manual_seed(settings.seed)
    data = limited(load_ranking_data(options.features), settings.limit)
    files: Sequence[Path] = [options.features, options.linear]
    describe_run(options.run, "ranker", settings, files, queries=len(data), candidates=len(data.features))
    baseline = load_linear(options.linear)
    model = new_ranker(settings, baseline)
    best = train(data, model, settings, options.run, baseline=baseline)
    print(f"best valid NDCG@10 {best:.4f}", flush=True)
