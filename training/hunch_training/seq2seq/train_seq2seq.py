"""Train a model that writes documentation from code: recurrent with attention, or a Transformer.

    hunch-train seq2seq ../shared/data/packages_pairs/python.train.jsonl.gz --run runs/rnn

The rows that choose stand beside the training rows, in the file whose name says valid instead of train.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from filelock import FileLock
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from hunch.text.subwords import BEGIN, END, PAD, UNKNOWN
from hunch_training.data.pairs import Pair, read_pairs, read_training_pairs, valid_file_of
from hunch_training.errors import TrainingError
from hunch_training.loop.fit import fit
from hunch_training.loop.run_folder import BEST, describe_run, load_checkpoint, load_weights
from hunch_training.loop.settings import LoopSettings
from hunch_training.seq2seq.decoding import greedy
from hunch_training.seq2seq.generation_metrics import bleu_of
from hunch_training.seq2seq.output_loss import output_loss
from hunch_training.seq2seq.rnn_seq2seq import RnnSeq2Seq
from hunch_training.seq2seq.transformer_seq2seq import TransformerSeq2Seq
from hunch_training.stage_flags import add_flags, settings_of
from hunch_training.tokenizer.subwords import decode, encode_code, encode_prose, load_subwords, train_subwords
from hunch_training.tokenizer.word_level import train_words
from hunch_training.tokens.token_rows import (
    TokenRows,
    batches_of_like_lengths,
    load_rows,
    pad_rows,
    rows_written,
    write_rows,
)

SUBWORDS = "subwords.json"
MODELS = ("rnn", "transformer")
_ROWS_AT_ONCE = 4096
_ROWS_WRITTEN_ON_VALID = 400
Model = RnnSeq2Seq | TransformerSeq2Seq


@dataclass(frozen=True, slots=True)
class Settings(LoopSettings):
    """What decides the result of a run, besides its data."""

    model: str = "rnn"
    """rnn or transformer"""
    vocabulary: int = 16_000
    """pieces of source and target together"""
    whole_words: bool = False
    """a vocabulary of the most frequent words instead of pieces; others are unknown"""
    dim: int = 256
    """of embeddings and layers"""
    layers: int = 3
    """of the Transformer's encoder, and of its decoder"""
    batch_tokens: int = 8_192
    """tokens of a batch, sources and targets together, padding included"""
    longest_source: int = 128
    """tokens of the code that are read"""
    longest_target: int = 32
    """tokens of the documentation that are learnt from"""
    dropout: float = 0.1
    """of embeddings and layers"""
    label_smoothing: float = 0.0
    """share of the wanted probability that is spread over all tokens (Szegedy et al., 2016, arXiv:1512.00567)"""
    frequent_weight: float = 0.0
    """how much less frequent tokens count: a token's loss is multiplied by frequency ** -this, mean 1"""
    every: int = 1
    """one training row in so many is read, for runs on a part of all packages"""
    teacher_forcing: float = 1.0
    """share of the recurrent decoder's steps that see the right token, at the end; it falls linearly from 1"""


class Rows(NamedTuple):
    """Code and documentation as ids, row by row."""

    sources: TokenRows
    targets: TokenRows
    """with the tokens that begin and end a text"""


class Batch(NamedTuple):
    """What one step sees, int64, padded on the right."""

    source: Tensor
    target: Tensor


