"""How well code that is like other code is found, and the weights for that.

    python -m benchmarks.similar tune DATA WORKSPACES
    python -m benchmarks.similar measure DATA WORKSPACES --split test

What implements the same for different classes or in different files has the same name, as a rule. One of such functions
asks for the others, with its name taken out wherever it stands. Some functions of one name do different things and some
of other names do the same, so the figures are lower bounds.

``tune`` fits weights on train workspaces, list-wise (the likelihood that the first hit is right), chooses between sets
of signals on valid ones, and prints what belongs into server/hunch/search/weights.py. ``measure`` asks the product.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import save_result
from benchmarks.tune_ranking import FIT_ON, MOST_REFUSED, logistic, refuse_test
from benchmarks.workspaces import fetch, indexed, read_workspaces
from hunch.engine import Engine
from hunch.search.candidates import find_candidates
from hunch.search.metrics import bootstrap
from hunch.search.query import QueryError
from hunch.search.rank import AGAINST, EVIDENCE, LINEAR_WEIGHTS, linear, matrices, signals_of
from hunch.search.search import Answer, answer_of
from hunch.search.similar import WEIGHTS, likeness_of, similar_to
from hunch.text.chunk import Chunk, chunk_source
from hunch.text.languages import language_of
from hunch.text.roles import Role

PIECES = 120
"""Pieces of code of a workspace that ask"""
FOREIGN_PIECES = 40
"""Pieces of code of workspaces in other languages that ask besides"""
SETS: Mapping[str, tuple[str, ...]] = {
    "both passes": ("meaning", "context"),
    "and words": ("meaning", "context", "words"),
}
"""Signals that are weighed; the others stay as they are for questions: names were taken out."""
ROWS = ("words", "first pass, linear", "first pass", "both passes, linear", "both passes")
FIGURES = ("recall@1", "recall@10", "MRR")

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
    """float32 [n, EVIDENCE + AGAINST]"""
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
            if is_one and segment.roles[file] == Role.PRODUCT and (view.alive is None or view.alive[chunk]):
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
    features = np.hstack(matrices(likeness.query, candidates, signals_of(candidates)))
    return Asked(features[others], right[others])


def gather(data: Path, folder: Path) -> tuple[dict[str, list[Asked]], list[Asked]]:
    """Return the candidates of train and valid pieces, and of pieces that were asked for in another language."""
    own: dict[str, list[Asked]] = {"train": [], "valid": []}
    foreign: list[Asked] = []
    seen: list[tuple[str, Piece]] = []
    used = [one for one in read_workspaces(data) if one.id in FIT_ON or one.split == "valid"]
    refuse_test(used)
    fetch(data, folder, used)
    for number, workspace in enumerate(used):
        with indexed(data, folder, workspace, "commit") as engine:
            pieces = pieces_of(engine)
            own[workspace.split] += _looked_up(engine, pieces)
            others = [piece for language, piece in seen if language != workspace.language]
            picked = Random(number).sample(others, min(FOREIGN_PIECES, len(others)))
            foreign += _looked_up(engine, [piece._replace(name="") for piece in picked])
            seen += [(workspace.language, piece) for piece in pieces]
        print(f"gathered: {workspace.id}, {len(pieces)} pieces", flush=True)
    return own, foreign


def fit(asked: Sequence[Asked], signals: Sequence[str]) -> NDArray[np.float64]:
    """Return weights under which right candidates are likely to come first; evidence never counts against one."""
    moved = np.array([EVIDENCE.index(name) for name in signals])
    found = LINEAR_WEIGHTS.astype(np.float64)
    usable = [one for one in asked if one.right.any()]
    rate, mean, square = _RATE, np.zeros(len(moved)), np.zeros(len(moved))
    for step in range(1, _STEPS + 1):
        gradient = np.zeros(len(moved))
        for one in usable:
            scores = one.features @ found
            chances = np.exp(scores - scores.max())
            wanted = chances * one.right
            gradient += (chances / chances.sum() - wanted / wanted.sum()) @ one.features[:, moved]
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


def tune(data: Path, folder: Path) -> None:
    """Print weights, biases and thresholds ready to paste."""
    own, foreign = gather(data, folder)
    for name, known in (("as for questions", LINEAR_WEIGHTS), ("shipped", WEIGHTS)):
        print(f"{name}: {_means(own, known.astype(np.float64))}", flush=True)
    fitted = {name: fit(own["train"], signals) for name, signals in SETS.items()}
    for name, weights in fitted.items():
        print(f"{name}: {_means(own, weights)} {_named(weights, SETS[name])}", flush=True)
    best = max(fitted, key=lambda name: reciprocal_ranks(own["valid"], fitted[name]).mean())
    tops = [_top(one, fitted[best]) for one in own["train"]]
    scale, bias = logistic(np.array([top for top, _ in tops]), np.array([right for _, right in tops], np.float64))
    shipped = np.round(fitted[best], 2)
    scale, bias = round(scale, 2), round(bias, 2)
    final = shipped * scale
    answered = np.array([_chance(one, final, bias) for one in (*own["train"], *own["valid"]) if one.right.any()])
    nowhere = np.array([_chance(one, final, bias) for one in foreign])
    weak = float(np.floor(np.quantile(answered, MOST_REFUSED) * 1000) / 1000)
    relevant = max(np.arange(0.01, 0.95, 0.01), key=lambda t: np.mean(answered >= t) - np.mean(nowhere >= t))
    cosines = [EVIDENCE.index("meaning"), EVIDENCE.index("context")]
    firsts = [one.features[int(np.argmax(one.features @ final))] for one in own["train"]]
    print(f"chosen: {best}")
    print(f"SIMILAR_WEIGHTS = SIGNAL_WEIGHTS | {_named(shipped, SETS[best])}")
    print(f"SIMILAR_SCALE = {scale}\nSIMILAR_BIAS = {bias}")
    print(f"SIMILAR_WORDS_ONLY_BIAS = {np.mean([first[cosines] @ final[cosines] for first in firsts]):.2f}")
    print(f"SIMILAR_RELEVANT_SCORE = {relevant:.2f}\nSIMILAR_WEAK_SCORE = {weak}")
    chances = np.array([_chance(one, final, bias) for one in own["valid"]])
    right = np.array([_top(one, final)[1] for one in own["valid"]])
    print(f"valid: mean chance {chances.mean():.3f}, right {right.mean():.3f}")
    for name, values in (("valid", chances), ("asked elsewhere", nowhere)):
        print(f"{name}: relevant {np.mean(values >= relevant):.3f}, none {np.mean(values < weak):.3f}")


def measure(data: Path, folder: Path, split: str) -> dict[str, Any]:
    """Return the figures of all rows over the workspaces of a split, as the product answers."""
    used = [workspace for workspace in read_workspaces(data) if workspace.split == split]
    fetch(data, folder, used)
    values: dict[tuple[str, str], list[float]] = {}
    for workspace in used:
        with indexed(data, folder, workspace, "commit") as engine:
            for piece in pieces_of(engine):
                for row, ask in _asked_of(engine).items():
                    ranks = [rank for rank, hit in enumerate(ask(piece.chunk).hits, 1)
                             if hit.record.name == piece.name and hit.path != piece.chunk.path]  # fmt: skip
                    first = min(ranks, default=0)
                    for figure, value in zip(FIGURES, (first == 1, first > 0, 1 / first if first else 0), strict=True):
                        values.setdefault((row, figure), []).append(float(value))
        print(f"measured: {workspace.id}, {len(values[ROWS[0], 'MRR'])} pieces so far", flush=True)
    rows = {row: {figure: bootstrap(values[row, figure])._asdict() for figure in FIGURES} for row in ROWS}
    return {"split": split, "pieces": len(values[ROWS[0], "MRR"]), "rows": rows}


def _asked_of(engine: Engine) -> dict[str, Callable[[Chunk], Answer]]:
    """Return who answers for each row."""
    snapshot, encoder = engine.snapshot, engine.encoder
    unread = snapshot.without_contextual()

    def by_linear(chunk: Chunk, *, in_context: bool) -> Answer:
        likeness = likeness_of(chunk, snapshot if in_context else unread, encoder)
        candidates = find_candidates(snapshot if in_context else unread, *likeness)
        return answer_of(engine.root, snapshot, likeness.query, candidates, linear, began=0, limit=10, complete=True,
                         leave_out=chunk)  # fmt: skip

    answers: Sequence[Callable[[Chunk], Answer]] = (
        lambda chunk: similar_to(engine.root, snapshot, None, chunk),
        lambda chunk: by_linear(chunk, in_context=False),
        lambda chunk: similar_to(engine.root, unread, encoder, chunk),
        lambda chunk: by_linear(chunk, in_context=True),
        lambda chunk: similar_to(engine.root, snapshot, encoder, chunk),
    )
    return dict(zip(ROWS, answers, strict=True))


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


def _chance(asked: Asked, weights: NDArray[Any], bias: float) -> float:
    return float(1 / (1 + np.exp(-(_top(asked, weights)[0] + bias))))


def _means(own: Mapping[str, Sequence[Asked]], weights: NDArray[np.float64]) -> dict[str, float]:
    return {split: round(float(reciprocal_ranks(asked, weights).mean()), 4) for split, asked in own.items()}


def _named(weights: NDArray[Any], signals: Sequence[str]) -> dict[str, float]:
    return {name: round(float(weights[[*EVIDENCE, *AGAINST].index(name)]), 2) for name in signals}


def main(arguments: Sequence[str] | None = None) -> None:
    """Tune or measure from the command line."""
    parser = argparse.ArgumentParser(prog="benchmarks.similar", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("what", choices=["tune", "measure"])
    parser.add_argument("data", type=Path, help="the folder with SOURCES.md")
    parser.add_argument("workspaces", type=Path, help="a folder for the workspaces")
    parser.add_argument("--split", default="valid", help="what is measured (%(default)s)")
    parser.add_argument("--name", default="similar", help="of the result file (%(default)s)")
    options = parser.parse_args(arguments)
    if options.what == "tune":
        tune(options.data, options.workspaces)
        return
    save_result(options.name, measure(options.data, options.workspaces, options.split))


if __name__ == "__main__":
    main()
