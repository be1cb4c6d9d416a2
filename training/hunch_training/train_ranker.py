"""Train the ranker: which weight each signal gets for a query.

    python -m benchmarks.tune_ranking gather DATA WORKSPACES --signals signals.npz
    hunch-train ranker signals-training.npz --run runs/ranker

Learns from queries of train workspaces and is chosen on queries of valid ones: commit subjects and documentation with
the files and definitions they are about, bare names, documentation of single functions and keywords of it, and web
queries. Candidates are those that the engine itself brings up. A list-wise loss ranks; beside it the bias of each query
learns the chance that its first hits are right, also from queries whose answer is not there. What a search can lack is
taken away from some queries: the second pass of all or of half of the candidates, or every embedding.
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

from hunch.search.query_shape import SHAPE
from hunch.search.rank import AGAINST, EVIDENCE, best_of_others, guess_context
from hunch.search.weights import BIAS, ROLE_WEIGHTS, SIGNAL_WEIGHTS
from hunch_training.loop.fit import fit
from hunch_training.loop.run_folder import BEST, describe_run, load_checkpoint, load_weights, save_checkpoint
from hunch_training.loop.settings import LoopSettings
from hunch_training.ranker_model import Lists, Ranker, chance_loss, listwise_loss, statistics_of
from hunch_training.ranking_data import (
    EXCLUDED,
    FOREIGN,
    NAMES,
    OWN,
    TRAIN,
    VALID,
    RankingData,
    load_ranking_data,
    mean_ndcg,
)
from hunch_training.stage_flags import add_flags, settings_of

EMBEDDED = ("meaning", "context", "neighbour")
MEANING, CONTEXT, NEIGHBOUR = (EVIDENCE.index(name) for name in EMBEDDED)
SYMBOL = EVIDENCE.index("symbol")
SPOKEN = torch.tensor([name not in (*EMBEDDED, "language", "kind", "length") for name in EVIDENCE])
"""Signals that need a word in common"""
NAMED = torch.tensor([name in ("symbol", "typed", "prefix") for name in EVIDENCE])
"""Signals of names that are spelt"""
TOPICAL = 0.3
"""Share of the single words that are a name which are seen as if nothing were called so"""
ONE_WORD = SHAPE.index("one word")
WHOLE, FIRST_PASS, HALF, WORDS_ALONE = range(4)
"""What is there of the embeddings: of both passes; of the first; of the second for half of the candidates; nothing"""
LEAST_WEIGHT = 0.3
"""Of a signal that is worth less in the sum set by hand, so that it can be worth something"""
LEARNED_ALONE = {"typed": 1.0, "prefix": 0.6, "neighbour": 0.3, "file words": 0.4, "language": 0.25, "kind": 0.2,
                 "length": 0.3}  # fmt: skip
"""Usual weights of signals that the sum set by hand does not have"""
TOLD = EVIDENCE.index("neighbour")
"""Signals whose spread the network sees. What the rest of a file says is not among them: single functions, which are
part of the data and have no file, would be told from workspaces by it."""
SHARES = {"commit": 0.22, "doc": 0.2, "module": 0.04, "symbol": 0.06, "spelling": 0.08, "pair": 0.09, "question": 0.13,
          "keyword": 0.1, "small": 0.1, "mixed": 0.03}  # fmt: skip
"""How much a kind of query counts."""
USUAL = [*(LEARNED_ALONE.get(name, max(SIGNAL_WEIGHTS[name], LEAST_WEIGHT)) for name in EVIDENCE),
         *(SIGNAL_WEIGHTS[name] for name in AGAINST[:2]), *ROLE_WEIGHTS.values()]  # fmt: skip
LEAST = {"words": 0.3, "name": 0.0, "signature": 0.0, "path": 0.0, "length": 0.0, "file card": 0.0,
         "typed": 1.0}  # fmt: skip
"""What these weights can be lowered to: web questions share few words with the code that answers them, and what is
asked for may be short, or a whole file. What is typed to the letter never counts less than usual."""
MOST = {"context": 4.0}
"""What these can be raised to: web questions are answered in context."""
OF_WORKSPACES = ("commit", "doc", "module", *NAMES)
CALIBRATED_HITS = 10
OTHERS_COUNT = 0.3
"""How much the first ten hits count beside the first alone"""


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
    """numbers between the spread of the signals and the weights"""
    least: float = 0.5
    """what a weight can be lowered to, as a share of the weight set by hand"""
    most: float = 3.0
    """what that of a signal can be raised to"""
    most_against: float = 1.5
    """what that of a mark can be raised to"""
    first_pass: float = 0.25
    """share of the queries that see the first pass alone"""
    half: float = 0.1
    """share of the queries that see the second pass of half of the candidates"""
    words_alone: float = 0.1
    """share of the queries that see no embedding"""


class Batch(NamedTuple):
    """What one step sees."""

    lists: Lists
    file_hit: Tensor
    name_hit: Tensor
    weight: Tensor
    """float32 [q]"""


def new_ranker(settings: Settings) -> Ranker:
    """Return a ranker of the product's signals that has learnt nothing."""
    return Ranker(**_shape_of_ranker(settings))


