"""Choose the numbers of ranking that are not learnt, and gather what the ranker learns from.

    python -m benchmarks.tune_ranking gather DATA WORKSPACES --signals FILE.npz
    python -m benchmarks.tune_ranking weights DATA WORKSPACES [--fit ID,ID,...] [--signals FILE.npz]
    python -m benchmarks.tune_ranking verdicts DATA WORKSPACES [--signals FILE.npz] [--picture FILE.png]
    python -m benchmarks.tune_ranking fields DATA WORKSPACES --on werkzeug,jekyll,undici

``gather``: the signals of all candidates are looked up once and kept; FILE-training.npz beside them is what
`hunch-train ranker` reads. Test workspaces are refused.

``verdicts``: the thresholds of the verdict under the ranker that ships, and how its scores agree with the share of
right hits.

``weights``: the linear ranking. Weights start from a list-wise softmax fitted on train
workspaces (the likelihood that the top hit is in a right file, and is a right definition), then each is moved up and
down as long as the mean NDCG@10 rises; valid workspaces say what that gained. The scale and the bias are then set so
that the score of a hit is the share of such hits that are in a right file. The verdict's thresholds come from the best
scores of queries that have an answer and of those that have none. Bare names are asked for as well, so
that the weights of names do not come from sentences alone, and so are the valid sets of functions and web queries: one
half of their queries goes with the train workspaces, the other with the valid ones.

``fields``: a random search over the weights and length normalisations of BM25F, for which all terms are made anew.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import save_result
from benchmarks.signals import (
    ASKED,
    EXCLUDED,
    FEATURES,
    FOREIGN,
    OWN,
    SET_HALVES,
    Gathered,
    gather,
    load,
    save,
    save_for_training,
)
from benchmarks.workspaces import (
    KINDS,
    Workspace,
    WorkspaceQuery,
    blank_lines,
    fetch,
    read_documentation,
    read_queries,
    read_workspaces,
)
from hunch.index.lexical import InvertedIndex, add_scores, invert
from hunch.model.ranker import rank
from hunch.search import weights
from hunch.search.metrics import ndcg_at
from hunch.search.query import QueryError, parse_query
from hunch.search.rank import EVIDENCE, best_of_others, guess_context
from hunch.text import terms
from hunch.text.chunk import Chunk, chunk_source
from hunch.text.render import FIELD_NAMES, Fields, render_chunk
from hunch.text.terms import FieldWeight, postings_of
from hunch.workspace.scan import Skip, read_source, scan
from hunch_training.evaluation.plots import draw_reliability
from hunch_training.ranking_data import NAMES, ndcg_once
from hunch_training.train_ranker import LEARNED_ALONE

Weights = NDArray[np.float64]

FIT_ON = (
    "mypy", "ansible-core", "luigi", "knex", "stylelint", "ajv", "zstd", "transmission", "fish", "rubocop", "hugo",
)  # fmt: skip
"""Train workspaces whose functions the model was not trained on, one or two a language."""

MOST_REFUSED = 0.03
"""Of the sentences that have an answer, how many may be told that there is none."""

FIGURES = ("file", "name")

_EVIDENCE = np.array([name not in {"file card", "block"} and not name.startswith("role ") for name in FEATURES])
"""Signals that speak for a candidate and never count against it, whatever the data say."""
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
_COLLAPSED_HITS = 40


def refuse_test(workspaces: Sequence[Workspace]) -> None:
    """Stop when numbers would be chosen on workspaces that are there to judge them.

    Raises:
        ValueError: one of them is a test workspace.
    """
    wrong = [workspace.id for workspace in workspaces if workspace.split == "test"]
    if wrong:
        raise ValueError(f"test workspaces are not for tuning: {', '.join(wrong)}")


def without(gathered: Gathered, feature: str) -> Gathered:
    """Return the same with one signal taken away."""
    features = gathered.features.copy()
    features[:, FEATURES.index(feature)] = 0
    return replace(gathered, features=features)


def current_weights() -> Weights:
    """Return the weights of the product, in the order of FEATURES."""
    return np.array([*weights.SIGNAL_WEIGHTS.values(), *weights.ROLE_WEIGHTS.values()], np.float64)


def chosen(gathered: Gathered, workspaces: Sequence[int], group: int = OWN) -> NDArray[np.int64]:
    """Return the queries of some workspaces."""
    return np.flatnonzero(np.isin(gathered.workspaces, workspaces) & (gathered.groups == group))


def mean_ndcg(gathered: Gathered, queries: NDArray[np.int64], scores: NDArray[Any]) -> dict[str, float]:
    """Return NDCG@10 by kind of query and figure; a file or a definition stands where its best candidate is."""
    values: dict[str, list[float]] = {f"{kind} {figure}": [] for kind in ASKED for figure in FIGURES}
    for query in queries:
        rows = gathered.rows(query)
        order = np.argsort(-scores[rows], kind="stable")
        kind = ASKED[gathered.kinds[query]]
        values[f"{kind} file"].append(
            ndcg_once(gathered.files[rows][order], gathered.file_hit[rows][order], int(gathered.path_count[query]))
        )
        if gathered.place_count[query]:
            values[f"{kind} name"].append(
                ndcg_once(
                    gathered.places[rows][order], gathered.name_hit[rows][order], int(gathered.place_count[query])
                )
            )
    return {name: float(np.mean(found)) for name, found in values.items() if found}


def fit(gathered: Gathered, queries: NDArray[np.int64], start: Weights) -> Weights:
    """Return weights that make right candidates likely under a softmax over each query's candidates.

    The log-likelihood of "the first is one of the right" for right files and right definitions, each kind of
    query counting as much as the other, by Adam (Kingma and Ba, 2015).
    """
    row_of, x, query_weight = _flattened(gathered, queries)
    firsts = np.flatnonzero(np.concatenate(([True], row_of[1:] != row_of[:-1])))
    labels = [np.concatenate([hit[gathered.rows(query)] for query in queries])
              for hit in (gathered.file_hit, gathered.name_hit)]  # fmt: skip
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
        current = np.where(_EVIDENCE, np.maximum(current, 0), current)
    return np.asarray(current, np.float64)


def climb(gathered: Gathered, queries: NDArray[np.int64], start: Weights, rounds: int = 2) -> Weights:
    """Move one weight after the other while the mean of the NDCG figures rises."""
    x = gathered.features.astype(np.float64)
    best, scores = start.copy(), x @ start
    reached = _objective(gathered, queries, scores)
    size = float(np.abs(start).max())
    for step in [0.1 * size / 2**i for i in range(rounds)]:
        for feature in range(len(best)):
            for sign in (1, -1):
                while best[feature] + sign * step >= 0 or not _EVIDENCE[feature]:
                    tried = scores + sign * step * x[:, feature]
                    value = _objective(gathered, queries, tried)
                    if value <= reached + 1e-5:
                        break
                    best[feature] += sign * step
                    scores, reached = tried, value
    return np.asarray(best, np.float64)


def calibrate(gathered: Gathered, queries: NDArray[np.int64], scores: NDArray[Any]) -> tuple[float, float]:
    """Return scale and bias under which the score of a first hit is the chance that its file is right."""
    values, right = [], []
    for query in queries:
        rows = gathered.rows(query)
        order = np.argsort(-scores[rows], kind="stable")
        _, first = np.unique(gathered.files[rows][order], return_index=True)
        best = order[np.sort(first)[:_CALIBRATED_HITS]]
        values += scores[rows][best].tolist()
        right += gathered.file_hit[rows][best].tolist()
    return logistic(np.array(values), np.array(right, np.float64))


def words_only_bias(gathered: Gathered, queries: NDArray[np.int64], total: NDArray[Any], chosen: Weights) -> float:
    """Return what both cosines together add to a right first hit on average."""
    columns = [FEATURES.index("meaning"), FEATURES.index("context")]
    found = []
    for query in queries:
        rows = gathered.rows(query)
        if rows.stop > rows.start:
            best = rows.start + int(np.argmax(total[rows]))
            if gathered.file_hit[best]:
                found.append(float(gathered.features[best, columns] @ chosen[columns]))
    return round(float(np.mean(found)), 2)


def context_of_meaning(gathered: Gathered) -> tuple[float, float]:
    """Return the line, at zero and its rise, that tells the cosine in context best from that of the first pass."""
    meaning, context = (gathered.features[:, FEATURES.index(name)] for name in ("meaning", "context"))
    there = meaning > 0
    rise, at_zero = np.polyfit(meaning[there], context[there], 1)
    return round(float(at_zero), 3), round(float(rise), 3)


def best_scores(gathered: Gathered, queries: NDArray[np.int64], total: NDArray[Any]) -> NDArray[np.float64]:
    """Return the highest score of each query; 0 without candidates."""
    scores = 1 / (1 + np.exp(-total))
    return np.array([scores[gathered.rows(query)].max(initial=0.0) for query in queries])


def decayed_ndcg(gathered: Gathered, queries: NDArray[np.int64], scores: NDArray[Any], decay: float) -> float:
    """Return the mean NDCG@10 by definition of the hits as the product collapses them."""
    values = []
    for query in queries:
        if not gathered.place_count[query]:
            continue
        rows = gathered.rows(query)
        kept = _collapsed(gathered, rows, scores[rows], decay)
        values.append(
            ndcg_once(gathered.places[rows][kept], gathered.name_hit[rows][kept], int(gathered.place_count[query]))
        )
    return float(np.mean(values))


def gathered_signals(
    data: Path, folder: Path, fit_on: Sequence[str], kept: Path | None
) -> tuple[list[Workspace], Gathered]:
    """Return train and valid workspaces and the signals of their queries, from a file if they are there.

    Raises:
        ValueError: one of the workspaces is a test workspace.
    """
    rows = read_workspaces(data)
    used = [one for one in rows if one.id in fit_on] + [one for one in rows if one.split == "valid"]
    refuse_test(used)
    if kept is not None and kept.is_file():
        return used, load(kept)
    fetch(data, folder, used)
    gathered = gather(data, folder, used)
    if kept is not None:
        save(gathered, kept)
    return used, gathered


def tune_verdicts(data: Path, folder: Path, fit_on: Sequence[str], kept: Path | None) -> dict[str, Any]:
    """Choose the verdict's thresholds under the ranker that ships, and say how well it ranks and how honest it is."""
    used, gathered = gathered_signals(data, folder, fit_on, kept)
    numbers = {split: [i for i, one in enumerate(used) if (one.split == "valid") == (split == "valid")]
               for split in ("train", "valid")}  # fmt: skip
    total = learned_logits(gathered)
    valid = chosen(gathered, [*numbers["valid"], SET_HALVES[1]])
    verdict = _verdicts(gathered, numbers, total)
    own = chosen(gathered, numbers["valid"])
    sentences = own[np.isin(gathered.kinds[own], [ASKED.index(kind) for kind in KINDS])]
    linear = gathered.features.astype(np.float64) @ current_weights()
    ndcg = {
        "linear": mean_ndcg(gathered, valid, linear),
        "learned, first pass alone": mean_ndcg(gathered, valid, learned_logits(first_pass_alone(gathered))),
        "learned": mean_ndcg(gathered, valid, total),
    }
    result = {
        "ndcg": ndcg,
        "verdict": verdict,
        "calibration": (table := _reliability(gathered, own, total)),
        "expected_calibration_error": calibration_error(table),
        "expected_calibration_error_of_sentences": calibration_error(_reliability(gathered, sentences, total)),
    }
    for name, shares in verdict["valid_shares"].items():
        print(name, {called: round(share, 3) for called, share in shares.items()})
    print({name: {k: round(v, 3) for k, v in one.items()} for name, one in ndcg.items()})
    print(f"expected calibration error {result['expected_calibration_error']:.3f}, of sentences alone "
          f"{result['expected_calibration_error_of_sentences']:.3f}")  # fmt: skip
    print(f"RELEVANT_SCORE = {verdict['relevant']}\nWEAK_SCORE = {verdict['weak']}")
    return result


