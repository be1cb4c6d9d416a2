"""Train two towers into one space with an in-batch softmax, one language a batch: bags, Transformers, or one of each.

    hunch-train joint ../shared/data --tokenizer runs/tokenizer.json --run runs/bag
    hunch-train joint ../shared/data --tokenizer runs/tokenizer.json --run runs/mixed --query-tower transformer

The settings that are not given are the recipe of the bag that ships; a Transformer wants ``--clip 1``. The valid sets
of the data folder are measured after each epoch and choose the best.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, distributed, nn

from hunch.model.bundle import sha256_of
from hunch.text.bag import Bags
from hunch.text.render import FIELD_NAMES
from hunch.text.tokenizer import Tokenizer, load_tokenizer
from hunch_training.bag_model import DOCUMENTATION
from hunch_training.corpus import Corpus, keep, merge_rows, row_of_entry, take
from hunch_training.data import training_files
from hunch_training.devices import gather_rows
from hunch_training.errors import TrainingError
from hunch_training.evaluate import RetrievalSet, load_sets, mean_reciprocal_rank, tokenise
from hunch_training.hard_negatives import NOTHING, load_negatives
from hunch_training.joint_model import JointModel, Shape, contrastive_loss, dense_scorer, kept_shape
from hunch_training.loop import default_groups, fit
from hunch_training.loop_settings import LoopSettings
from hunch_training.run_folder import BEST, describe_run
from hunch_training.sequences import in_field_order, load_corpora_as
from hunch_training.stage_flags import add_flags, settings_of
from hunch_training.towers import TowerInput
from hunch_training.train_text_encoder import load_encoder

NAME, PATH, SIGNATURE, BODY = (FIELD_NAMES.index(field) for field in ("name", "path", "signature", "body"))
THIN = 10_000
_SMALLEST_BATCH = 16


@dataclass(frozen=True, slots=True)
class Settings(LoopSettings):
    """What decides the result of a run, besides its data."""

    epochs: int = 2
    patience: int = 0
    learning_rate: float = 1.2e-2
    warmup: int = 100
    clip: float = 0.0
    averaging: float = 0.995
    query_tower: str = "bag"
    """bag or transformer"""
    code_tower: str = "bag"
    """bag or transformer"""
    batch: int = 2048
    """pairs; the code of each is a negative of the others"""
    dim: int = 256
    """of the space"""
    transformer_dim: int = 256
    """of a Transformer's embeddings and layers"""
    layers: int = 2
    """of a Transformer"""
    heads: int = 4
    """of a Transformer's attention"""
    dropout: float = 0.1
    """of a Transformer's embeddings and layers"""
    apart: bool = False
    """two Transformers instead of one that reads both sides"""
    query_tokens: int = 32
    """that a Transformer reads of a query"""
    body_tokens: int = 64
    """that a Transformer reads of a function's body"""
    chunk_tokens: int = 8192
    """that a Transformer reads at once, padding included"""
    recompute: bool = False
    """compute a Transformer's inside again on the way back, so that a large batch fits into memory"""
    weight_rate: float = 3.0
    """learning rate of token weights, field weights and temperature, as a multiple"""
    transformer_rate: float = 0.08
    """learning rate of a Transformer, as a multiple"""
    temperature: float = 0.05
    """where the learnt temperature starts"""
    matryoshka: str = ""
    """smaller sizes that shall do on their own, for example 64,128"""
    matryoshka_weight: float = 0.5
    """what the loss of such a size counts beside the whole"""
    query_token_dropout: float = 0.1
    """share of the query's tokens that fall out"""
    code_token_dropout: float = 0.2
    """share of the code's tokens that fall out"""
    name_dropout: float = 0.2
    """share of the rows whose name falls out as a whole"""
    path_dropout: float = 0.3
    """share of the rows whose path falls out"""
    signature_dropout: float = 0.0
    """share of the rows whose signature falls out"""
    body_dropout: float = 0.0
    """share of the rows whose body falls out, where a signature is left"""
    name_masking: float = 0.0
    """share of the rows whose code loses the words of its name, in name, signature and body"""
    documentation_share: float = 0.1
    """share of the rows that see a part of their own query as documentation"""
    name_queries: float = 0.0
    """share of the rows that are asked for with the function's name instead of its documentation"""
    questions: int = 2
    """how often an epoch sees the questions and answers"""
    thin: int = 1
    """how often an epoch sees a language of fewer than 10,000 pairs"""
    neighbours: int = 8
    """rows that stand next to each other in a package and go into a batch together"""
    share: float = 1.0
    """share of the batches of an epoch that are seen, for short runs"""
    negatives: int = 0
    """mined negatives a row, of those that --mined holds"""

    @property
    def sizes(self) -> tuple[int, ...]:
        """The smaller sizes of ``matryoshka``.

        Raises:
            TrainingError: they are no sizes.
        """
        parts = [part.strip() for part in self.matryoshka.split(",") if part.strip()]
        if not all(part.isdecimal() and 0 < int(part) < self.dim for part in parts):
            raise TrainingError(f"--matryoshka {self.matryoshka}: give numbers below {self.dim}, for example 64,128")
        return tuple(int(part) for part in parts)

    def shape(self, vocabulary: int) -> Shape:
        """Return what model these settings ask for."""
        return Shape(
            vocabulary, self.query_tower, self.code_tower, self.dim, self.transformer_dim, self.layers, self.heads,
            self.apart, self.query_tokens, self.body_tokens,
        )  # fmt: skip