def _shape_of_ranker(settings: Settings) -> dict[str, Any]:
    least = [LEAST.get(name, settings.least) for name in (*EVIDENCE, *AGAINST)]
    most = [*(MOST.get(name, settings.most) for name in EVIDENCE), *[settings.most_against] * len(AGAINST)]
    return {"usual": USUAL, "least": least, "most": most, "signals": len(EVIDENCE), "told": TOLD, "shapes": len(SHAPE),
            "hidden": settings.hidden}  # fmt: skip


def lists_of(data: RankingData, queries: NDArray[np.int64], states: NDArray[np.int64], seed: int = 0) -> Lists:
    """Return the candidates of some queries, with what is there of their embeddings."""
    rows = data.rows_of(queries)
    query_of = np.repeat(np.arange(len(queries)), np.diff(data.starts)[queries])
    columns = [data.names.index(name) for name in EVIDENCE]
    evidence = data.features[rows][:, columns]
    state = states[query_of]
    unread = (state == FIRST_PASS) | ((state == HALF) & (np.random.default_rng(seed).random(len(rows)) < 0.5))
    evidence[unread, CONTEXT] = guess_context(evidence[unread, MEANING])
    evidence[np.ix_(state == WORDS_ALONE, [MEANING, CONTEXT])] = 0
    file_of = (query_of.astype(np.int64) << 32) + data.files[rows]
    evidence[:, NEIGHBOUR] = best_of_others(evidence[:, CONTEXT], file_of)
    against = data.features[rows][:, [data.names.index(name) for name in AGAINST]]
    shape = data.shape[queries]
    for array, names in ((evidence, EVIDENCE), (against, AGAINST), (shape, SHAPE)):
        array[:, [name in data.without for name in names]] = 0
    return Lists(torch.from_numpy(evidence), torch.from_numpy(against), torch.from_numpy(query_of),
                 torch.from_numpy(shape))  # fmt: skip


def train(data: RankingData, model: Ranker, settings: Settings, run: Path, **loop: Any) -> float:
    """Train to the end; return the best mean NDCG@10 on the valid queries.

    Raises:
        TrainingError: see ``fit``.
    """
    answered = {kind: data.chosen(TRAIN, OWN) for kind in SHARES}
    answered = {kind: own[data.kinds[own] == kind] for kind, own in answered.items()}
    answered = {kind: own for kind, own in answered.items() if len(own)}
    chances = [1 - settings.first_pass - settings.half - settings.words_alone,
               settings.first_pass, settings.half, settings.words_alone]  # fmt: skip
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
        lists = lists_of(data, asked, generator.choice(4, len(asked), p=chances), int(generator.integers(1 << 30)))
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
        keep={"ranker": _shape_of_ranker(settings)},
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
    """Return NDCG@10 on the valid queries by kind, with both passes and with the first alone, and a mean of all."""
    queries = data.chosen(VALID, OWN)
    figures: dict[str, float] = {}
    means = []
    for name, state in (("", WHOLE), ("first pass ", FIRST_PASS)):
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


