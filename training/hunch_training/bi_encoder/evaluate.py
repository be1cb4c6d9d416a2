"""Measure bi-encoders on the sets of the data folder, BM25 beside it, with bootstrap intervals.

    hunch-train evaluate ../shared/data --tokenizer runs/tokenizer.json --run runs/static

Protocols
    pairs      MRR of docstring -> function in pools of 1,000 of one language: shuffled once with a fixed seed,
               consecutive pools, what is left over (or all, when a language has fewer rows) is a pool of its own.
    csn        CodeSearchNet challenge (Husain et al., 2019, arXiv:1909.09436): for each query, all annotated functions
               of the language are ranked, those judged for other queries as well; NDCG over the whole ranking with
               gains of 2^relevance - 1, as the challenge does; a function not judged for the query gains nothing.
    cosqa      MRR of web queries over the 6,267 Python functions (Huang et al., 2021, arXiv:2105.13239), docstrings
               removed, or in the documentation field (``cosqa-documented``).
    others     MRR of conala, so_codenn, mbpp, humaneval in pools of 1,000.
    files      MRR over 999 distractors, CodeSearchNet's own protocol on its test files: pools of 1,000 of one language,
               and the rows that fill no pool are left out, unless there is none that they fill.

Documentation is never in the code unless the set's name says so.
"""

from __future__ import annotations

import argparse
import json
from itertools import chain
from pathlib import Path

import torch

from hunch_training.bi_encoder.model import check_tokenizer, dense_scorer, load_model
from hunch_training.errors import TrainingError
from hunch_training.evaluation.bm25 import bm25_scores
from hunch_training.evaluation.retrieval_metrics import Measured, measure_all
from hunch_training.evaluation.retrieval_sets import load_pair_files, load_sets
from hunch_training.loop.run_folder import BEST
from hunch_training.tokens.sequences import BAGS
from hunch_training.tokens.vocabulary import read_tokenizer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the stage is given on the command line."""
    parser.add_argument("data", type=Path, nargs="?", help="the data folder, with packages_pairs/ in it")
    parser.add_argument("--run", type=Path, action="append", default=[], help="a run of joint; may be repeated")
    parser.add_argument("--tokenizer", type=Path, required=True, help="tokenizer.json")
    parser.add_argument("--split", choices=("valid", "test"), default="valid", help="(%(default)s)")
    parser.add_argument("--pairs", type=Path, nargs="+", default=[], metavar="FILE",
                        help="files of pairs besides, for example CodeSearchNet's own test files")  # fmt: skip
    parser.add_argument("--dims", type=int, nargs="+", default=[], help="smaller sizes to measure as well")
    parser.add_argument("--threads", type=int, default=2, help="threads of torch (%(default)s)")
    parser.add_argument("--out", type=Path, help="write the figures there as JSON")


def run_stage(options: argparse.Namespace) -> None:
    """Run the stage from the command line.

    Raises:
        TrainingError: there is nothing to measure, or a run has another tokeniser.
    """
    if not options.data and not options.pairs:
        raise TrainingError("nothing to measure: give the data folder, or --pairs FILE")
    torch.set_num_threads(options.threads)
    tokenizer = read_tokenizer(options.tokenizer)
    measured = {"bm25": Measured(BAGS, bm25_scores)}
    for run in options.run:
        check_tokenizer(run, options.tokenizer)
        model, _ = load_model(run / BEST)
        measured[run.name] = Measured(model.shape.reading, dense_scorer(model))
        for dim in options.dims:
            measured[f"{run.name} {dim}"] = Measured(model.shape.reading, dense_scorer(model, dim))
    sets = chain(load_sets(options.data, options.split) if options.data else [], load_pair_files(options.pairs))
    rows = measure_all(sets, tokenizer, measured)
    if options.out:
        options.out.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
