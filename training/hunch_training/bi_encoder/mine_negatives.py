"""Mine hard negatives: for each query, code of its language that seems to answer it and does not.

    hunch-train mine-negatives ../shared/data --tokenizer runs/tokenizer.json --by runs/static --out runs/negatives

Ranks code with a trained model or with BM25 and keeps the nearest that is no answer. Much of what is near IS an answer,
so candidates are left out that score above a share of what the right code scores (Moreira et al., 2024,
arXiv:2407.15831), and those whose own documentation has most of its words in common with the query.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from hunch.model.bundle import sha256_of
from hunch.text.bag import Bags
from hunch_training.bi_encoder.model import encode, load_model
from hunch_training.contrastive.negatives import NOTHING, save_negatives
from hunch_training.data.pairs import training_files
from hunch_training.evaluation.bm25 import bm25_scores
from hunch_training.loop.run_folder import BEST
from hunch_training.stage_flags import add_flags, settings_of
from hunch_training.tokens.corpus import Corpus, load_corpora, take
from hunch_training.tokens.sequences import load_corpora_as
from hunch_training.tokens.vocabulary import read_tokenizer

DESCRIPTION = "negatives.json"
Scores = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.float32]]
"""Row numbers of queries and of code to scores, float32 [queries, code]."""

_QUERIES_AT_ONCE = 500
_LOOKED_AT = 6


@dataclass(frozen=True, slots=True)
class Settings:
    """How negatives are chosen."""

    seed: int = 0
    """decides which rows are ranked together"""
    top: int = 4
    """negatives that are kept for a query"""
    among: int = 8_000
    """rows of a language that are ranked together; more finds harder ones and takes longer"""
    score_share: float = 0.95
    """candidates that score above this share of what the right code scores are left out"""
    near: float = 0.5
    """candidates are left out whose documentation has at least this share of tokens in common with the query"""
    limit: int | None = None
    """rows read of each file; as in the run that shall use them"""


def mine(corpus: Corpus, scores: Scores, settings: Settings) -> NDArray[np.int32]:
    """Return the negatives of each row's query, int32 [n, top]: row numbers of the corpus, NOTHING where there is none.

    Args:
        corpus: of one language, queries as bags.
        scores: of some queries and some code.
        settings: which candidates are taken.
    """
    found = np.full((len(corpus), settings.top), NOTHING, np.int32)
    words = [frozenset(row.tolist()) for row in np.split(corpus.queries.ids, corpus.queries.offsets[1:-1])]
    order = np.random.default_rng(settings.seed).permutation(len(corpus))
    for pool in np.array_split(order, max(1, round(len(order) / settings.among))):
        pool = np.sort(pool)
        for start in range(0, len(pool), _QUERIES_AT_ONCE):
            asked = pool[start : start + _QUERIES_AT_ONCE]
            block = scores(asked, pool)
            own = block[np.arange(len(asked)), np.arange(start, start + len(asked))]
            equal = corpus.query_ids[asked][:, None] == corpus.query_ids[pool]
            block[equal | (block > settings.score_share * own[:, None]) | (block <= 0)] = -np.inf
            looked_at = min(len(pool), settings.top * _LOOKED_AT)
            best, places = torch.from_numpy(block).topk(looked_at, dim=1)
            finite = torch.isfinite(best).sum(dim=1).tolist()
            for query, row, count in zip(asked.tolist(), pool[places.numpy()], finite, strict=True):
                taken = _unlike(words, query, row[:count].tolist(), settings)
                found[query, : len(taken)] = taken
    return found


def _unlike(words: Sequence[frozenset[int]], query: int, candidates: Sequence[int], settings: Settings) -> list[int]:
    """Return the first candidates whose query is not near, by the Jaccard index of their tokens."""
    taken: list[int] = []
    for candidate in candidates:
        shared = len(words[query] & words[candidate])
        if shared < settings.near * (len(words[query]) + len(words[candidate]) - shared):
            taken.append(candidate)
            if len(taken) == settings.top:
                break
    return taken


def bm25_of(corpus: Corpus) -> Scores:
    """Return the scores of BM25, statistics from the code that is ranked."""
    return lambda queries, code: bm25_scores(take(corpus.queries, queries), take(corpus.code, code))


def model_of(queries: Bags, code: Bags, run: Path) -> Scores:
    """Return the cosines of the best model of a run, which is given what it reads."""
    model, _ = load_model(run / BEST)
    of_queries, of_code = encode(model, queries, "queries"), encode(model, code, "code")
    return lambda asked, pool: (of_queries[asked] @ of_code[pool].T).numpy()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the stage is given on the command line."""
    parser.add_argument("data", type=Path, help="the data folder, with packages_pairs/ in it")
    parser.add_argument("--tokenizer", type=Path, required=True, help="tokenizer.json")
    parser.add_argument("--by", required=True, metavar="RUN", help="the folder of a run of hunch-train joint, or bm25")
    parser.add_argument("--out", type=Path, required=True, help="the folder for the negatives")
    parser.add_argument("--cache", type=Path, help="tokenised training data is kept here (OUT/cache)")
    parser.add_argument("--gpl", action="store_true", help="packages_pairs_gpl as well, as in the run")
    parser.add_argument("--threads", type=int, default=2, help="threads of torch (%(default)s)")
    add_flags(parser, Settings)


def run_stage(options: argparse.Namespace) -> None:
    """Run the stage from the command line."""
    settings = settings_of(options, Settings)
    torch.set_num_threads(options.threads)
    tokenizer = read_tokenizer(options.tokenizer)
    files, cache = training_files(options.data, gpl=options.gpl), options.cache or options.out / "cache"
    corpora = load_corpora(files, tokenizer, cache, settings.limit)
    read, described = corpora, {"by": "bm25"}
    if options.by != "bm25":
        run = Path(options.by)
        reading = load_model(run / BEST)[0].shape.reading
        read = load_corpora_as(files, tokenizer, cache, reading, settings.limit)
        described = {"by": str(run), "by_sha256": sha256_of(run / BEST)}
    counts: dict[str, Any] = {}
    for corpus, sides in zip(corpora, read, strict=True):
        started = time.perf_counter()
        scores = bm25_of(corpus) if options.by == "bm25" else model_of(sides.queries, sides.code, run)
        negatives = mine(corpus, scores, settings)
        save_negatives(options.out, corpus.language, negatives)
        mean = round(float((negatives >= 0).sum(axis=1).mean()), 2)
        counts[corpus.language] = {"rows": len(corpus), "mean_negatives": mean}
        took = time.perf_counter() - started
        print(f"{corpus.language:18} {len(corpus):8,} rows, {mean:.2f} negatives each, {took:.0f} s", flush=True)
    more = {"settings": asdict(settings), "tokenizer_sha256": sha256_of(options.tokenizer), "languages": counts}
    (options.out / DESCRIPTION).write_text(json.dumps({**described, **more}, indent=2) + "\n", encoding="utf-8")
