"""Train a bi-encoder with the contrastive loss, one language a batch: static encoders, Transformers, or one of each.

    hunch-train joint ../shared/data --tokenizer runs/tokenizer.json --run runs/static
    hunch-train joint ../shared/data --tokenizer runs/tokenizer.json --run runs/mixed --query-tower transformer

The defaults of the settings are the recipe of the static encoder that ships; a Transformer wants ``--clip 1``. The
valid sets of the data folder are measured after each epoch and choose the best.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from hunch.model.bundle import sha256_of
from hunch.text.bag import Bags
from hunch.text.tokenizer import Tokenizer
from hunch_training.bi_encoder.model import BiEncoder, Shape, dense_scorer, kept_shape
from hunch_training.bi_encoder.settings import Settings
from hunch_training.contrastive.batches import Pairs, draw_pairs, plan_epoch, repeats_of
from hunch_training.contrastive.loss import contrastive_loss
from hunch_training.contrastive.negatives import load_negatives
from hunch_training.data.pairs import training_files
from hunch_training.errors import TrainingError
from hunch_training.evaluation.retrieval_metrics import mean_reciprocal_rank
from hunch_training.evaluation.retrieval_sets import RetrievalSet, load_sets, tokenise
from hunch_training.loop.devices import gather_uneven
from hunch_training.loop.fit import default_groups, fit
from hunch_training.loop.run_folder import BEST, describe_run
from hunch_training.networks.transformer_encoder import load_encoder_weights
from hunch_training.stage_flags import add_flags, settings_of
from hunch_training.tokens.corpus import Corpus
from hunch_training.tokens.sequences import load_corpora_as
from hunch_training.tokens.tensors import TowerInput
from hunch_training.tokens.vocabulary import VOCABULARY, read_tokenizer


class Batch(NamedTuple):
    """What one step sees."""

    queries: TowerInput
    code: TowerInput
    """the code of the queries, row by row, and the mined negatives behind"""
    query_ids: Tensor
    """int64 [rows of code], equal for rows that are no negatives of each other"""


# Model


def make_model(corpora: Sequence[Corpus], vocabulary: int, settings: Settings) -> BiEncoder:
    """Return a model with its first weights; token weights of a static encoder come from the data.

    Raises:
        TrainingError: there is no such tower.
    """
    model = BiEncoder(
        settings.shape(vocabulary), seed=settings.seed, temperature=settings.temperature, dropout=settings.dropout,
        recompute=settings.recompute,
    )  # fmt: skip
    if model.static_encoder:
        shares = (_document_shares([getattr(c, side) for c in corpora], vocabulary) for side in ("queries", "code"))
        model.static_encoder.start_from_frequencies(*shares)
    return model


def _document_shares(parts: Sequence[Bags], vocabulary: int) -> Tensor:
    seen = np.zeros(vocabulary, np.float64)
    for bags in parts:
        # An entry is one field of one text: close enough to a document count for a starting point.
        seen += np.bincount(bags.ids, minlength=vocabulary)
    return torch.from_numpy((seen + 1) / (sum(map(len, parts)) + 1)).float()


def start_from(model: BiEncoder, run: Path, tokenizer: Tokenizer) -> None:
    """Give the Transformers of a model the weights of a run of ``hunch-train text-encoder``.

    Positions that the run did not have keep their first weights; every field of code starts as the prose it knew.

    Raises:
        TrainingError: there is no Transformer to start, or the run has another tokeniser or shape.
    """
    if not len(model.transformers):
        raise TrainingError("--start-from: there is no Transformer to start: give --query-tower transformer")
    given = load_encoder_weights(run)
    if read_tokenizer(run / VOCABULARY).pieces != tokenizer.pieces:
        raise TrainingError(f"{run}: trained with another tokeniser: give the tokenizer.json of that run")
    for part in model.transformers.values():
        own = part.state_dict()
        for name, value in own.items():
            if name not in given or given[name].shape[1:] != value.shape[1:]:
                raise TrainingError(f"{run / BEST}: another shape of Transformer ({name}): "
                                    "give --transformer-dim, --layers and --heads of that run")  # fmt: skip
            if name == "field_table.weight":
                value[:] = given[name][0]
            else:
                shared = min(len(value), len(given[name]))
                value[:shared] = given[name][:shared]
        if len(own) != len(given):
            raise TrainingError(f"{run / BEST}: has more layers than this tower: give --layers of that run")


def groups_of(model: BiEncoder, settings: Settings) -> list[dict[str, Any]]:
    """Return the optimiser's groups: parts of a static encoder, logit scale, Transformers, each at its rate."""
    weights: list[nn.Parameter] = [model.logit_scale]
    groups: list[dict[str, Any]] = []
    if model.static_encoder:
        groups.append({"params": [model.static_encoder.table], "weight_decay": 0.0})
        weights = [model.static_encoder.token_weights, model.static_encoder.field_weights, model.logit_scale]
    groups.append({"params": weights, "weight_decay": 0.0, "multiple": settings.weight_rate})
    for part in (model.transformers, model.maps):
        found = [group for group in default_groups(part, settings.weight_decay) if group["params"]]
        groups += [{**group, "multiple": settings.transformer_rate} for group in found]
    return groups