class Batch(NamedTuple):
    """What one step sees."""

    queries: TowerInput
    code: TowerInput
    """the code of the queries, row by row, and the mined negatives behind"""
    query_ids: Tensor
    """int64 [rows of code], equal for rows that are no negatives of each other"""


class Pairs(NamedTuple):
    """A batch before it becomes tensors: queries, and code with the negatives behind."""

    queries: Bags
    code: Bags
    query_ids: NDArray[np.int64]


# Data


def repeats_of(corpus: Corpus, settings: Settings) -> int:
    """Return how often an epoch sees a corpus."""
    if corpus.language.startswith("question"):
        return settings.questions
    return settings.thin if len(corpus) < THIN else 1


def plan_epoch(
    sizes: Sequence[int], settings: Settings, repeats: Sequence[int], epoch: int, together: int = 1
) -> list[tuple[int, NDArray[np.int64]]]:
    """Return the batches of an epoch as (corpus number, rows), shuffled; each of one language.

    Args:
        sizes: of the corpora.
        settings: of the run.
        repeats: how often each corpus is seen.
        epoch: its number, from 0.
        together: batches that several processes take at once: they are of one language as far as there are enough.
    """
    generator = np.random.default_rng((settings.seed, epoch))
    units: list[list[tuple[int, NDArray[np.int64]]]] = []
    for number, (size, times) in enumerate(zip(sizes, repeats, strict=True)):
        for _ in range(times):
            rows = _shuffle_blocks(size, settings.neighbours, generator)
            pieces = max(1, round(size / settings.batch))
            batches = [(number, piece) for piece in np.array_split(rows, pieces) if len(piece) >= _SMALLEST_BATCH]
            units += [batches[start : start + together] for start in range(0, len(batches), together)]
    shuffled = [units[i] for i in generator.permutation(len(units))]
    # Whole units first, so that the first process always takes the first batch of one.
    shuffled.sort(key=lambda unit: len(unit) < together)
    batches = [batch for unit in shuffled for batch in unit]
    return batches[: max(1, round(settings.share * len(batches)))]


def draw_pairs(
    corpus: Corpus, rows: NDArray[np.int64], settings: Settings, generator: np.random.Generator,
    mined: NDArray[np.int32] | None = None,
) -> Pairs:  # fmt: skip
    """Return a batch with its dropout applied.

    Tokens fall out one by one, fields as a whole, so that nothing can be leaned on. Some rows see half of their
    query's tokens as documentation and are asked for with another half: the pairs have no documentation of their own,
    the functions of a workspace have. Mined negatives are thinned out in the same way.
    """
    queries, code = _thin_out(corpus, rows, settings, generator)
    query_ids = corpus.query_ids[rows]
    if mined is not None and settings.negatives:
        chosen = generator.permuted(mined[rows], axis=1)[:, : settings.negatives].ravel()
        wrong = np.unique(chosen[chosen != NOTHING]).astype(np.int64)
        wrong = wrong[~np.isin(wrong, rows)]
        if len(wrong):
            code = _append(code, _thin_out(corpus, wrong, settings, generator)[1])
            query_ids = np.concatenate([query_ids, corpus.query_ids[wrong]])
    return Pairs(queries, code, query_ids)