def first_pass_alone(gathered: Gathered) -> Gathered:
    """Return the same as search has it before the second pass."""
    features = gathered.features.copy()
    context = guess_context(features[:, FEATURES.index("meaning")])
    features[:, FEATURES.index("context")] = context
    query_of = np.repeat(np.arange(len(gathered)), np.diff(gathered.starts))
    features[:, FEATURES.index("neighbour")] = best_of_others(context, (query_of << 32) + gathered.files)
    return replace(gathered, features=features)


def learned_logits(gathered: Gathered) -> NDArray[np.float64]:
    """Return the scores of all candidates before the logistic function, as the product's ranker gives them."""
    total = np.zeros(len(gathered.features))
    signals = len(EVIDENCE)
    for query in range(len(gathered)):
        rows = gathered.rows(query)
        if rows.stop > rows.start:
            evidence, against = gathered.features[rows, :signals], gathered.features[rows, signals:]
            scores = rank(np.ascontiguousarray(evidence), np.ascontiguousarray(against), gathered.shape[query]).scores
            scores = np.clip(scores, 1e-6, 1 - 1e-6)
            total[rows] = np.log(scores) - np.log1p(-scores)
    return total


def calibration_error(table: Sequence[Mapping[str, float]]) -> float:
    """Return the mean difference of score and share of right hits over the bins of a reliability diagram."""
    hits = np.array([row["hits"] for row in table], np.float64)
    return float(np.average([abs(row["score"] - row["right"]) for row in table], weights=hits))