# Loss


def batch_of(pairs: Pairs, shape: Shape, settings: Settings) -> Batch:
    """Return a batch as tensors."""
    tokens = settings.chunk_tokens
    queries, code = shape.query_input(pairs.queries, tokens), shape.code_input(pairs.code, tokens)
    return Batch(queries, code, torch.from_numpy(pairs.query_ids))


def loss_of(model: BiEncoder, batch: Batch, share: float, settings: Settings) -> Tensor:
    """Return the loss of a batch, of those of all processes together: each has the others' code as negatives."""
    queries, code = model.encode_queries(batch.queries), model.encode_code(batch.code)
    rows = len(queries)
    queries, right, wrong = gather_uneven(queries), gather_uneven(code[:rows]), gather_uneven(code[rows:])
    right_ids, wrong_ids = gather_uneven(batch.query_ids[:rows]), gather_uneven(batch.query_ids[rows:])
    same = right_ids[:, None] == torch.cat([right_ids, wrong_ids])
    same.fill_diagonal_(False)
    return contrastive_loss(
        queries, torch.cat([right, wrong]), model.logit_scale, same, settings.sizes, settings.matryoshka_weight
    )


# Loop


def train(
    corpora: Sequence[Corpus], vocabulary: int, valid: Sequence[RetrievalSet], settings: Settings, run: Path, *,
    mined: Sequence[NDArray[np.int32]] | None = None, model: BiEncoder | None = None, **loop: Any,
) -> float:  # fmt: skip
    """Train to the end, or go on from the run's last checkpoint; return the best mean MRR on the valid sets.

    Args:
        corpora: the training pairs as the towers read them, one corpus a language.
        vocabulary: how many pieces the tokeniser has.
        valid: sets that choose the best epoch, as the towers read them.
        settings: what decides the result.
        run: the folder of the run.
        mined: the negatives of each corpus.
        model: with its first weights; None for ``make_model``.
        loop: see ``fit``.

    Raises:
        TrainingError: see ``fit``.
    """
    if settings.negatives and mined is None:
        raise TrainingError("--negatives without --mined: run hunch-train mine-negatives and give its folder")
    model = model or make_model(corpora, vocabulary, settings)
    shape = model.shape
    repeats, sizes = [repeats_of(corpus, settings) for corpus in corpora], [len(corpus) for corpus in corpora]
    together = int(os.environ.get("WORLD_SIZE", "1"))

    def draw(plan: tuple[int, NDArray[np.int64]], generator: np.random.Generator) -> Batch:
        number, rows = plan
        pairs = draw_pairs(corpora[number], rows, settings, generator, mined[number] if mined else None,
                           ordered=settings.code_tower == "transformer")  # fmt: skip
        return batch_of(pairs, shape, settings)

    return fit(
        model,
        [plan_epoch(sizes, settings, repeats, epoch, together) for epoch in range(settings.epochs)],
        draw,
        partial(loss_of, settings=settings),
        lambda kept: evaluate(kept, valid, settings),
        settings, run,
        choose_by="valid_mrr",
        groups=lambda trained: groups_of(trained, settings),
        size_of=lambda batch: len(batch.query_ids),
        keep=kept_shape(shape),
        advice=f"try --batch {settings.batch // 2}, --recompute or --chunk-tokens {settings.chunk_tokens // 2}",
        **loop,
    )  # fmt: skip


