"""Weights for code that is like other code: what of its features counts where a piece of code is the question.

    hunch-train similar-weights DATA WORKSPACES --linear linear.json --out similar.json

What implements the same for different classes or in different files has the same name, as a rule. One of such functions
asks for the others, with its name taken out wherever it stands. Weights are fitted list-wise on train workspaces (the
likelihood that the first hit is right), sets of features are chosen on valid ones, and so are scale, biases and the
thresholds of answerability. `benchmarks/similar.py` measures the product with them.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hunch.engine import Engine
from hunch.model.bundle import load_bundle
from hunch.model.ranker import ContextLine, LinearRanking, fingerprint_of
from hunch.search.candidates import find_candidates
from hunch.search.features import NAMES, features_of, matrices
from hunch.search.query import QueryError
from hunch.search.similar import likeness_of
from hunch.settings import model_folder
from hunch.text.chunk import Chunk, chunk_source
from hunch.text.languages import language_of
from hunch.text.path_class import PathClass
from hunch_training.ranking.calibrate import MOST_REFUSED, relevant_threshold
from hunch_training.ranking.facts import write_facts
from hunch_training.ranking.gather import FIT_ON, chosen_workspaces
from hunch_training.ranking.linear import SHIPPED_LINEAR, load_linear, logistic
from hunch_training.ranking.workspaces import indexed

PIECES = 120
"""Pieces of code of a workspace that ask"""
FOREIGN_PIECES = 40
"""Pieces of code of workspaces in other languages that ask besides"""
SETS: Mapping[str, tuple[str, ...]] = {
    "both embeddings": ("meaning", "context"),
    "and words": ("meaning", "context", "words"),
}
"""Features that are weighed; the others stay as they are for questions: names were taken out."""

_UNREAD = ContextLine(0.0, 1.0)
"""Without a contextual encoder the contextual cosine is the static one"""
_LEAST_LINES = 5
_SHORTEST_NAME = 5
_MOST_FILES = 8
_STEPS = 500
_RATE = 0.05


class Piece(NamedTuple):
    """A function without its name, and the name."""

    chunk: Chunk
    name: str


class Asked(NamedTuple):
    """The candidates of a piece of code."""

    features: NDArray[np.float32]
    """float32 [n, NAMES]"""
    right: NDArray[np.bool_]
    """bool [n]"""


def pieces_of(engine: Engine, seed: int = 0) -> list[Piece]:
    """Return functions and methods whose name stands in two to eight files, one of each name."""
    by_name: dict[str, set[tuple[str, int]]] = {}
    for view in engine.snapshot.views:
        segment = view.segment
        for chunk in range(len(segment)):
            record, file = segment.record(chunk), segment.chunk_files[chunk]
            is_one = record.kind in ("function", "method") and record.end_line - record.start_line + 1 >= _LEAST_LINES
            is_one = is_one and len(record.name) >= _SHORTEST_NAME and not record.name.startswith("__")
            if (
                is_one
                and segment.path_classes[file] == PathClass.PRODUCT
                and (view.live_docs is None or view.live_docs[chunk])
            ):
                by_name.setdefault(record.name, set()).add((segment.paths[file], record.start_line))
    random = Random(seed)
    shared = [name for name, places in by_name.items() if 2 <= len({path for path, _ in places}) <= _MOST_FILES]
    found: list[Piece] = []
    for name in random.sample(sorted(shared), min(PIECES, len(shared))):
        path, line = random.choice(sorted(by_name[name]))
        chunks = chunk_source(path, language_of(path) or "text", (engine.root / path).read_bytes())
        found += [Piece(masked(chunk), name) for chunk in chunks if (chunk.name, chunk.start_line) == (name, line)][:1]
    return found


def masked(chunk: Chunk) -> Chunk:
    """Return a chunk that does not say its name: "it" stands where the name stood, in longer names too."""
    name = re.compile(rf"(?<![^\W_]){re.escape(chunk.name)}(?![^\W_])")
    return replace(chunk, name="", qualified_name="", signature=name.sub("it", chunk.signature),
                   documentation=name.sub("it", chunk.documentation), body=name.sub("it", chunk.body))  # fmt: skip


def look_up(engine: Engine, piece: Piece) -> Asked:
    """Return a piece's candidates but for itself.

    Raises:
        QueryError: the piece has no words.
    """
    chunk, snapshot = piece.chunk, engine.snapshot
    likeness = likeness_of(chunk, snapshot, engine.encoder)
    candidates = find_candidates(snapshot, *likeness)
    records = [snapshot.record(number) for number in candidates.chunks.tolist()]
    elsewhere = np.array([snapshot.path(number) != chunk.path for number in candidates.chunks.tolist()], np.bool_)
    others = elsewhere | np.array([one.end_line < chunk.start_line or one.start_line > chunk.end_line
                                   for one in records], np.bool_)  # fmt: skip
    right = elsewhere & np.array([one.name == piece.name for one in records], np.bool_)
    features = np.hstack(matrices(likeness.query, candidates, features_of(candidates, _UNREAD)))
    return Asked(features[others], right[others])


def gather(data: Path, folder: Path, fit_on: Sequence[str]) -> tuple[dict[str, list[Asked]], list[Asked]]:
    """Return the candidates of train and valid pieces, and of pieces that were asked for in another language."""
    own: dict[str, list[Asked]] = {"train": [], "valid": []}
    foreign: list[Asked] = []
    seen: list[tuple[str, Piece]] = []
    for number, workspace in enumerate(chosen_workspaces(data, folder, fit_on)):
        with indexed(data, folder, workspace, "commit") as engine:
            pieces = pieces_of(engine)
            own[workspace.split] += _looked_up(engine, pieces)
            others = [piece for language, piece in seen if language != workspace.language]
            picked = Random(number).sample(others, min(FOREIGN_PIECES, len(others)))
            foreign += _looked_up(engine, [piece._replace(name="") for piece in picked])
            seen += [(workspace.language, piece) for piece in pieces]
        print(f"gathered: {workspace.id}, {len(pieces)} pieces", flush=True)
    return own, foreign


def fit(asked: Sequence[Asked], features: Sequence[str], start: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return weights under which right candidates are likely to come first, float64 [NAMES].

    Args:
        asked: the candidates.
        features: those whose weights are moved; they stay positive.
        start: the weights of the others, and the first of these, float32 [NAMES].
    """
    moved = np.array([NAMES.index(name) for name in features])
    found = start.astype(np.float64)
    usable = [one for one in asked if one.right.any()]
    rate, mean, square = _RATE, np.zeros(len(moved)), np.zeros(len(moved))
    for step in range(1, _STEPS + 1):
        gradient = np.zeros(len(moved))
        for one in usable:
            scores = one.features @ found
            likely = np.exp(scores - scores.max())
            wanted = likely * one.right
            gradient += (likely / likely.sum() - wanted / wanted.sum()) @ one.features[:, moved]
        gradient /= len(usable)
        mean, square = 0.9 * mean + 0.1 * gradient, 0.99 * square + 0.01 * gradient**2
        found[moved] -= rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
        found[moved] = np.maximum(found[moved], 0)
    return found


