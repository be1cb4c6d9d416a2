r"""Put bi-encoders into one table: quality per set, functions a second, time of a query, bytes.

    hunch-train compare-joint runs/static runs/mixed --data ../shared/data --tokenizer runs/tokenizer.json \
        --out runs/table

Speed is that of PyTorch in float32 on one thread, tokenising included, in seconds of the processor, so that what else
runs on the machine counts little; bytes are those of the weights.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from hunch.text.tokenizer import Tokenizer
from hunch_training.bi_encoder.model import BiEncoder, check_tokenizer, dense_scorer, encode, load_model
from hunch_training.errors import TrainingError
from hunch_training.evaluation.bm25 import bm25_scores
from hunch_training.evaluation.plots import draw_scatter
from hunch_training.evaluation.retrieval_metrics import Measured, measure_all
from hunch_training.evaluation.retrieval_sets import TextSet, load_sets
from hunch_training.loop.run_folder import BEST
from hunch_training.tokens.sequences import BAGS
from hunch_training.tokens.vocabulary import read_tokenizer

TABLE, FIGURES, PICTURE = "bi_encoders.md", "bi_encoders.json", "bi_encoders.png"
_TIMED_FUNCTIONS = 1000
_TIMED_QUERIES = 200
_WARM = 20


@dataclass(frozen=True, slots=True)
class Cost:
    """What a model costs."""

    functions_per_second: float
    """tokenised and encoded, in a second of the processor"""
    query_ms: float
    """median of one query, tokenised and encoded; milliseconds of the processor"""
    megabytes: float
    """of the weights in float32"""


def cost_of(model: BiEncoder, texts: TextSet, tokenizer: Tokenizer) -> Cost:
    """Measure what a model costs, on the first texts of a set, on as many threads as torch has."""
    reading, code = model.shape.reading, texts.code[:_TIMED_FUNCTIONS]
    if not code:
        raise TrainingError("there is nothing to measure speed with: give a data folder with a set of this split")
    queries = [texts.queries[number % len(texts.queries)] for number in range(_TIMED_QUERIES + _WARM)]
    tokenizer = Tokenizer(tokenizer.pieces)  # which caches identifiers: each model starts without
    encode(model, reading.read_code(code[:_WARM], tokenizer), "code")
    started = time.process_time()
    encode(model, reading.read_code(code, tokenizer), "code")
    pace = len(code) / (time.process_time() - started)
    times = []
    for query in queries:
        started = time.process_time()
        encode(model, reading.read_queries([query], tokenizer), "queries")
        times.append(time.process_time() - started)
    weights = sum(part.numel() for part in model.parameters())
    return Cost(round(pace, 1), round(float(np.median(times[_WARM:])) * 1000, 3), round(weights * 4 / 1e6, 2))


def write_table(quality: Mapping[str, Mapping[str, float]], costs: Mapping[str, Cost], out: Path) -> None:
    """Write the figures as Markdown and JSON, and quality against speed as a picture.

    Args:
        quality: set to model to figure; BM25 is a model without a cost.
        costs: model to cost.
        out: the folder; made when it is not there.
    """
    out.mkdir(parents=True, exist_ok=True)
    names = list(dict.fromkeys(name for row in quality.values() for name in row))
    means = {name: float(np.mean([row[name] for row in quality.values()])) for name in names}
    rows = [("set", *names), ("---",) * (len(names) + 1)]
    rows += [(name, *(f"{row[model]:.3f}" for model in names)) for name, row in quality.items()]
    rows.append(("mean", *(f"{means[name]:.3f}" for name in names)))
    for label, unit in (("functions/s", "functions_per_second"), ("query ms", "query_ms"), ("MB", "megabytes")):
        rows.append((label, *(f"{getattr(costs[name], unit):,g}" if name in costs else "-" for name in names)))
    (out / TABLE).write_text("".join(f"| {' | '.join(row)} |\n" for row in rows), encoding="utf-8")
    figures = {"quality": quality, "mean": means, "cost": {name: asdict(cost) for name, cost in costs.items()}}
    (out / FIGURES).write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    points = {name: (cost.functions_per_second, means[name]) for name, cost in costs.items()}
    draw_scatter(points, out / PICTURE, x="functions a second, one thread", y="mean over the sets")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the stage is given on the command line."""
    parser.add_argument("runs", type=Path, nargs="+", help="the folders of runs of hunch-train joint")
    parser.add_argument("--data", type=Path, required=True, help="the data folder, with packages_pairs/ in it")
    parser.add_argument("--tokenizer", type=Path, required=True, help="tokenizer.json")
    parser.add_argument("--out", type=Path, required=True, help="the folder for the table, its JSON and its picture")
    parser.add_argument("--split", choices=("valid", "test"), default="valid", help="(%(default)s)")


def run_stage(options: argparse.Namespace) -> None:
    """Run the stage from the command line."""
    torch.set_num_threads(1)
    tokenizer = read_tokenizer(options.tokenizer)
    names = _names(options.runs)
    models = {}
    for name, run in names.items():
        check_tokenizer(run, options.tokenizer)
        models[name] = load_model(run / BEST)[0]
    sets = load_sets(options.data, options.split)
    if not sets:
        raise TrainingError(f"{options.data}: no {options.split} set there: give the data folder")
    measured = {"bm25": Measured(BAGS, bm25_scores)}
    measured |= {name: Measured(model.shape.reading, dense_scorer(model)) for name, model in models.items()}
    costs = {name: cost_of(model, sets[0], tokenizer) for name, model in models.items()}
    rows = measure_all(sets, tokenizer, measured)
    write_table({s: {m: figure.mean for m, figure in row.items()} for s, row in rows.items()}, costs, options.out)
    print((options.out / TABLE).read_text(encoding="utf-8"), flush=True)


def _names(runs: Sequence[Path]) -> dict[str, Path]:
    """Return a name for each run: that of its folder, with the folder above where two are alike."""
    short = [run.resolve().name for run in runs]
    return {name if short.count(name) == 1 else f"{run.resolve().parent.name}/{name}": run
            for name, run in zip(short, runs, strict=True)}  # fmt: skip
