"""How fast the models that write are trained, as a share of what the machine can do, and what each measure gains.

    python -m benchmarks.training_speed DATA [--rows 3000]

Rounds of all variants in turn, so that a slower minute of the machine slows all of them; what counts are the ratios.
The rows are real pairs. Operations are counted by torch as the model runs; the peak is a product of large matrices on
as many threads, measured in the same round.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.machine import save_result
from hunch.text.subwords import PAD
from hunch_training.data.pairs import read_training_pairs
from hunch_training.networks import attention
from hunch_training.seq2seq.models import Model, make_model
from hunch_training.seq2seq.rnn_seq2seq import RnnSeq2Seq, RnnState
from hunch_training.seq2seq.rows import Batch, Rows, batch_of, plan_epoch, read_rows
from hunch_training.seq2seq.settings import Settings
from hunch_training.seq2seq.train_seq2seq import loss_of
from hunch_training.tokenizer.subwords import train_subwords

STEPS = 4
PEAK_SIZE = 1024


class Variant(NamedTuple):
    """One way to train."""

    name: str
    compared_with: str | None
    """the variant whose time is divided by this one's"""
    settings: Settings
    threads: int = 1
    random_order: bool = False
    keeps_logits: bool = False
    """torch's own cross-entropy of all positions, padding included"""
    change: Callable[[Model], Model] = lambda model: model


class PackedRnn(RnnSeq2Seq):
    """Reads packed sequences, as torch's documentation does it."""

    def begin(self, source: Tensor) -> RnnState:
        """See RnnSeq2Seq."""
        padding = source == self.pad
        reader = nn.GRU(self.table.embedding_dim, self.decoder.hidden_size, batch_first=True, bidirectional=True)
        lengths = (~padding).sum(dim=1).cpu()
        packed = pack_padded_sequence(self.dropout(self.table(source)), lengths, batch_first=True, enforce_sorted=False)
        written, last = reader(packed)
        memory, _ = pad_packed_sequence(written, batch_first=True, total_length=source.shape[1])
        hidden = torch.tanh(self.first_hidden(torch.cat([last[0], last[1]], dim=1)))
        return RnnState(hidden, torch.zeros(len(source), memory.shape[2]), memory, self.memory_key(memory), padding)


class StepwiseRnn(RnnSeq2Seq):
    """Compares each step with the vocabulary on its own."""

    def forward(self, source: Tensor, target: Tensor, **forcing: Any) -> Tensor:
        """See RnnSeq2Seq."""
        state, steps = self.begin(source), []
        for position in range(target.shape[1] - 1):
            logits, state, _ = self.step(target[:, position], state)
            steps.append(logits)
        return torch.stack(steps, dim=1)


class DroppingAttention(attention.Attention):
    """Drops weights of the attention, which torch's fast kernel on processors cannot."""

    def forward(
        self, asking: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None = None, *, causal: bool = False
    ) -> Tensor:
        """See Attention."""
        read = scaled_dot_product_attention(self._split(self.query(asking)), keys, values, mask, 0.1, causal)
        joined: Tensor = self.join(read.transpose(1, 2).flatten(2))
        return joined


def variants(base: Settings) -> list[Variant]:
    """Return what is compared; what a variant leaves out makes it slower than the one it is compared with."""
    transformer = replace(base, model="transformer", layers=3)
    return [
        Variant("recurrent", None, base),
        Variant("recurrent, packed sequences", "recurrent", base, change=_as(PackedRnn)),
        Variant("recurrent, all logits kept", "recurrent", base, keeps_logits=True),
        Variant(
            "recurrent, each step compared with the vocabulary",
            "recurrent, all logits kept",
            base,
            keeps_logits=True,
            change=_as(StepwiseRnn),
        ),
        Variant("recurrent, rows in random order", "recurrent", base, random_order=True),
        Variant("recurrent, vocabulary of 16,000", "recurrent", replace(base, vocabulary=16_000)),
        Variant("recurrent, bfloat16", "recurrent", replace(base, bf16=True)),
        Variant("recurrent, two threads", "recurrent", base, threads=2),
        Variant("Transformer", None, transformer),
        Variant("Transformer, all logits kept", "Transformer", transformer, keeps_logits=True),
        Variant("Transformer, dropout inside attention", "Transformer", transformer, change=_dropping),
        Variant("Transformer, rows in random order", "Transformer", transformer, random_order=True),
        Variant("Transformer, bfloat16", "Transformer", replace(transformer, bf16=True)),
        Variant("Transformer, torch.compile", "Transformer", replace(transformer, compile=True)),
        Variant(
            "Transformer, bfloat16 and torch.compile", "Transformer", replace(transformer, compile=True, bf16=True)
        ),
        Variant("Transformer, two threads", "Transformer", transformer, threads=2),
    ]


