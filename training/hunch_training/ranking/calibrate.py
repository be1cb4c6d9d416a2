"""What the scores of a trained ranker are worth: probabilities of first hits, and the thresholds of answerability.

    hunch-train calibrate-ranker features.npz --run runs/ranker

A second network learns scale, bias and rivalry of each query; then one scale and one shift for all (Platt, 1999). The
thresholds come from the best scores of queries that have an answer and of those that have none. ranking.json of the run
holds all that the bundle needs besides the graph.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hunch.model.ranker import AnswerabilityThresholds
from hunch.search.features import COLUMNS, POSITIVE
from hunch.search.query_features import QUERY_FEATURES
from hunch_training.loop.run_folder import BEST, SETTINGS, load_checkpoint, load_weights, save_checkpoint
from hunch_training.ranking.data import (
    EXCLUDED,
    FOREIGN,
    NAMES,
    OF_WORKSPACES,
    OWN,
    SENTENCES,
    TRAIN,
    VALID,
    RankingData,
    load_ranking_data,
    mean_ndcg,
)
from hunch_training.ranking.facts import RANKING, write_facts
from hunch_training.ranking.linear import SHIPPED_LINEAR, Logistic, load_linear
from hunch_training.ranking.model import Lists, Ranker, probability_loss
from hunch_training.ranking.train import EMBEDDED, SHARES, lists_of, scores_of

CALIBRATED = "calibrated.pt"
"""The checkpoint that becomes a bundle"""
MOST_REFUSED = 0.03
"""Of the sentences that have an answer, how many may be told that there is none."""
SYMBOL = POSITIVE.index("symbol")
LEXICAL = torch.tensor([name not in (*EMBEDDED, "language", "kind", "length") for name in POSITIVE])
"""Features that need a word in common"""
NAMED = torch.tensor([name in ("symbol", "exact case", "prefix") for name in POSITIVE])
"""Features of names that are spelt"""
TOPICAL = 0.3
"""Share of the single words that are a name which are seen as if nothing were called so"""
ONE_WORD = QUERY_FEATURES.index("one word")
CALIBRATED_HITS = 10
OTHERS_COUNT = 0.3
"""How much the first ten hits count beside the first alone"""


def learn_probabilities(
    model: Ranker, data: RankingData, seed: int, *, bias: float = 0.0, steps: int = 4000, batch: int = 126
) -> None:
    """Let scale, bias and rivalry say how likely the first hits of a query are right; the order of candidates stays.

    A third of the queries are asked where the answer is, a third elsewhere or with its files left out, and from a
    third, those of single functions among them, the files of the right candidates are taken away; of half of the names
    in it no part stands anywhere else either. The first third counts as much as the two others.

    Args:
        model: a trained ranker.
        data: what it was trained on.
        seed: of what is drawn.
        bias: where the bias of a query starts.
        steps: of Adam.
        batch: queries of a step.
    """
    generator, is_right = np.random.default_rng(seed), data.right()
    own, unanswered = data.chosen(TRAIN, OWN), data.chosen(TRAIN, FOREIGN, EXCLUDED)
    groups = [own, unanswered, own] if len(unanswered) else [own, own]
    kind_of = [data.kinds[group] for group in groups]
    of_group = batch // len(groups)
    weight = torch.full((of_group * len(groups),), 1 / (len(groups) - 1))
    weight[:of_group] = 1
    with torch.no_grad():
        model.calibration.bias[1] = bias
    optimizer = torch.optim.Adam([*model.second.parameters(), *model.calibration.parameters()], lr=0.005)
    for step in range(steps):
        asked = np.concatenate([_by_share(group, kinds, of_group, generator)
                                for group, kinds in zip(groups, kind_of, strict=True)])  # fmt: skip
        lists = lists_of(data, asked, generator.choice(4, len(asked), p=[0.6, 0.2, 0.1, 0.1]), step)
        rows = data.rows_of(asked)
        right = torch.from_numpy(is_right[rows])
        robbed = lists.query_of >= of_group * (len(groups) - 1)
        nowhere = robbed & (lists.query[:, ONE_WORD] > 0)[lists.query_of]
        nowhere &= torch.from_numpy(generator.random(len(asked)) < 0.5)[lists.query_of]
        lists.positive[nowhere[:, None] & LEXICAL] = 0
        # A single word need not be a name to be answered; what spells none is a slip, or was typed in part.
        spelt = torch.zeros(len(asked)).scatter_reduce(0, lists.query_of, lists.positive[:, SYMBOL], "amax") == 1
        topical = ~robbed & (spelt & (lists.query[:, ONE_WORD] > 0))[lists.query_of]
        topical &= torch.from_numpy(generator.random(len(asked)) < TOPICAL)[lists.query_of]
        lists.positive[topical[:, None] & NAMED] = 0
        # With the whole file, of which its other candidates have features.
        kept = ~(robbed & torch.from_numpy(data.file_hit[rows]))
        lists = Lists(lists.positive[kept], lists.negative[kept], lists.query_of[kept], lists.query)
        total, weighed = model(lists)
        logits = model.logits(total.detach(), weighed, lists)
        # The first hit is what a verdict rests on; the others keep the scores below it honest.
        others = probability_loss(logits, lists, right[kept], weight, CALIBRATED_HITS)
        loss = probability_loss(logits, lists, right[kept], weight, 1) + OTHERS_COUNT * others
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()


def _by_share(
    queries: NDArray[np.int64], kinds: NDArray[np.str_], count: int, generator: np.random.Generator
) -> NDArray[np.int64]:
    """Draw queries, of each kind that is there by its share, and one at least."""
    names = sorted(set(kinds.tolist()))
    shares = np.array([SHARES[name] for name in names])
    counts = np.maximum(1, np.floor(shares / shares.sum() * count)).astype(int)
    counts[np.argmax(counts)] += count - counts.sum()
    drawn = [generator.choice(queries[kinds == name], some) for name, some in zip(names, counts, strict=True)]
    return np.asarray(generator.permutation(np.concatenate(drawn)), np.int64)


def calibrate(model: Ranker, data: RankingData, queries: NDArray[np.int64]) -> Logistic:
    """Make scores the share of best hits that are right and return scale and shift; their order stays.

    One scale and one shift of the logits for all queries (Platt, 1999), by Newton's method; each kind of query counts
    its share, however many there are.
    """
    kinds = data.kinds[queries]
    weight = np.array([SHARES[kind] / np.count_nonzero(kinds == kind) for kind in kinds.tolist()])
    weight *= len(queries) / weight.sum()
    logits = scores_of(model, data, queries)
    first = np.array([data.starts[query] + int(np.argmax(logits[data.rows(query)])) for query in queries], np.int64)
    values, right = logits[first], data.right()[first]
    x = np.stack([values, np.ones(len(values))], axis=1).astype(np.float64)
    fitted = np.array([1.0, 0.0])
    for _ in range(30):
        probability = 1 / (1 + np.exp(-(x @ fitted)))
        curve = (x * (weight * probability * (1 - probability))[:, None]).T @ x + 1e-6 * np.eye(2)
        fitted += np.linalg.solve(curve, x.T @ (weight * (right - probability)))
    scale, shift = max(float(fitted[0]), 1e-3), float(fitted[1])
    with torch.no_grad():
        model.calibration.bias[0] += float(np.log(scale))
        model.calibration.bias[2] += float(np.log(scale))
        model.calibration.weight[1] *= scale
        model.calibration.bias[1] = model.calibration.bias[1] * scale + shift
    return Logistic(scale, shift)


def answerability_of(data: RankingData, scores: NDArray[np.float64]) -> AnswerabilityThresholds:
    """Return the thresholds of the best score: 3% of the sentences with an answer fall below ``weak``.

    Relevant begins where a query with an answer is likelier than one without: at the greatest difference of the two
    shares.

    Args:
        data: train and valid queries.
        scores: float64 [n], 0..1.
    """
    own = data.of_kinds(_both(data, OWN), *SENTENCES)
    answerable = best_scores(data, own, scores)
    foreign = best_scores(data, _both(data, FOREIGN), scores)
    parts = [answerable[data.split[own] == split] for split in (TRAIN, VALID)]
    refused = [float(np.quantile(part, MOST_REFUSED)) for part in parts if len(part)]
    if not refused:
        return AnswerabilityThresholds(0.5, 0.5)
    weak = float(np.floor(min(refused) * 1000) / 1000)
    return AnswerabilityThresholds(max(relevant_threshold(answerable, foreign), weak), weak)


def relevant_threshold(answerable: NDArray[np.float64], unanswerable: NDArray[np.float64]) -> float:
    """Return the threshold with the greatest difference between the shares of queries above it."""
    grid = np.arange(0.01, 0.95, 0.01)
    above = [float((answerable >= t).mean()) - (float((unanswerable >= t).mean()) if len(unanswerable) else 0.0)
             for t in grid]  # fmt: skip
    return round(float(grid[int(np.argmax(above))]), 2)


def best_scores(data: RankingData, queries: NDArray[np.int64], scores: NDArray[Any]) -> NDArray[np.float64]:
    """Return the highest score of each query."""
    return np.array([scores[data.rows(query)].max(initial=0.0) for query in queries.tolist()], np.float64)


def verdict_shares(
    data: RankingData, scores: NDArray[Any], thresholds: AnswerabilityThresholds
) -> dict[str, dict[str, float]]:
    """Return the shares of verdicts on valid queries that have an answer, and that have none."""
    shares: dict[str, dict[str, float]] = {}
    for name, group, kinds in (
        ("sentences with an answer", OWN, SENTENCES),
        ("names with an answer", OWN, NAMES),
        ("asked elsewhere", FOREIGN, SENTENCES),
        ("answer left out", EXCLUDED, SENTENCES),
    ):
        best = best_scores(data, data.of_kinds(data.chosen(VALID, group), *kinds), scores)
        if len(best):
            shares[name] = {
                "none": float((best < thresholds.weak).mean()),
                "weak": float(((best >= thresholds.weak) & (best < thresholds.relevant)).mean()),
                "relevant": float((best >= thresholds.relevant).mean()),
            }
    return shares


def reliability(data: RankingData, queries: NDArray[np.int64], scores: NDArray[Any]) -> list[dict[str, float]]:
    """Return, by score of the first hit, how often its file is right, for a name how often it is the definition."""
    is_right = data.right()
    first = [data.rows(query).start + int(np.argmax(scores[data.rows(query)])) for query in queries.tolist()]
    values, labels = np.array(scores[first], np.float64), is_right[first]
    table = []
    for low in np.arange(0, 1, 0.1):
        inside = (values >= low) & (values < low + 0.1)
        if inside.sum() >= 10:
            table.append(
                {
                    "from": round(float(low), 1),
                    "hits": int(inside.sum()),
                    "score": float(values[inside].mean()),
                    "right": float(labels[inside].mean()),
                }
            )
    return table


def calibration_error(table: Sequence[Mapping[str, float]]) -> float:
    """Return the mean difference of score and share of right hits over the bins of a reliability diagram."""
    hits = np.array([row["hits"] for row in table], np.float64)
    return float(np.average([abs(row["score"] - row["right"]) for row in table], weights=hits)) if len(hits) else 0.0


def facts_of(data: RankingData, model: Ranker, logistic: Logistic, training: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the bundle holds besides the graph and the weights of similar code."""
    everything = np.flatnonzero(np.diff(data.starts) > 0)
    scores = 1 / (1 + np.exp(-scores_of(model, data, everything).astype(np.float64)))
    valid = data.chosen(VALID, OWN)
    table = reliability(data, data.of_kinds(valid, *OF_WORKSPACES), scores)
    thresholds = answerability_of(data, scores)
    ndcg = {f"valid/{name}": round(value, 4) for name, value in mean_ndcg(data, valid, scores).items()}
    return {
        "model": dict(zip(("name", "fingerprint"), data.model, strict=True)),
        "features": COLUMNS._asdict(),
        "context_of_static": data.line._asdict(),
        "answerability": thresholds._asdict(),
        "metrics": {**ndcg, "expected_calibration_error": round(calibration_error(table), 4)},
        "training": {
            **training,
            "calibration": logistic._asdict(),
            "verdicts": verdict_shares(data, scores, thresholds),
        },
    }


