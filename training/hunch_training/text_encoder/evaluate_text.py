"""Measure text encoders on held-out texts, BM25 and a public encoder beside them, with bootstrap intervals.

    hunch-train evaluate-text ../shared/data --run runs/text/pairs --public MODEL_FOLDER

Sets, each of texts that are all ranked for each query; MRR of the best-ranked text that is right
    conala   the title of a question -> what it was rewritten to. test: conala's; valid: the questions of its training
             file that are set aside.
    halves   the first half of a documentation -> its second half
    names    a documentation -> the words of the function's name, of two words or more
The last two are spread over all languages of packages_pairs; a name in front of its documentation is taken out.
BM25 ranks by the terms of the product: stemmed words without stop words.
"""

from __future__ import annotations

import argparse
import json
from functools import partial
from pathlib import Path

import torch

from hunch.model.bundle import load_bundle
from hunch.model.encoder import Encoder
from hunch_training.evaluation.public_encoder import SentenceEncoder
from hunch_training.text_encoder.encoder import encode_texts, load_encoder
from hunch_training.text_encoder.retrieval_sets import Scorer, bm25, load_text_sets, scorer_of, table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the stage is given on the command line."""
    parser.add_argument("data", type=Path, help="the data folder, with packages_pairs/ and conala/ in it")
    parser.add_argument("--run", type=Path, nargs="*", default=[], help="folders of runs of text-encoder")
    parser.add_argument("--public", type=Path, help="a public encoder: a folder saved by transformers")
    parser.add_argument("--bundle", type=Path, help="a bundle of the product, whose query side is measured")
    parser.add_argument("--split", choices=("valid", "test"), default="valid", help="(%(default)s)")
    parser.add_argument("--out", type=Path, help="write the figures there as JSON")
    parser.add_argument("--threads", type=int, default=2, help="threads of torch (%(default)s)")


def run_stage(options: argparse.Namespace) -> None:
    """Run the stage from the command line."""
    torch.set_num_threads(options.threads)
    scorers: dict[str, Scorer] = {"BM25": bm25}
    if options.public:
        public = SentenceEncoder(options.public)
        scorers[public.name] = scorer_of(public.encode)
    if options.bundle:
        scorers[options.bundle.name] = scorer_of(Encoder(load_bundle(options.bundle)).encode_queries)
    for run in options.run:
        encoder, tokenizer, settings = load_encoder(run)
        for dim in (settings.dim, *settings.sizes):
            scorers[run.name if dim == settings.dim else f"{run.name}, first {dim}"] = scorer_of(
                partial(encode_texts, encoder, tokenizer=tokenizer, longest=settings.longest, dim=dim)
            )
    sets = load_text_sets(options.data, options.split)
    print("  ".join(f"{s.name}: {len(s.queries):,} queries, {len(s.texts):,} texts" for s in sets), flush=True)
    rows = table(sets, scorers)
    if options.out:
        options.out.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