def _thin_out(
    corpus: Corpus, rows: NDArray[np.int64], settings: Settings, generator: np.random.Generator
) -> tuple[Bags, Bags]:
    queries, code = take(corpus.queries, rows), take(corpus.code, rows)
    if settings.name_queries:
        queries, code = _ask_with_names(queries, code, generator.random(len(rows)) < settings.name_queries)
    documented = generator.random(len(rows)) < settings.documentation_share
    documented_entry = documented[row_of_entry(queries)]
    documentation = keep(queries, documented_entry & (generator.random(len(queries.ids)) < 0.5))
    documentation.fields[:] = DOCUMENTATION
    query_dropout = np.where(documented_entry, 0.5, settings.query_token_dropout)
    queries = keep(queries, generator.random(len(queries.ids)) >= query_dropout)
    kept = generator.random(len(code.ids)) >= settings.code_token_dropout
    row = row_of_entry(code)
    for field, share in ((NAME, settings.name_dropout), (PATH, settings.path_dropout)):
        kept &= ~((code.fields == field) & (generator.random(len(rows)) < share)[row])
    if settings.name_masking:
        kept &= ~(_stands_in_name(code) & (generator.random(len(rows)) < settings.name_masking)[row])
    if settings.signature_dropout or settings.body_dropout:
        without = generator.random(len(rows)) < settings.signature_dropout
        signed = np.bincount(row, code.fields == SIGNATURE, minlength=len(rows)) > 0
        bodiless = (generator.random(len(rows)) < settings.body_dropout) & signed & ~without
        kept &= ~(((code.fields == SIGNATURE) & without[row]) | ((code.fields == BODY) & bodiless[row]))
    code = merge_rows(keep(code, kept), documentation)
    return queries, in_field_order(code) if settings.code_tower == "transformer" else code


def _ask_with_names(queries: Bags, code: Bags, chosen: NDArray[np.bool_]) -> tuple[Bags, Bags]:
    """Turn the names of the chosen rows into their queries; the code loses its name and its signature, which has it."""
    in_name, in_signature = code.fields == NAME, code.fields == SIGNATURE
    named = chosen & (np.bincount(row_of_entry(code), in_name, minlength=len(code)) >= 2)
    chosen_entry = named[row_of_entry(code)]
    names = keep(code, in_name & chosen_entry)
    names.fields[:] = 0
    asked = merge_rows(keep(queries, ~named[row_of_entry(queries)]), names)
    return asked, keep(code, ~((in_name | in_signature) & chosen_entry))


def _stands_in_name(code: Bags) -> NDArray[np.bool_]:
    """Return which entries are words of the name of their row, bool [total]; paths and documentation are left alone."""
    key = (row_of_entry(code) << 32) | code.ids
    in_name = np.isin(key, key[code.fields == NAME])
    masked: NDArray[np.bool_] = in_name & np.isin(code.fields, [NAME, SIGNATURE, BODY])
    return masked


def _append(first: Bags, second: Bags) -> Bags:
    return Bags(
        offsets=np.concatenate([first.offsets, second.offsets[1:] + first.offsets[-1]]),
        ids=np.concatenate([first.ids, second.ids]),
        fields=np.concatenate([first.fields, second.fields]),
        counts=np.concatenate([first.counts, second.counts]),
    )


def _shuffle_blocks(size: int, block: int, generator: np.random.Generator) -> NDArray[np.int64]:
    starts = np.arange(0, size, block)
    order = generator.permutation(len(starts))
    return np.concatenate([np.arange(start, min(start + block, size)) for start in starts[order]]).astype(np.int64)


# Model


def make_model(corpora: Sequence[Corpus], vocabulary: int, settings: Settings) -> JointModel:
    """Return a model with its first weights; those of a bag's tokens come from the data.

    Raises:
        TrainingError: there is no such tower.
    """
    model = JointModel(
        settings.shape(vocabulary), seed=settings.seed, temperature=settings.temperature, dropout=settings.dropout,
        recompute=settings.recompute,
    )  # fmt: skip
    if model.bag:
        shares = (_document_shares([getattr(c, side) for c in corpora], vocabulary) for side in ("queries", "code"))
        model.bag.start_from_frequencies(*shares)
    return model