def _both(data: RankingData, group: int) -> NDArray[np.int64]:
    return np.concatenate([data.chosen(TRAIN, group), data.chosen(VALID, group)])


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the stage is given on the command line."""
    parser.add_argument("features", type=Path, help="what the run was trained on")
    parser.add_argument("--linear", type=Path, default=SHIPPED_LINEAR,
                        help="what hunch-train linear-weights wrote (the baseline that ships)")  # fmt: skip
    parser.add_argument("--run", type=Path, required=True, help="the folder of a run of hunch-train ranker")
    parser.add_argument("--steps", type=int, default=4000, help="of the second network (%(default)s)")
    parser.add_argument("--recipe", default="training/runs/ranker.sh", help="what builds it again (%(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="threads of torch (%(default)s)")


def run_stage(options: argparse.Namespace) -> None:
    """Run the stage from the command line."""
    torch.set_num_threads(options.threads)
    data = load_ranking_data(options.features)
    described = json.loads((options.run / SETTINGS).read_text(encoding="utf-8"))
    state = load_checkpoint(options.run / BEST)
    model = Ranker(**state["ranker"])
    load_weights(model, state["model"], options.run / BEST)
    learn_probabilities(
        model, data, described["settings"]["seed"], bias=load_linear(options.linear).bias, steps=options.steps
    )
    logistic = calibrate(model, data, data.of_kinds(data.chosen(TRAIN, OWN), *OF_WORKSPACES))
    facts = facts_of(data, model.eval(), logistic, {"recipe": options.recipe, **described})
    save_checkpoint(options.run / CALIBRATED, **{**state, "model": model.state_dict()})
    write_facts(options.run / RANKING, facts)
    print(f"relevant from {facts['answerability']['relevant']}, none below {facts['answerability']['weak']}; "
          f"expected calibration error {facts['metrics']['expected_calibration_error']:.3f}", flush=True)  # fmt: skip