def make_model(settings: Settings, vocabulary: int) -> Model:
    """Return a model with random weights.

    Raises:
        TrainingError: there is no model of that name.
    """
    torch.manual_seed(settings.seed)
    if settings.model == "rnn":
        return RnnSeq2Seq(vocabulary, settings.dim, settings.dim, dropout=settings.dropout, pad=PAD)
    if settings.model == "transformer":
        longest = max(settings.longest_source, settings.longest_target + 2)
        return TransformerSeq2Seq(
            vocabulary, settings.dim, layers=settings.layers, heads=max(1, settings.dim // 64),
            dropout=settings.dropout, longest=longest, pad=PAD,
        )  # fmt: skip
    raise TrainingError(f"there is no model {settings.model!r}: known are {', '.join(MODELS)}")


def plan_epoch(rows: Rows, settings: Settings, epoch: int) -> list[NDArray[np.int64]]:
    """Return the batches of an epoch as row numbers."""
    generator = np.random.default_rng((settings.seed, epoch))
    return batches_of_like_lengths([rows.sources.lengths, rows.targets.lengths], settings.batch_tokens, generator)


def batch_of(rows: Rows, chosen: NDArray[np.int64]) -> Batch:
    """Return some rows as a batch."""
    return Batch(pad_rows(rows.sources, chosen, PAD), pad_rows(rows.targets, chosen, PAD))


def token_weights(targets: TokenRows, vocabulary: int, power: float) -> Tensor:
    """Return what each target token's loss is multiplied with, float32 [vocabulary]; see Settings.frequent_weight."""
    counts = np.bincount(targets.ids, minlength=vocabulary)
    counts[BEGIN] = 0
    shares = np.maximum(counts, 1) / counts.sum()
    weights = shares**-power
    return torch.from_numpy(weights / np.sum(weights * counts / counts.sum())).float()


def loss_of(
    model: Model, batch: Batch, settings: Settings, *, weights: Tensor | None = None, share: float = 0.0
) -> Tensor:
    """Return the mean cross-entropy of a target token, padding left out.

    Args:
        model: either of the two.
        batch: what it sees.
        settings: label smoothing and teacher forcing, while training.
        weights: float32 [vocabulary], of the tokens; None for equal ones.
        share: how much of the run is done; teacher forcing falls with it.
    """
    smoothing = settings.label_smoothing if model.training else 0.0
    if isinstance(model, RnnSeq2Seq):
        forced = 1 - (1 - settings.teacher_forcing) * share if model.training else 1.0
        states = model.states(batch.source, batch.target, teacher_forcing=forced)
    else:
        states = model.states(batch.source, batch.target)
    wanted = batch.target[:, 1:]
    is_token = wanted != PAD
    return output_loss(
        states[is_token], model.table.weight, model.output_bias, wanted[is_token], weights=weights, smoothing=smoothing
    )


def train(
    rows: Rows, valid: Rows, vocabulary: int, settings: Settings, run: Path, *, subwords: Tokenizer | None = None,
    device: torch.device | None = None, **loop: Any,
) -> float:  # fmt: skip
    """Train to the end, or go on from the run's last checkpoint; return the best loss on the valid rows.

    Args:
        rows: the training rows.
        valid: rows that choose the best epoch and end training early.
        vocabulary: how many pieces there are.
        settings: what decides the result.
        run: the folder of the run.
        subwords: puts words together, to measure what is written for valid rows after each epoch; None does not.
        device: where to compute; None for the best there is.
        loop: see ``fit``.

    Raises:
        TrainingError: see ``fit``.
    """
    if not len(rows.sources) or not len(valid.sources):
        raise TrainingError("there are no rows to learn from, or none to choose with")
    weights = token_weights(rows.targets, vocabulary, settings.frequent_weight) if settings.frequent_weight else None

    def loss(model: Model, batch: Batch, share: float) -> Tensor:
        moved = None if weights is None else weights.to(batch.source.device)
        return loss_of(model, batch, settings, weights=moved, share=share)

    def measure(model: Model) -> dict[str, float]:
        figures = {"valid_loss": evaluate(model, valid, settings)}
        if subwords is not None:
            some = spread(len(valid.sources), _ROWS_WRITTEN_ON_VALID)
            written = write(model, valid.sources, some, subwords, longest=settings.longest_target)
            wanted = [decode(subwords, valid.targets.row(int(row)).tolist()) for row in some]
            figures["valid_bleu"] = float(np.mean(bleu_of(written, wanted)))
        return figures

    return fit(
        make_model(settings, vocabulary),
        [plan_epoch(rows, settings, epoch) for epoch in range(settings.epochs)],
        lambda chosen, _: batch_of(rows, chosen),
        loss, measure, settings, run,
        choose_by="valid_loss",
        size_of=lambda batch: batch.source.numel() + batch.target.numel(),
        device=device,
        advice=f"try --batch-tokens {settings.batch_tokens // 2}",
        **loop,
    )  # fmt: skip


@torch.no_grad()
def evaluate(model: Model, rows: Rows, settings: Settings) -> float:
    """Return the mean cross-entropy of a target token of some rows, every right token seen."""
    model.eval()
    device = next(model.parameters()).device
    total = count = 0.0
    for chosen in plan_epoch(rows, settings, 0):
        batch = Batch(*(part.to(device) for part in batch_of(rows, chosen)))
        wanted = int((batch.target[:, 1:] != PAD).sum())
        total += loss_of(model, batch, settings).item() * wanted
        count += wanted
    return total / count


def write(
    model: Model, sources: TokenRows, chosen: NDArray[np.int64], subwords: Tokenizer, *, longest: int, batch: int = 100
) -> list[str]:
    """Return what a model writes for some rows, greedily, in their order."""
    device = next(model.parameters()).device
    texts = [""] * len(chosen)
    order = np.argsort(sources.lengths[chosen], kind="stable")
    for start in range(0, len(order), batch):
        places = order[start : start + batch]
        source = pad_rows(sources, chosen[places], PAD).to(device)
        for place, written in zip(places, greedy(model, source, begin=BEGIN, end=END, longest=longest), strict=True):
            texts[place] = decode(subwords, written.tokens)
    return texts


def spread(rows: int, at_most: int) -> NDArray[np.int64]:
    """Return row numbers from the first to the last row, evenly spread, at most so many."""
    return np.unique(np.linspace(0, rows - 1, min(rows, at_most)).astype(np.int64))


def load_model(run: Path) -> tuple[Model, Settings]:
    """Return the best model of a run, in evaluation mode, and its settings.

    Raises:
        TrainingError: there is no such run, or its checkpoint is none of this stage's.
    """
    state = load_checkpoint(run / BEST)
    try:
        settings = Settings(**state["settings"])
    except TypeError as error:
        raise TrainingError(f"{run / BEST}: the checkpoint of another stage") from error
    model = make_model(settings, len(state["model"]["output_bias"]))
    load_weights(model, state["model"], run / BEST)
    return model.eval(), settings


def training_pairs(file: Path, settings: Settings) -> Iterator[Pair]:
    """Read the training pairs that the settings ask for."""
    return islice(read_training_pairs(file, settings.limit), 0, None, settings.every)


def read_rows(file: Path, pairs: Iterator[Pair], subwords: Tokenizer, settings: Settings, cache: Path) -> Rows:
    """Read pairs as ids, once, into a cache; those without a word on either side are left out."""
    places = [cache / f"{file.name.split('.jsonl')[0]}.{side}" for side in ("code", "documentation")]
    if all(rows_written(place) for place in places):
        return Rows(*(load_rows(place) for place in places))
    cache.mkdir(parents=True, exist_ok=True)
    kept: list[list[int]] = []

    def sources() -> Iterator[list[int]]:
        part: list[Pair] = []
        for number, pair in enumerate(pairs, 1):
            part.append(pair)
            if number % _ROWS_AT_ONCE == 0:
                yield from ids_of(part)
                part = []
        yield from ids_of(part)

    def ids_of(part: Sequence[Pair]) -> Iterator[list[int]]:
        code = encode_code(subwords, (pair.code for pair in part), settings.longest_source)
        prose = encode_prose(subwords, (pair.query for pair in part), settings.longest_target)
        for source, target in zip(code, prose, strict=True):
            if source and target:
                kept.append([BEGIN, *target, END])
                yield source

    written = write_rows(sources(), places[0])
    return Rows(written, write_rows(kept, places[1]))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Say what the stage is given on the command line."""
    parser.add_argument("pairs", type=Path, help="NAME.train.jsonl.gz, with NAME.valid.jsonl.gz beside it")
    parser.add_argument("--run", type=Path, required=True, help="the folder of the run; goes on if it is there")
    parser.add_argument("--subwords", type=Path, help="the vocabulary of another run (else one is learnt)")
    parser.add_argument("--threads", type=int, default=2, help="threads of torch (%(default)s)")
    parser.add_argument("--workers", type=int, default=0, help="processes that prepare batches (%(default)s)")
    add_flags(parser, Settings)


def run_stage(options: argparse.Namespace) -> None:
    """Run the stage from the command line."""
    settings = settings_of(options, Settings)
    if options.subwords and settings.whole_words:
        raise TrainingError("--whole-words learns a vocabulary: give it without --subwords")
    torch.set_num_threads(options.threads)
    valid_file = valid_file_of(options.pairs)
    options.run.mkdir(parents=True, exist_ok=True)
    with FileLock(options.run / "reading.lock"):  # of several processes one reads, and the others find what it wrote
        describe_run(options.run, "seq2seq", settings, [options.pairs, valid_file])
        file = options.run / SUBWORDS
        if not file.is_file():
            if options.subwords:
                file.write_bytes(options.subwords.read_bytes())
            else:
                pairs, prose = (training_pairs(options.pairs, settings) for _ in range(2))
                learn = train_words if settings.whole_words else train_subwords
                learn((p.code for p in pairs), (p.query for p in prose), settings.vocabulary).save(str(file))
        subwords = load_subwords(file)
        cache = options.run / "cache"
        rows = read_rows(options.pairs, training_pairs(options.pairs, settings), subwords, settings, cache)
        valid = read_rows(valid_file, read_pairs(valid_file, settings.limit), subwords, settings, cache)
    unknown = np.mean(rows.sources.ids == UNKNOWN)
    print(f"{len(rows.sources):,} pairs, {rows.sources.lengths.mean():.0f} tokens of code and "
          f"{rows.targets.lengths.mean():.0f} of documentation each, {subwords.get_vocab_size():,} pieces, "
          f"{unknown:.2%} unknown", flush=True)  # fmt: skip
    best = train(rows, valid, subwords.get_vocab_size(), settings, options.run, subwords=subwords,
                 workers=options.workers)  # fmt: skip
    print(f"best valid loss {best:.4f}  settings {asdict(settings)}", flush=True)