# Evaluation


def evaluate(model: BiEncoder, valid: Sequence[RetrievalSet], settings: Settings) -> dict[str, float]:
    """Return the MRR of each valid set and their mean, which is 0 without sets; the mean of smaller sizes as well."""
    scorer = dense_scorer(model)
    figures: dict[str, float] = {some.name: mean_reciprocal_rank(some, scorer).mean for some in valid}
    figures = {"valid_mrr": _mean(figures), **figures}
    for size in settings.sizes:
        short = dense_scorer(model, size)
        figures[f"valid_mrr_{size}"] = _mean({some.name: mean_reciprocal_rank(some, short).mean for some in valid})
    return figures


def _mean(figures: Mapping[str, float]) -> float:
    return float(np.mean(list(figures.values()))) if figures else 0.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the stage is given on the command line."""
    parser.add_argument("data", type=Path, help="the data folder, with packages_pairs/ in it")
    parser.add_argument("--tokenizer", type=Path, required=True, help="tokenizer.json")
    parser.add_argument("--run", type=Path, required=True, help="the folder of the run; goes on if it is there")
    parser.add_argument("--cache", type=Path, help="tokenised training data is kept here (RUN/cache)")
    parser.add_argument("--mined", type=Path, help="the folder that hunch-train mine-negatives made")
    parser.add_argument("--start-from", type=Path, metavar="RUN", help="a run of text-encoder, for the Transformers")
    parser.add_argument("--gpl", action="store_true", help="learn from packages_pairs_gpl as well")
    parser.add_argument("--threads", type=int, default=2, help="threads of torch (%(default)s)")
    parser.add_argument("--workers", type=int, default=0, help="processes that prepare batches (%(default)s)")
    add_flags(parser, Settings)


def run_stage(options: argparse.Namespace) -> None:
    """Run the stage from the command line."""
    settings = settings_of(options, Settings)
    torch.set_num_threads(options.threads)
    started = time.perf_counter()
    tokenizer = read_tokenizer(options.tokenizer)
    vocabulary, tokenizer_sha256 = len(tokenizer.pieces), sha256_of(options.tokenizer)
    reading = settings.shape(vocabulary).reading
    files = training_files(options.data, questions=settings.questions > 0, gpl=options.gpl)
    corpora = load_corpora_as(files, tokenizer, options.cache or options.run / "cache", reading, settings.limit)
    mined = load_negatives(options.mined, corpora) if options.mined else None
    model = make_model(corpora, vocabulary, settings)
    more: dict[str, Any] = {}
    if options.start_from:
        start_from(model, options.start_from, tokenizer)
        more["start_from_sha256"] = sha256_of(options.start_from / BEST)
    if options.mined:
        more["mined_sha256"] = [sha256_of(options.mined / f"{corpus.language}.npy") for corpus in corpora]
    pairs = sum(map(len, corpora))
    describe_run(options.run, "joint", settings, files, tokenizer_sha256=tokenizer_sha256, vocabulary=vocabulary,
                 pairs=pairs, **more)  # fmt: skip
    valid = [tokenise(texts, tokenizer, reading) for texts in load_sets(options.data, "valid")]
    print(f"{pairs:,} pairs in {len(corpora)} groups, {sum(p.numel() for p in model.parameters()) / 1e6:.1f} million "
          f"weights, ready after {time.perf_counter() - started:.0f} s", flush=True)  # fmt: skip
    best = train(corpora, vocabulary, valid, settings, options.run, mined=mined, model=model, workers=options.workers)
    print(f"best valid MRR {best:.4f}", flush=True)