def _document_shares(parts: Sequence[Bags], vocabulary: int) -> Tensor:
    seen = np.zeros(vocabulary, np.float64)
    for bags in parts:
        # An entry is one field of one text: close enough to a document count for a starting point.
        seen += np.bincount(bags.ids, minlength=vocabulary)
    return torch.from_numpy((seen + 1) / (sum(map(len, parts)) + 1)).float()


def start_from(model: JointModel, run: Path, tokenizer: Tokenizer) -> None:
    """Give the Transformers of a model the weights of a run of ``hunch-train text-encoder``.

    Positions that the run did not have keep their first weights; every field of code starts as the prose it knew.

    Raises:
        TrainingError: there is no Transformer to start, or the run has another tokeniser or shape.
    """
    if not len(model.transformers):
        raise TrainingError("--start-from: there is no Transformer to start: give --query-tower transformer")
    encoder, its_tokenizer, _ = load_encoder(run)
    if its_tokenizer.pieces != tokenizer.pieces:
        raise TrainingError(f"{run}: trained with another tokeniser: give the tokenizer.json of that run")
    given = encoder.state_dict()
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


def groups_of(model: JointModel, settings: Settings) -> list[dict[str, Any]]:
    """Return the optimiser's groups: a bag's table, weights and temperature, and the Transformers, each at its rate."""
    weights: list[nn.Parameter] = [model.sharpness]
    groups: list[dict[str, Any]] = []
    if model.bag:
        groups.append({"params": [model.bag.table], "weight_decay": 0.0})
        weights = [model.bag.token_weights, model.bag.field_weights, model.sharpness]
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


def loss_of(model: JointModel, batch: Batch, share: float, settings: Settings) -> Tensor:
    """Return the loss of a batch, of those of all processes together: each has the others' code as negatives."""
    queries, code = model.encode_queries(batch.queries), model.encode_code(batch.code)
    rows = len(queries)
    queries, right, wrong = gather_uneven(queries), gather_uneven(code[:rows]), gather_uneven(code[rows:])
    right_ids, wrong_ids = gather_uneven(batch.query_ids[:rows]), gather_uneven(batch.query_ids[rows:])
    same = right_ids[:, None] == torch.cat([right_ids, wrong_ids])
    same.fill_diagonal_(False)
    return contrastive_loss(
        queries, torch.cat([right, wrong]), model.sharpness, same, settings.sizes, settings.matryoshka_weight
    )


def gather_uneven(rows: Tensor) -> Tensor:
    """Return the rows of all processes, which may have different numbers of them, in the order of the processes."""
    if not distributed.is_available() or not distributed.is_initialized():
        return rows
    counts = torch.zeros(distributed.get_world_size(), dtype=torch.int64, device=rows.device)
    counts[distributed.get_rank()] = len(rows)
    distributed.all_reduce(counts)
    longest = max(1, int(counts.max()))
    filled = torch.cat([rows, rows.new_zeros(longest - len(rows), *rows.shape[1:])])
    gathered = gather_rows(filled) if rows.is_floating_point() else _gather_numbers(filled)
    inside = torch.arange(longest, device=rows.device) < counts[:, None]
    return gathered[inside.flatten()]


def _gather_numbers(rows: Tensor) -> Tensor:
    parts = [torch.empty_like(rows) for _ in range(distributed.get_world_size())]
    distributed.all_gather(parts, rows)
    return torch.cat(parts)


# Loop


def train(
    corpora: Sequence[Corpus], vocabulary: int, valid: Sequence[RetrievalSet], settings: Settings, run: Path, *,
    mined: Sequence[NDArray[np.int32]] | None = None, model: JointModel | None = None, **loop: Any,
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
        pairs = draw_pairs(corpora[number], rows, settings, generator, mined[number] if mined else None)
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


def evaluate(model: JointModel, valid: Sequence[RetrievalSet], settings: Settings) -> dict[str, float]:
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
    tokenizer = load_tokenizer(options.tokenizer.read_text(encoding="utf-8"))
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