def tune_weights(data: Path, folder: Path, fit_on: Sequence[str], kept: Path | None) -> dict[str, Any]:
    """Choose the weights and print them ready to paste."""
    used, gathered = gathered_signals(data, folder, fit_on, kept)
    for feature in LEARNED_ALONE:
        gathered = without(gathered, feature)
    numbers = {split: [i for i, one in enumerate(used) if (one.split == "valid") == (split == "valid")]
               for split in ("train", "valid")}  # fmt: skip
    train, valid = (
        chosen(gathered, [*numbers[split], half]) for split, half in zip(("train", "valid"), SET_HALVES, strict=True)
    )
    x = gathered.features.astype(np.float64)
    before = current_weights()
    fitted = fit(gathered, train, before)
    climbed = climb(gathered, train, fitted)
    ndcg = {
        name: {"train": mean_ndcg(gathered, train, x @ w), "valid": mean_ndcg(gathered, valid, x @ w)}
        for name, w in (("before", before), ("fitted", fitted), ("climbed", climbed))
    }
    # What the second pass is worth: the same search for weights without its signal.
    blind = without(gathered, "context")
    first = climb(blind, train, fit(blind, train, before))
    blind_x = blind.features.astype(np.float64)
    ndcg["first pass alone"] = {
        split: mean_ndcg(blind, part, blind_x @ first) for split, part in (("train", train), ("valid", valid))
    }
    # What is pasted is what valid was asked about. Weights from both splits lean on the cosine in context still more,
    # and commit messages pay for it.
    shipped = climbed
    of_workspaces = chosen(gathered, range(len(used)))
    scale, bias = calibrate(gathered, of_workspaces, x @ shipped)
    final = np.round(scale * shipped, 2)
    bias = round(bias, 2)
    total = x @ final + bias
    decay = max((round(0.4 + 0.1 * i, 1) for i in range(7)),
                key=lambda one: decayed_ndcg(gathered, of_workspaces, 1 / (1 + np.exp(-total)), one))  # fmt: skip
    ndcg["shipped"] = {"train": mean_ndcg(gathered, train, total), "valid": mean_ndcg(gathered, valid, total)}
    verdict = _verdicts(gathered, numbers, total)
    words_only = words_only_bias(gathered, of_workspaces, total, final)
    for name, shares in verdict["valid_shares"].items():
        print(name, {called: round(share, 3) for called, share in shares.items()})
    for name, figures in ndcg.items():
        print(name, {split: {k: round(v, 4) for k, v in one.items()} for split, one in figures.items()})
    line = context_of_meaning(gathered)
    print(_ready_to_paste(final, (bias, words_only), decay))
    print(f"CONTEXT_OF_MEANING = {line}")
    return {
        "fitted_on": [used[i].id for i in numbers["train"]],
        "checked_on": [used[i].id for i in numbers["valid"]],
        "queries": {"train": len(train), "valid": len(valid)},
        "ndcg": ndcg,
        "weights": dict(zip(FEATURES, final.tolist(), strict=True)),
        "bias": bias,
        "words_only_bias": words_only,
        "context_of_meaning": line,
        "same_file_decay": decay,
        "decays": {
            str(d): decayed_ndcg(gathered, of_workspaces, 1 / (1 + np.exp(-total)), d) for d in (0.4, 0.6, 0.8, 1.0)
        },
        "verdict": verdict,
        "calibration": _reliability(gathered, chosen(gathered, numbers["valid"]), total),
    }


