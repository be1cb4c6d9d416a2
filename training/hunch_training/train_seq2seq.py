"""Train a model that writes documentation from code: recurrent with attention, or a Transformer.

    python -m hunch_training.train_seq2seq ../shared/data/packages_pairs/python.train.jsonl.gz --run runs/rnn

A run that was cut off goes on from its last checkpoint when the same command is given again, and ends with the same
model: what a step draws depends on the seed and the step's number alone.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from hunch.model.bundle import sha256_of
from hunch_training.data import read_pairs, split_of
from hunch_training.decoding import greedy
from hunch_training.rnn_seq2seq import RnnSeq2Seq
from hunch_training.subwords import BEGIN, END, PAD, UNKNOWN, decode, encode, load_subwords, train_subwords
from hunch_training.transformer_seq2seq import TransformerSeq2Seq

LAST, BEST, METRICS, SETTINGS, SUBWORDS = "last.pt", "best.pt", "metrics.jsonl", "run.json", "subwords.json"
Model = RnnSeq2Seq | TransformerSeq2Seq


@dataclass(frozen=True, slots=True)
class Settings:
    """What decides the result of a run, besides its data."""

    model: str = "rnn"
    """rnn or transformer"""
    seed: int = 0
    epochs: int = 8
    patience: int = 2
    """Epochs without a better loss on the valid rows after which training ends early."""
    vocabulary: int = 16_000
    dim: int = 256
    layers: int = 3
    """Of the Transformer's encoder, and of its decoder."""
    batch_tokens: int = 8_192
    """Tokens of a batch, sources and targets together, padding included."""
    longest_source: int = 160
    longest_target: int = 32
    learning_rate: float = 1e-3
    schedule: str = "cosine"
    """cosine or constant, behind the warm-up"""
    warmup: int = 200
    clip: float = 1.0
    """Largest norm of a step's gradients."""
    dropout: float = 0.1
    weight_decay: float = 0.01
    label_smoothing: float = 0.0
    """Share of the wanted probability that is spread over all tokens (Szegedy et al., 2016, arXiv:1512.00567)."""
    frequent_weight: float = 0.0
    """How much less frequent tokens count: a token's loss is multiplied by frequency ** -this, mean 1."""
    teacher_forcing: float = 1.0
    """Share of the recurrent decoder's steps that see the right token, at the end; it falls linearly from 1."""
    limit: int | None = None
    """Rows read of each file; None for all."""


class Rows(NamedTuple):
    """Code and documentation as ids, row by row."""

    sources: list[list[int]]
    targets: list[list[int]]
    """with the tokens that begin and end a text"""


def make_model(settings: Settings, vocabulary: int) -> Model:
    """Return a model with random weights.

    Raises:
        ValueError: there is no model of that name.
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
    raise ValueError(f"there is no model {settings.model!r}: rnn or transformer")


def plan_epoch(rows: Rows, settings: Settings, epoch: int) -> list[NDArray[np.int64]]:
    """Return the batches of an epoch: rows of like lengths together, so that little is padding, in random order."""
    generator = np.random.default_rng((settings.seed, epoch))
    source = np.array([len(row) for row in rows.sources])
    target = np.array([len(row) for row in rows.targets])
    # A little noise, so that rows of one length do not always meet the same others.
    order = np.lexsort((target, source + generator.integers(0, 8, len(source))))
    batches, start = [], 0
    while start < len(order):
        end, widest = start + 1, int(source[order[start]] + target[order[start]])
        while end < len(order):
            widest = max(widest, int(source[order[end]] + target[order[end]]))
            if (end + 1 - start) * widest > settings.batch_tokens:
                break
            end += 1
        batches.append(order[start:end])
        start = end
    return [batches[i] for i in generator.permutation(len(batches))]


def tensors_of(rows: Rows, chosen: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
    """Return sources and targets of some rows, int64, padded on the right."""
    return _pad([rows.sources[i] for i in chosen]), _pad([rows.targets[i] for i in chosen])


def token_weights(rows: Rows, vocabulary: int, power: float) -> Tensor:
    """Return what each target token's loss is multiplied with, float32 [vocabulary]; see Settings.frequent_weight."""
    counts = np.bincount(np.concatenate([np.array(row[1:]) for row in rows.targets]), minlength=vocabulary)
    shares = np.maximum(counts, 1) / counts.sum()
    weights = shares**-power
    return torch.from_numpy(weights / np.sum(weights * counts / counts.sum())).float()