def reciprocal_ranks(asked: Sequence[Asked], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 / rank of the first right candidate among the first ten, 0 without one, float64 [asked]."""
    values = []
    for one in asked:
        order = np.argsort(-(one.features @ weights), kind="stable")[:10]
        ranks = np.flatnonzero(one.right[order])
        values.append(1 / (ranks[0] + 1) if len(ranks) else 0.0)
    return np.array(values)


def fit_similar(
    own: Mapping[str, Sequence[Asked]], foreign: Sequence[Asked], baseline: LinearRanking
) -> dict[str, Any]:
    """Return weights, scale, biases and thresholds as the bundle holds them, with figures of each set of features.

    Args:
        own: train and valid pieces.
        foreign: pieces that were asked for where nothing is like them.
        baseline: weights of the features that are not fitted.
    """
    fitted = {name: fit(own["train"], features, baseline.weights) for name, features in SETS.items()}
    means = {name: _means(own, weights) for name, weights in fitted.items()}
    best = max(fitted, key=lambda name: means[name]["valid"])
    tops = [_top(one, fitted[best]) for one in own["train"]]
    scale, bias = logistic(np.array([top for top, _ in tops]), np.array([right for _, right in tops], np.float64))
    weights = np.round(fitted[best], 2)
    scale, bias = round(scale, 2), round(bias, 2)
    final = weights * scale
    answered = np.array([_probability(one, final, bias) for one in (*own["train"], *own["valid"]) if one.right.any()])
    nowhere = np.array([_probability(one, final, bias) for one in foreign])
    weak = float(np.floor(np.quantile(answered, MOST_REFUSED) * 1000) / 1000)
    cosines = [NAMES.index("meaning"), NAMES.index("context")]
    firsts = [one.features[int(np.argmax(one.features @ final))] for one in own["train"]]
    return {
        "weights": dict(zip(NAMES, [round(one, 2) for one in weights.tolist()], strict=True)),
        "scale": scale,
        "bias": bias,
        "words_only_bias": round(float(np.mean([first[cosines] @ final[cosines] for first in firsts])), 2),
        "answerability": {"relevant": max(relevant_threshold(answered, nowhere), weak), "weak": weak},
        "metrics": {"as for questions": _means(own, baseline.weights.astype(np.float64)), **means},
    }


def _looked_up(engine: Engine, pieces: Sequence[Piece]) -> Iterator[Asked]:
    for piece in pieces:
        try:
            found = look_up(engine, piece)
        except QueryError:
            continue
        if len(found.right):
            yield found


def _top(asked: Asked, weights: NDArray[Any]) -> tuple[float, bool]:
    scores = asked.features @ weights
    best = int(np.argmax(scores))
    return float(scores[best]), bool(asked.right[best])


def _probability(asked: Asked, weights: NDArray[Any], bias: float) -> float:
    return float(1 / (1 + np.exp(-(_top(asked, weights)[0] + bias))))


def _means(own: Mapping[str, Sequence[Asked]], weights: NDArray[np.float64]) -> dict[str, float]:
    return {split: round(float(reciprocal_ranks(asked, weights).mean()), 4) for split, asked in own.items()}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the stage is given on the command line."""
    parser.add_argument("data", type=Path, help="the data folder, with SOURCES.md in it")
    parser.add_argument("workspaces", type=Path, help="where the workspaces are, or are unpacked to")
    parser.add_argument("--linear", type=Path, default=SHIPPED_LINEAR,
                        help="what hunch-train linear-weights wrote (the baseline that ships)")  # fmt: skip
    parser.add_argument("--fit", default=",".join(FIT_ON), help="train workspaces (%(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="the file to write")


def run_stage(options: argparse.Namespace) -> None:
    """Run the stage from the command line."""
    own, foreign = gather(options.data, options.workspaces, options.fit.split(","))
    manifest = load_bundle(model_folder()).manifest
    model = {"name": f"{manifest.name} {manifest.version}", "fingerprint": fingerprint_of(manifest)}
    found = fit_similar(own, foreign, load_linear(options.linear))
    write_facts(options.out, {"model": model, **found})
    print(found["metrics"], flush=True)