def _verdicts(gathered: Gathered, numbers: Mapping[str, Sequence[int]], total: NDArray[Any]) -> dict[str, Any]:
    """Choose the thresholds on both splits and count verdicts on valid."""
    both = [*numbers["train"], *numbers["valid"]]
    sentences = [ASKED.index(kind) for kind in KINDS]
    own = chosen(gathered, both)
    own = own[np.isin(gathered.kinds[own], sentences)]
    answerable = best_scores(gathered, own, total)
    foreign = best_scores(gathered, chosen(gathered, both, FOREIGN), total)
    of_split = [np.isin(gathered.workspaces[own], numbers[split]) for split in ("train", "valid")]
    refused = [np.quantile(answerable[there], MOST_REFUSED) for there in of_split]
    weak = float(np.floor(min(refused) * 1000) / 1000)
    # Relevant where a query with an answer is likelier than one without: the greatest difference of the two shares.
    grid = np.arange(0.05, 0.95, 0.01)
    relevant = round(float(max(grid, key=lambda t: (answerable >= t).mean() - (foreign >= t).mean())), 2)
    shares: dict[str, dict[str, float]] = {}
    names = [ASKED.index(kind) for kind in NAMES]
    for name, group, kinds in (
        ("sentences with an answer", OWN, sentences),
        ("names with an answer", OWN, names),
        ("asked elsewhere", FOREIGN, sentences),
        ("answer left out", EXCLUDED, sentences),
    ):
        queries = chosen(gathered, numbers["valid"], group)
        scores = best_scores(gathered, queries[np.isin(gathered.kinds[queries], kinds)], total)
        shares[name] = {
            "none": float((scores < weak).mean()),
            "weak": float(((scores >= weak) & (scores < relevant)).mean()),
            "relevant": float((scores >= relevant).mean()),
        }
    return {"relevant": relevant, "weak": weak, "valid_shares": shares}