def measure(variant: Variant, rows: Rows, round_number: int) -> dict[str, float]:
    """Take a few steps; return seconds and tokens, and on the first round the operations."""
    torch.set_num_threads(variant.threads)
    settings = variant.settings
    model = variant.change(make_model(settings, settings.vocabulary)).train()
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)
    plan = _random_plan(rows, settings) if variant.random_order else plan_epoch(rows, settings, round_number)
    batches = [batch_of(rows, chosen) for chosen in plan[: STEPS + 1]]

    def loss(batch: Batch) -> Tensor:
        if not variant.keeps_logits:
            return loss_of(model, batch, settings)
        logits = model(batch.source, batch.target)
        wanted = batch.target[:, 1:].flatten()
        return nn.functional.cross_entropy(logits.flatten(0, 1).float(), wanted, ignore_index=PAD)

    chosen_loss: Any = torch.compile(loss, dynamic=True) if settings.compile else loss

    def step(batch: Batch) -> None:
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=settings.bf16):
            value = chosen_loss(batch)
        torch.autograd.backward(value)
        optimizer.step()

    with FlopCounterMode(display=False) as counter:
        torch.autograd.backward(loss(batches[0]))
    tokens = [int((batch.source > 0).sum() + (batch.target > 0).sum()) for batch in batches]
    for batch in batches if settings.compile else batches[:1]:
        step(batch)
    started = time.perf_counter()
    for batch in batches[1:]:
        step(batch)
    seconds = time.perf_counter() - started
    operations = counter.get_total_flops() / tokens[0]
    return {"seconds": seconds, "tokens": sum(tokens[1:]), "operations_per_token": operations}


def peak(threads: int) -> float:
    """Return floating-point operations a second of a product of large matrices."""
    torch.set_num_threads(threads)
    first, second = torch.randn(PEAK_SIZE, PEAK_SIZE), torch.randn(PEAK_SIZE, PEAK_SIZE)
    times = []
    for _ in range(8):
        started = time.perf_counter()
        first @ second
        times.append(time.perf_counter() - started)
    return 2 * PEAK_SIZE**3 / min(times)


def _as(kind: type[RnnSeq2Seq]) -> Callable[[Model], Model]:
    def change(model: Model) -> Model:
        model.__class__ = kind
        return model

    return change


def _dropping(model: Model) -> Model:
    for part in model.modules():
        if isinstance(part, attention.Attention):
            part.__class__ = DroppingAttention
    return model


def _random_plan(rows: Rows, settings: Settings) -> list[NDArray[np.int64]]:
    """Batches of as many rows as fit if they are as wide as the widest of a few hundred."""
    order = np.random.default_rng(0).permutation(len(rows.sources))
    widest = int(rows.sources.lengths[order[:256]].max() + rows.targets.lengths[order[:256]].max())
    size = max(1, settings.batch_tokens // widest)
    return [order[start : start + size] for start in range(0, len(order) - size, size)]


def main() -> None:
    """Measure and write training_speed.json."""
    parser = argparse.ArgumentParser(prog="training_speed", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path, help="the data folder, with packages_pairs/ in it")
    parser.add_argument("--rows", type=int, default=3000, help="pairs (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="(%(default)s)")
    options = parser.parse_args()
    base = Settings(vocabulary=8000, dim=192, longest_source=64, batch_tokens=4096)
    file = options.data / "packages_pairs/python.train.jsonl.gz"
    with tempfile.TemporaryDirectory() as folder:
        by_size = {}
        for size in {variant.settings.vocabulary for variant in variants(base)}:
            pairs, prose, again = (list(read_training_pairs(file, options.rows)) for _ in range(3))
            subwords = train_subwords((pair.code for pair in pairs), (pair.query for pair in prose), size)
            by_size[size] = read_rows(file, iter(again), subwords, base, Path(folder) / str(size))
        found: dict[str, list[dict[str, float]]] = {}
        peaks: dict[int, list[float]] = {1: [], 2: []}
        for number in range(options.rounds):
            for threads, values in peaks.items():
                values.append(peak(threads))
            for variant in variants(base):
                found.setdefault(variant.name, []).append(
                    measure(variant, by_size[variant.settings.vocabulary], number)
                )
    result = []
    for variant in variants(base):
        rounds = found[variant.name]
        per_second = [entry["tokens"] / entry["seconds"] for entry in rounds]
        other = found[variant.compared_with or variant.name]
        ratios = [mine / (entry["tokens"] / entry["seconds"]) for mine, entry in zip(per_second, other, strict=True)]
        shares = [pace * entry["operations_per_token"] / top
                  for pace, entry, top in zip(per_second, rounds, peaks[variant.threads], strict=True)]  # fmt: skip
        result.append({
            "variant": variant.name, "compared_with": variant.compared_with, "tokens_per_second": median(per_second),
            "ratio": median(ratios), "ratio_low": min(ratios), "ratio_high": max(ratios),
            "share_of_peak": median(shares),
        })  # fmt: skip
        print(f"{variant.name:55} {median(per_second):8,.0f} tokens/s  {median(ratios):.2f} x  "
              f"[{min(ratios):.2f}, {max(ratios):.2f}]  {median(shares):.0%} of the peak", flush=True)  # fmt: skip
    gflops = {str(threads): median(values) / 1e9 for threads, values in peaks.items()}
    content = {"rounds": options.rounds, "rows": options.rows, "variants": result, "peak_gflops": gflops}
    save_result("training_speed", content)


if __name__ == "__main__":
    main()