def learn_chances(model: Ranker, data: RankingData, seed: int, steps: int = 4000, batch: int = 126) -> None:
    """Let scale, bias and rivalry say how likely the first hits of a query are right; the order of candidates stays.

    A third of the queries are asked where the answer is, a third elsewhere or with its files left out, and from a
    third, those of single functions among them, the files of the right candidates are taken away; of half of the names
    in it no part stands anywhere else either. The first third counts as much as the two others.
    """
    generator, is_right = np.random.default_rng(seed), data.right()
    own, unanswered = data.chosen(TRAIN, OWN), data.chosen(TRAIN, FOREIGN, EXCLUDED)
    groups = [own, unanswered, own] if len(unanswered) else [own, own]
    kind_of = [data.kinds[group] for group in groups]
    of_group = batch // len(groups)
    weight = torch.full((of_group * len(groups),), 1 / (len(groups) - 1))
    weight[:of_group] = 1
    with torch.no_grad():
        model.chance.bias[1] = BIAS
    optimizer = torch.optim.Adam([*model.second.parameters(), *model.chance.parameters()], lr=0.005)
    for step in range(steps):
        asked = np.concatenate([_by_share(group, kinds, of_group, generator)
                                for group, kinds in zip(groups, kind_of, strict=True)])  # fmt: skip
        lists = lists_of(data, asked, generator.choice(4, len(asked), p=[0.6, 0.2, 0.1, 0.1]), step)
        rows = data.rows_of(asked)
        right = torch.from_numpy(is_right[rows])
        robbed = lists.query_of >= of_group * (len(groups) - 1)
        nowhere = robbed & (lists.shape[:, ONE_WORD] > 0)[lists.query_of]
        nowhere &= torch.from_numpy(generator.random(len(asked)) < 0.5)[lists.query_of]
        lists.evidence[nowhere[:, None] & SPOKEN] = 0
        # A single word need not be a name to be answered; what spells none is a slip, or was typed in part.
        spelt = torch.zeros(len(asked)).scatter_reduce(0, lists.query_of, lists.evidence[:, SYMBOL], "amax") == 1
        topical = ~robbed & (spelt & (lists.shape[:, ONE_WORD] > 0))[lists.query_of]
        topical &= torch.from_numpy(generator.random(len(asked)) < TOPICAL)[lists.query_of]
        lists.evidence[topical[:, None] & NAMED] = 0
        # With the whole file, of which its other candidates have signals.
        kept = ~(robbed & torch.from_numpy(data.file_hit[rows]))
        lists = Lists(lists.evidence[kept], lists.against[kept], lists.query_of[kept], lists.shape)
        total, weighed = model(lists)
        logits = model.logits(total.detach(), weighed, lists)
        # The first hit is what a verdict rests on; the others keep the scores below it honest.
        others = chance_loss(logits, lists, right[kept], weight, CALIBRATED_HITS)
        loss = chance_loss(logits, lists, right[kept], weight, 1) + OTHERS_COUNT * others
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


def calibrate(model: Ranker, data: RankingData, queries: NDArray[np.int64]) -> None:
    """Make scores the share of best hits that are right; their order stays.

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
        chance = 1 / (1 + np.exp(-(x @ fitted)))
        curve = (x * (weight * chance * (1 - chance))[:, None]).T @ x + 1e-6 * np.eye(2)
        fitted += np.linalg.solve(curve, x.T @ (weight * (right - chance)))
    scale, shift = max(float(fitted[0]), 1e-3), float(fitted[1])
    with torch.no_grad():
        model.chance.bias[0] += float(np.log(scale))
        model.chance.bias[2] += float(np.log(scale))
        model.chance.weight[1] *= scale
        model.chance.bias[1] = model.chance.bias[1] * scale + shift


def limited(data: RankingData, limit: int | None) -> RankingData:
    """Return the first queries only."""
    if limit is None or limit >= len(data):
        return data
    end = int(data.starts[limit])
    per_query = {name: getattr(data, name)[:limit]
                 for name in ("path_count", "place_count", "kinds", "groups", "split")}  # fmt: skip
    per_row = {name: getattr(data, name)[:end] for name in ("features", "file_hit", "name_hit", "files", "places")}
    return replace(data, starts=data.starts[: limit + 1], **per_query, **per_row)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the stage is given on the command line."""
    parser.add_argument("signals", type=Path, help="the signals of candidates, from benchmarks.tune_ranking gather")
    parser.add_argument("--run", type=Path, required=True, help="the folder of the run; goes on if it is there")
    parser.add_argument("--threads", type=int, default=1, help="threads of torch (%(default)s)")
    add_flags(parser, Settings)


def run_stage(options: argparse.Namespace) -> None:
    """Run the stage from the command line."""
    settings = settings_of(options, Settings)
    torch.set_num_threads(options.threads)
    torch.manual_seed(settings.seed)
    data = limited(load_ranking_data(options.signals), settings.limit)
    files: Sequence[Path] = [options.signals]
    describe_run(options.run, "ranker", settings, files, queries=len(data), candidates=len(data.features))
    model = new_ranker(settings)
    best = train(data, model, settings, options.run)
    state = load_checkpoint(options.run / BEST)
    load_weights(model, state["model"], options.run / BEST)
    own = data.chosen(TRAIN, OWN)
    learn_chances(model, data, settings.seed)
    calibrate(model, data, own[np.isin(data.kinds[own], OF_WORKSPACES)])
    save_checkpoint(options.run / BEST, **{**state, "model": model.state_dict()})
    print(f"best valid NDCG@10 {best:.4f}", flush=True)