def _reliability(gathered: Gathered, queries: NDArray[np.int64], total: NDArray[Any]) -> list[dict[str, float]]:
    """Return, by score of the first hit, how often its file is right, for a name how often it is the definition."""
    scores = 1 / (1 + np.exp(-total))
    first, right = [], []
    for query in queries:
        rows = gathered.rows(query)
        if rows.stop > rows.start:
            best = rows.start + int(np.argmax(scores[rows]))
            first.append(float(scores[best]))
            hits = gathered.name_hit if ASKED[gathered.kinds[query]] in NAMES else gathered.file_hit
            right.append(bool(hits[best]))
    values, labels = np.array(first), np.array(right)
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


def _ready_to_paste(final: Weights, biases: tuple[float, float], decay: float) -> str:
    named = dict(zip(FEATURES, final.tolist(), strict=True))
    lines = ["SIGNAL_WEIGHTS = {"]
    lines += [f'    "{name}": {named[name]},' for name in weights.SIGNAL_WEIGHTS]
    lines += ["}", "ROLE_WEIGHTS = {"]
    lines += [f"    Role.{role.name}: {named[f'role {role.name}']}," for role in weights.ROLE_WEIGHTS]
    lines += ["}", f"BIAS = {biases[0]}", f"WORDS_ONLY_BIAS = {biases[1]}", f"SAME_FILE_DECAY = {decay}"]
    return "\n".join(lines)


