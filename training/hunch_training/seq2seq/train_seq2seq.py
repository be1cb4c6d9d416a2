"""Train a model that writes documentation from code: recurrent with attention, or a Transformer.

    hunch-train seq2seq ../shared/data/packages_pairs/python.train.jsonl.gz --run runs/rnn

The rows that choose stand beside the training rows, in the file whose name says valid instead of train.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from hunch.text.subwords import BEGIN, END, PAD, UNKNOWN
from hunch_training.data.pairs import read_pairs, valid_file_of
from hunch_training.errors import TrainingError
from hunch_training.loop.fit import fit
from hunch_training.loop.run_folder import describe_run
from hunch_training.seq2seq.decoding import greedy
from hunch_training.seq2seq.generation_metrics import bleu_of
from hunch_training.seq2seq.models import SUBWORDS, Model, make_model
from hunch_training.seq2seq.output_loss import output_loss
from hunch_training.seq2seq.rnn_seq2seq import RnnSeq2Seq
from hunch_training.seq2seq.rows import Batch, Rows, batch_of, plan_epoch, read_rows, spread, training_pairs
from hunch_training.seq2seq.settings import Settings
from hunch_training.stage_flags import add_flags, settings_of
from hunch_training.tokenizer.subwords import decode, load_subwords, train_subwords
from hunch_training.tokenizer.word_level import train_word_level
from hunch_training.tokens.token_rows import (
    TokenRows,
    pad_rows,
)

_ROWS_WRITTEN_ON_VALID = 400


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
    if options.subwords and settings.word_level:
        raise TrainingError("--word-level learns a vocabulary: give it without --subwords")
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
                learn = train_word_level if settings.word_level else train_subwords
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