def loss_of(model: Model, source: Tensor, target: Tensor, settings: Settings, *, weights: Tensor | None = None,
            teacher_forcing: float = 1.0, generator: torch.Generator | None = None) -> Tensor:  # fmt: skip
    """Return the mean cross-entropy of a target token, padding left out.

    Args:
        model: either of the two.
        source: int64 [n, source].
        target: int64 [n, target].
        settings: label smoothing while training.
        weights: float32 [vocabulary], of the tokens; None for equal ones.
        teacher_forcing: see RnnSeq2Seq.forward.
        generator: draws with it.
    """
    if isinstance(model, RnnSeq2Seq):
        logits = model(source, target, teacher_forcing=teacher_forcing, generator=generator)
    else:
        logits = model(source, target)
    smoothing = settings.label_smoothing if model.training else 0.0
    return functional.cross_entropy(
        logits.flatten(0, 1).float(), target[:, 1:].flatten(), weights, ignore_index=PAD, label_smoothing=smoothing
    )


def train(
    rows: Rows, valid: Rows, vocabulary: int, settings: Settings, run: Path, *,
    device: torch.device | None = None, checkpoint_every: int = 500, stop_after: int | None = None,
) -> float:  # fmt: skip
    """Train to the end, or go on from the run's last checkpoint; return the best loss on the valid rows.

    Args:
        rows: the training rows.
        valid: rows that choose the best epoch and end training early.
        vocabulary: how many pieces there are.
        settings: what decides the result.
        run: the folder of the run; its checkpoints go there.
        device: where to compute; None for the best there is.
        checkpoint_every: steps between checkpoints.
        stop_after: end at this step as if cut off, for tests.

    Raises:
        ValueError: there are no rows, or the checkpoint is of other settings.
    """
    if not rows.sources or not valid.sources:
        raise ValueError("there are no rows to learn from, or none to choose with")
    run.mkdir(parents=True, exist_ok=True)
    device = device or best_device()
    model = make_model(settings, vocabulary).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay)
    weights = None
    if settings.frequent_weight:
        weights = token_weights(rows, vocabulary, settings.frequent_weight).to(device)
    plans = [plan_epoch(rows, settings, epoch) for epoch in range(settings.epochs)]
    ends = np.cumsum([len(plan) for plan in plans]).tolist()
    schedule = [batch for plan in plans for batch in plan]
    step, best, worse = 0, math.inf, 0
    if (run / LAST).is_file():
        state = torch.load(run / LAST, weights_only=True, map_location=device)
        if state["settings"] != asdict(settings):
            raise ValueError(f"{run / LAST}: made with other settings: give another --run or remove it")
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        step, best, worse = state["step"], state["best"], state["worse"]
        print(f"going on from step {step}", flush=True)

    started, first, losses, tokens = time.perf_counter(), step, [], 0
    while step < len(schedule) and worse < settings.patience:
        source, target = (part.to(device) for part in tensors_of(rows, schedule[step]))
        generator = torch.Generator().manual_seed(hash((settings.seed, step)) & 0x7FFF_FFFF)
        torch.manual_seed(settings.seed * 1_000_003 + step)  # of dropout
        model.train()
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * rate_at(step, len(schedule), settings)
        forcing = 1 - (1 - settings.teacher_forcing) * step / len(schedule)
        loss = loss_of(model, source, target, settings, weights=weights, teacher_forcing=forcing, generator=generator)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        torch.nn.utils.clip_grad_norm_(model.parameters(), settings.clip)
        optimizer.step()
        losses.append(loss.item())
        tokens += source.numel() + target.numel()
        step += 1
        if step % 50 == 0:
            seconds = time.perf_counter() - started
            print(f"step {step}/{len(schedule)}  loss {np.mean(losses[-50:]):.3f}  {tokens / seconds:,.0f} tokens/s  "
                  f"{(len(schedule) - step) * seconds / (step - first) / 60:.1f} min left", flush=True)  # fmt: skip
        if step in ends:
            found = evaluate(model, valid, settings)
            entry = {"step": step, "epoch": ends.index(step) + 1, "loss": float(np.mean(losses[-len(plans[0]) :]))}
            with (run / METRICS).open("a", encoding="utf-8") as file:
                file.write(json.dumps({**entry, "valid_loss": found}) + "\n")
            print(f"epoch {entry['epoch']}: loss {entry['loss']:.3f}, valid {found:.3f}", flush=True)
            best, worse = (found, 0) if found < best else (best, worse + 1)
            if worse == 0:
                _save(run / BEST, model=model.state_dict(), settings=asdict(settings), step=step, best=best)
        if step % checkpoint_every == 0 or step in ends or step == stop_after:
            _save(run / LAST, model=model.state_dict(), optimizer=optimizer.state_dict(), settings=asdict(settings),
                  step=step, best=best, worse=worse)  # fmt: skip
        if step == stop_after:
            break
    return best