def _flattened(
    gathered: Gathered, queries: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    lengths = np.diff(gathered.starts)[queries]
    row_of = np.repeat(np.arange(len(queries)), lengths)
    row_of = np.unique(row_of, return_inverse=True)[1]
    x = np.concatenate([gathered.features[gathered.rows(query)] for query in queries]).astype(np.float64)
    kinds = gathered.kinds[queries]
    share = np.array([_KIND_SHARES[name] / max(1, int((kinds == kind).sum())) for kind, name in enumerate(ASKED)])
    return row_of, x, np.repeat(share[kinds], lengths)


def _softmax(scores: NDArray[Any], row_of: NDArray[np.int64], firsts: NDArray[np.int64]) -> NDArray[np.float64]:
    lifted = np.exp(scores - np.maximum.reduceat(scores, firsts)[row_of])
    return np.asarray(lifted / np.add.reduceat(lifted, firsts)[row_of], np.float64)


def _objective(gathered: Gathered, queries: NDArray[np.int64], scores: NDArray[Any]) -> float:
    figures = mean_ndcg(gathered, queries, scores)
    shares = [_KIND_SHARES[name.split()[0]] for name in figures]
    return float(np.average(list(figures.values()), weights=shares))


def _collapsed(gathered: Gathered, rows: slice, scores: NDArray[Any], decay: float) -> NDArray[np.int64]:
    """Return the rows that hunch.search.collapse would show, best first."""
    found: list[tuple[float, int]] = []
    of_file: dict[int, list[int]] = {}
    files, levels = gathered.files[rows], gathered.levels[rows]
    first, last = gathered.first_lines[rows], gathered.last_lines[rows]

    def is_same_place(later: int, earlier: int) -> bool:
        if levels[later] == 0:
            return True
        return bool(
            levels[later] == levels[earlier] and first[later] <= last[earlier] and first[earlier] <= last[later]
        )

    for row in np.argsort(-scores, kind="stable").tolist():
        earlier = of_file.setdefault(int(files[row]), [])
        if len(earlier) >= weights.HITS_PER_FILE or any(is_same_place(row, other) for other in earlier):
            continue
        found.append((float(scores[row]) * decay ** len(earlier), row))
        earlier.append(row)
        if len(found) >= _COLLAPSED_HITS:
            break
    found.sort(key=lambda hit: -hit[0])
    return np.array([row for _, row in found], np.int64)


def logistic(values: NDArray[Any], right: NDArray[np.float64]) -> tuple[float, float]:
    """Fit scale and bias by Newton's method (Platt, 1999)."""
    x = np.stack([values, np.ones_like(values)], axis=1)
    both = np.zeros(2)
    for _ in range(30):
        chance = 1 / (1 + np.exp(-(x @ both)))
        curve = x.T @ (x * (chance * (1 - chance))[:, None]) + 1e-6 * np.eye(2)
        both -= np.linalg.solve(curve, x.T @ (chance - right))
    return float(both[0]), float(both[1])


def tune_fields(data: Path, folder: Path, on: Sequence[str], check: Sequence[str], tries: int) -> dict[str, Any]:
    """Try BM25F settings at random around the current ones; report the best by lexical search alone."""
    used = [one for one in read_workspaces(data) if one.id in {*on, *check}]
    refuse_test(used)
    fetch(data, folder, used)
    corpora = [_rendered(data, folder, workspace) for workspace in used if workspace.id in on]
    others = [_rendered(data, folder, workspace) for workspace in used if workspace.id not in on]
    generator = np.random.default_rng(0)
    now = (terms.K1, dict(terms.FIELD_WEIGHTS))
    reached, best = _lexical_ndcg(corpora), now
    others_before = _lexical_ndcg(others)
    print(f"now     {reached}, on the others {others_before}", flush=True)
    first = reached
    for number in range(tries):
        k1, by_name = best
        k1 = round(float(np.clip(k1 * np.exp(generator.normal(0, 0.3)), 0.2, 8)), 2)
        by_name = {
            name: FieldWeight(
                round(float(one.weight * np.exp(generator.normal(0, 0.35))), 2),
                round(float(np.clip(one.b + generator.normal(0, 0.15), 0, 0.95)), 2),
                one.mean_length,
            )
            if name != "documentation"  # the answers have none here, so nothing is learnt about it
            else one
            for name, one in by_name.items()
        }
        _set_fields(k1, by_name)
        value = _lexical_ndcg(corpora)
        if np.mean(list(value.values())) > np.mean(list(reached.values())):
            reached, best = value, (k1, by_name)
            print(f"try {number:3} {value} K1 = {k1} {by_name}", flush=True)
    _set_fields(*best)
    others_after = _lexical_ndcg(others)
    print(f"best on the others: {others_after}")
    _set_fields(*now)
    return {"on": list(on),
        "checked_on": list(check),
        "checked_before": others_before,
        "checked_after": others_after, "tries": tries, "before": first, "after": reached, "k1": best[0],
            "fields": {name: one._asdict() for name, one in best[1].items()}}  # fmt: skip


Corpus = tuple[list[Fields], list[tuple[str, ...]], list[tuple[str, str]], list[WorkspaceQuery]]


def _rendered(data: Path, folder: Path, workspace: Workspace) -> Corpus:
    """Return a workspace's rendered chunks with symbols and places, and all its queries, documentation blanked."""
    ranges: dict[str, list[tuple[int, int]]] = {}
    for one in read_documentation(data, workspace.id):
        ranges.setdefault(one.path, []).append((one.start, one.end))
    root = folder / workspace.id
    chunks: list[Chunk] = []
    for file in scan(root).files:
        source = read_source(root, file.path)
        if not isinstance(source, Skip):
            text = blank_lines(source.decode("utf-8", "surrogateescape"), ranges.get(file.path, []))
            chunks += chunk_source(file.path, file.language, text.encode("utf-8", "surrogateescape"))
    symbols = [tuple({chunk.name, chunk.qualified_name.replace("::", ".")} - {""}) for chunk in chunks]
    places = [(chunk.path, chunk.name or f"line {chunk.start_line}") for chunk in chunks]
    queries = [query for kind in KINDS for query in read_queries(data, workspace.id, kind)]
    return [render_chunk(chunk) for chunk in chunks], symbols, places, queries


def _set_fields(k1: float, by_name: Mapping[str, FieldWeight]) -> None:
    """Change the settings of this process; a person pastes the best into hunch/text/terms.py."""
    terms.K1 = k1
    terms.FIELD_WEIGHTS.update(by_name)
    assert tuple(terms.FIELD_WEIGHTS) == FIELD_NAMES


def _lexical_ndcg(corpora: Sequence[Corpus]) -> dict[str, float]:
    values: dict[str, list[float]] = {figure: [] for figure in FIGURES}
    for texts, symbols, places, queries in corpora:
        index = invert([postings_of(texts[i : i + 2000], symbols[i : i + 2000]) for i in range(0, len(texts), 2000)])
        for query in queries:
            order = _by_words(index, query.text, len(texts))
            paths = list(dict.fromkeys(places[row][0] for row in order))
            values["file"].append(ndcg_at(10, paths, dict.fromkeys(query.paths, 1.0)))
            names = list(dict.fromkeys(places[row] for row in order))
            values["name"].append(ndcg_at(10, names, dict.fromkeys(query.places, 1.0)))
    return {figure: round(float(np.mean(found)), 4) for figure, found in values.items()}


def _by_words(index: InvertedIndex, text: str, count: int) -> list[int]:
    try:
        query = parse_query(text.replace(":", " "))
    except QueryError:
        return []
    scores = np.zeros(count, np.float32)
    for where in index.postings([term for term, _ in query.terms]):
        holders = where.stop - where.start
        add_scores(index, where, float(np.log(1 + (count - holders + 0.5) / (holders + 0.5))), scores)
    best = np.argpartition(-scores, min(100, count - 1))[:100]
    ordered: list[int] = best[np.argsort(-scores[best], kind="stable")].tolist()
    return ordered


def main(arguments: Sequence[str] | None = None) -> None:
    """Tune from the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks.tune_ranking", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("what", choices=("gather", "weights", "verdicts", "fields"))
    parser.add_argument("data", type=Path, help="the data folder, with SOURCES.md in it")
    parser.add_argument("workspaces", type=Path, help="where the workspaces are, or are unpacked to")
    parser.add_argument("--fit", default=",".join(FIT_ON), help="train workspaces to choose weights on (%(default)s)")
    parser.add_argument("--signals", type=Path, help="a file to keep the signals in, or to take them from")
    parser.add_argument("--picture", type=Path, help="draw how often best hits are right (verdicts)")
    parser.add_argument("--on", default="werkzeug,jekyll,undici", help="workspaces for fields (%(default)s)")
    parser.add_argument("--check", default="rxjs,restic,knex", help="and to check them on (%(default)s)")
    parser.add_argument("--tries", type=int, default=40, help="settings to try for fields (%(default)s)")
    options = parser.parse_args(arguments)
    fit_on = options.fit.split(",")
    if options.what == "gather":
        if options.signals is None:
            parser.error("gather needs --signals, where to keep them")
        used, gathered = gathered_signals(options.data, options.workspaces, fit_on, options.signals)
        valid = [number for number, one in enumerate(used) if one.split == "valid"]
        save_for_training(gathered, valid, options.signals.with_stem(f"{options.signals.stem}-training"))
    elif options.what == "verdicts":
        result = tune_verdicts(options.data, options.workspaces, fit_on, options.signals)
        save_result("verdicts", result)
        if options.picture:
            draw_reliability(result["calibration"], options.picture)
    elif options.what == "weights":
        result = tune_weights(options.data, options.workspaces, fit_on, options.signals)
        save_result("tune_ranking", result)
    else:
        save_result(
            "tune_fields",
            tune_fields(
                options.data, options.workspaces, options.on.split(","), options.check.split(","), options.tries
            ),
        )


if __name__ == "__main__":
    main()