@torch.no_grad()
def evaluate(model: Model, rows: Rows, settings: Settings) -> float:
    """Return the mean cross-entropy of a target token of some rows, every right token seen."""
    model.eval()
    device = next(model.parameters()).device
    total = count = 0.0
    for chosen in plan_epoch(rows, settings, 0):
        source, target = (part.to(device) for part in tensors_of(rows, chosen))
        wanted = int((target[:, 1:] != PAD).sum())
        total += loss_of(model, source, target, settings).item() * wanted
        count += wanted
    return total / count


def rate_at(step: int, steps: int, settings: Settings) -> float:
    """Return the share of the learning rate: a linear warm-up, then constant or a cosine to one twentieth."""
    warmup = min(settings.warmup, max(1, steps // 10))
    if step < warmup:
        return (step + 1) / warmup
    if settings.schedule == "constant":
        return 1.0
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


def best_device() -> torch.device:
    """Return CUDA, else Apple's GPU, else the processor."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def load_model(run: Path) -> tuple[Model, dict[str, Any]]:
    """Return the best model of a run and the checkpoint's other contents."""
    state = torch.load(run / BEST, weights_only=True, map_location="cpu")
    weights = state.pop("model")
    model = make_model(Settings(**state["settings"]), len(weights["output_bias"]))
    model.load_state_dict(weights)
    return model.eval(), state


def read_rows(file: Path, subwords: Any, settings: Settings) -> Rows:
    """Read pairs as ids; those without a word on either side are left out."""
    pairs = list(read_pairs(file, settings.limit))
    sources = encode(subwords, (pair.code for pair in pairs), settings.longest_source)
    targets = encode(subwords, (pair.query for pair in pairs), settings.longest_target)
    both = [
        (source, [BEGIN, *target, END]) for source, target in zip(sources, targets, strict=True) if source and target
    ]
    return Rows([source for source, _ in both], [target for _, target in both])


def _pad(rows: Sequence[Sequence[int]]) -> Tensor:
    padded = torch.full((len(rows), max(map(len, rows))), PAD)
    for number, row in enumerate(rows):
        padded[number, : len(row)] = torch.tensor(row)
    return padded


def _save(path: Path, **state: Any) -> None:
    temporary = path.with_suffix(".tmp")
    torch.save(state, temporary)
    temporary.replace(path)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the stage from the command line."""
    defaults = Settings()
    parser = argparse.ArgumentParser(prog="train_seq2seq", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("pairs", type=Path, help="NAME.train.jsonl.gz, with NAME.valid.jsonl.gz beside it")
    parser.add_argument("--run", type=Path, required=True, help="the folder of the run; goes on if it is there")
    parser.add_argument("--threads", type=int, default=2, help="threads of torch (%(default)s)")
    for name, value in asdict(defaults).items():
        kind = int if name == "limit" else type(value)
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, default=value, help="(%(default)s)")
    options = parser.parse_args(arguments)
    settings = Settings(**{name: getattr(options, name) for name in asdict(defaults)})
    torch.set_num_threads(options.threads)
    if split_of(options.pairs) != "train":
        raise ValueError(f"{options.pairs}: not for training")
    valid_file = options.pairs.with_name(options.pairs.name.replace(".train", ".valid"))
    options.run.mkdir(parents=True, exist_ok=True)
    file = options.run / SUBWORDS
    if not file.is_file():
        texts = (text for pair in read_pairs(options.pairs, settings.limit) for text in (pair.code, pair.query))
        train_subwords(texts, settings.vocabulary).save(str(file))
    subwords = load_subwords(file)
    rows, valid = (read_rows(one, subwords, settings) for one in (options.pairs, valid_file))
    description = {
        "settings": asdict(settings),
        "pairs": len(rows.sources),
        "unknown": sum(row.count(UNKNOWN) for row in rows.sources) / sum(map(len, rows.sources)),
        "data_sha256": {one.name: sha256_of(one) for one in (options.pairs, valid_file)},
    }
    (options.run / SETTINGS).write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
    print(f"{len(rows.sources):,} pairs, {subwords.get_vocab_size():,} pieces", flush=True)
    best = train(rows, valid, subwords.get_vocab_size(), settings, options.run)
    print(f"best valid loss {best:.4f}", flush=True)
    model, _ = load_model(options.run)
    source, target = tensors_of(valid, np.arange(min(10, len(valid.sources))))
    for wanted, written in zip(target.tolist(), greedy(model, source, begin=BEGIN, end=END), strict=True):
        print(f"wanted:  {decode(subwords, wanted)}\nwritten: {decode(subwords, written.tokens)}\n", flush=True)


if __name__ == "__main__":
    main()
