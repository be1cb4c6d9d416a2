"""The loop that every stage trains with: steps, checkpoints, figures, progress, and an early end.

A run that was cut off at any step goes on from its last checkpoint and ends with the same weights, bit for bit, on
the same number of threads: what a step draws depends on the seed and the step's number alone. Several processes that
torchrun started take a batch each (distributed data parallel, Li et al., 2020, arXiv:2006.15704).
"""

from __future__ import annotations

import copy
import math
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, Dataset

from hunch_training.errors import TrainingError
from hunch_training.loop.devices import Group, advice_about_memory, best_device, process_group, to_device
from hunch_training.loop.learning_rate import rate_at
from hunch_training.loop.run_folder import BEST, LAST, Figures, load_checkpoint, load_weights, save_checkpoint
from hunch_training.loop.settings import LoopSettings
from hunch_training.progress import Progress

M = TypeVar("M", bound=nn.Module)
P = TypeVar("P")
B = TypeVar("B")

_LOG_EVERY = 50
_MAX_WORKERS = 16


def fit(
    model: M,
    plans: Sequence[Sequence[P]],
    draw: Callable[[P, np.random.Generator], B],
    loss_of: Callable[[M, B, float], Tensor],
    evaluate: Callable[[M], Mapping[str, float]],
    settings: LoopSettings,
    run: Path,
    *,
    choose_by: str,
    groups: Callable[[M], list[dict[str, Any]]] | None = None,
    size_of: Callable[[B], int] = lambda batch: 1,
    keep: Mapping[str, Any] | None = None,
    device: torch.device | None = None,
    advice: str = "try a smaller batch",
    checkpoint_every: int = 500,
    workers: int = 0,
    stop_after: int | None = None,
) -> float:
    """Train to the end, or go on from the run's last checkpoint; return the best figure on the valid rows.

    Args:
        model: with its first weights, which depend on the seed alone.
        plans: for each epoch its batches, as far as they are known before anything is drawn.
        draw: makes a batch from its plan; all it draws comes from the generator.
        loss_of: of the model, a batch, and the share of the run that is done; a scalar.
        evaluate: figures on the valid rows, of the model that is kept.
        settings: how to train.
        run: the folder of the run; checkpoints and figures go there.
        choose_by: the figure that chooses the best epoch: lower is better if its name ends with "loss".
        groups: the optimiser's groups, each with an optional "multiple" of the learning rate; None for the usual ones.
        size_of: what is counted per second, for example tokens.
        keep: what a checkpoint holds besides weights and settings, as plain values.
        device: where to compute; None for the best there is.
        advice: what to do when memory does not suffice.
        checkpoint_every: steps between checkpoints.
        workers: processes that make batches ahead; 0 makes each when it is needed.
        stop_after: end at this step as if cut off, for tests.

    Raises:
        TrainingError: there is nothing to learn from, memory does not suffice, the loss is not a number, or the
            checkpoint belongs to another run.
    """
    if not plans or not all(plans):
        raise TrainingError("there is not one batch to learn from: check --limit and the size of a batch")
    device = device or best_device()
    with process_group(device) as group, advice_about_memory(advice):
        taken = settings.accumulate * group.size
        steps = [_fill(plan, taken) for plan in plans]
        ends = np.cumsum([len(plan) // taken for plan in steps]).tolist()
        schedule = [plan for epoch in steps for plan in epoch]
        total, sign = ends[-1], 1.0 if choose_by.endswith("loss") else -1.0
        model = model.to(device)
        average = copy.deepcopy(model) if settings.averaging else model
        optimizer = _optimizer(groups(model) if groups else default_groups(model, settings.weight_decay), settings)
        step, best, worse, loss_sum = 0, math.inf, 0, 0.0
        if (run / LAST).is_file():
            state = load_checkpoint(run / LAST, device)
            if state["settings"] != asdict(settings):
                raise TrainingError(f"{run / LAST}: made with other settings: give another --run or remove that folder")
            load_weights(model, state["model"], run / LAST)
            if settings.averaging:
                average.load_state_dict(state["average"])
            optimizer.load_state_dict(state["optimizer"])
            step, worse, loss_sum = state["step"], state["worse"], state["loss_sum"]
            best = sign * state["best"]
        run.mkdir(parents=True, exist_ok=True)
        figures = Figures(run, step) if group.leads else None
        objective = _parallel(_Objective(model, loss_of), settings, group, device)
        batches = _loader(schedule, draw, settings.seed, group, step * taken, workers, device)
        patience = settings.patience or math.inf

        def save(name: str, **more: Any) -> None:
            if group.leads:
                kept = {"settings": asdict(settings), "step": step, "best": sign * best, **(keep or {})}
                save_checkpoint(run / name, **kept, **more)

        def save_last() -> None:
            more = {"average": average.state_dict()} if settings.averaging else {}
            state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "worse": worse}
            save(LAST, **state, loss_sum=loss_sum, **more)

        with _politely_stopped() as stopped, Progress(total, step, shown=group.leads) as progress:
            started, counted = time.perf_counter(), 0
            while step < total and worse < patience:
                torch.manual_seed((settings.seed * 1_000_003 + step) * group.size + group.rank)
                rate = settings.learning_rate * rate_at(step, total, warmup=settings.warmup, schedule=settings.schedule)
                for part in optimizer.param_groups:
                    part["lr"] = rate * part["multiple"]
                model.train()
                loss = 0.0
                for number in range(settings.accumulate):
                    batch = to_device(next(batches), device)
                    counted += size_of(batch)
                    last = number == settings.accumulate - 1
                    synchronised = nullcontext() if last or group.size == 1 else objective.no_sync()
                    with synchronised, torch.autocast(device.type, torch.bfloat16, enabled=settings.bf16):
                        part_loss = objective(batch, step / total) / settings.accumulate
                    part_loss.backward()
                    loss += float(part_loss.detach())
                if not math.isfinite(loss):
                    raise TrainingError(f"step {step + 1}: the loss is {loss}: try a smaller --learning-rate")
                norm = float(nn.utils.clip_grad_norm_(model.parameters(), settings.clip or math.inf))
                optimizer.step()
                optimizer.zero_grad()
                step += 1
                loss_sum += loss
                if settings.averaging:
                    _move_average(average, model, min(settings.averaging, step / (step + 10)))
                pace = counted * group.size / (time.perf_counter() - started)
                progress.move(step, f"loss {loss:.3f}  {pace:,.0f}/s")
                if step % _LOG_EVERY == 0 and figures:
                    figures.add(step, {"train_loss": loss, "rate": rate, "gradient_norm": norm, "per_second": pace})
                if step in ends:
                    epoch = ends.index(step)
                    average.eval()
                    with torch.no_grad():
                        found = dict(evaluate(average))
                    length = step - (ends[epoch - 1] if epoch else 0)
                    entry = {"epoch": epoch + 1, "loss": loss_sum / length, **found, "per_second": pace}
                    loss_sum = 0.0
                    figure = sign * found[choose_by]
                    best, worse = (figure, 0) if figure < best else (best, worse + 1)
                    if worse == 0:
                        save(BEST, model=average.state_dict())
                    save_last()
                    if figures:
                        figures.add(step, entry)
                    progress.say("  ".join(f"{k} {v:.4g}" for k, v in entry.items()))
                    started, counted = time.perf_counter(), 0
                elif step % checkpoint_every == 0 or step == stop_after or stopped():
                    save_last()
                if step == stop_after or (stopped() and step < total):
                    break
            if stopped() and step < total:
                progress.say(f"stopped at step {step} of {total}; the same command goes on from here")
        if figures:
            figures.close()
        return sign * best


def default_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    """Return the usual groups of the optimiser: matrices with weight decay; tables, biases and norms without."""
    tables = {id(part.weight) for part in model.modules() if isinstance(part, (nn.Embedding, nn.EmbeddingBag))}
    decayed = [part for part in model.parameters() if part.dim() > 1 and id(part) not in tables]
    rest = [part for part in model.parameters() if part.dim() <= 1 or id(part) in tables]
    return [{"params": decayed, "weight_decay": weight_decay}, {"params": rest, "weight_decay": 0.0}]


class _Objective(nn.Module, Generic[M, B]):
    """Model and loss in one, as distributed data parallel and torch.compile want them."""

    def __init__(self, model: M, loss_of: Callable[[M, B, float], Tensor]) -> None:
        super().__init__()
        self.model = model
        self._loss_of = loss_of

    def forward(self, batch: B, share: float) -> Tensor:
        return self._loss_of(self.model, batch, share)


class _Drawn(Dataset[Any], Generic[P, B]):
    """Batches by their number in the schedule."""

    def __init__(self, schedule: Sequence[P], draw: Callable[[P, np.random.Generator], B], seed: int) -> None:
        self._schedule, self._draw, self._seed = schedule, draw, seed

    def __getitem__(self, number: int) -> B:
        return self._draw(self._schedule[number], np.random.default_rng((self._seed, 1, number)))


def _loader(
    schedule: Sequence[P], draw: Callable[[P, np.random.Generator], B], seed: int, group: Group, first: int,
    workers: int, device: torch.device,
) -> Iterator[B]:  # fmt: skip
    numbers = range(first + group.rank, len(schedule), group.size)
    loader: DataLoader[Any] = DataLoader(
        _Drawn(schedule, draw, seed), batch_size=None, sampler=numbers, num_workers=min(workers, _MAX_WORKERS),
        pin_memory=device.type == "cuda",
    )  # fmt: skip
    return iter(loader)


def _parallel(objective: _Objective[Any, Any], settings: LoopSettings, group: Group, device: torch.device) -> Any:
    compiled: Any = torch.compile(objective, dynamic=True) if settings.compile else objective
    if group.size == 1:
        return compiled
    return DistributedDataParallel(compiled, device_ids=[device] if device.type == "cuda" else None)


def _optimizer(groups: list[dict[str, Any]], settings: LoopSettings) -> torch.optim.Optimizer:
    for group in groups:
        group.setdefault("multiple", 1.0)
    return torch.optim.AdamW(groups, lr=settings.learning_rate, betas=(0.9, 0.98), fused=True)


def _fill(plan: Sequence[P], taken: int) -> list[P]:
    """Let a plan be a multiple of what a step takes; its first batches come again for what is missing."""
    missing = -len(plan) % taken
    return [*plan, *(plan[number % len(plan)] for number in range(missing))]


@torch.no_grad()
def _move_average(average: nn.Module, model: nn.Module, decay: float) -> None:
    """Follow the weights along the way (Polyak and Juditsky, 1992)."""
    for mean, value in zip(average.parameters(), model.parameters(), strict=True):
        mean.lerp_(value, 1 - decay)


@contextmanager
def _politely_stopped() -> Iterator[Callable[[], bool]]:
    """Give a function that tells whether the run was asked to stop (Ctrl+C, SIGTERM); a second time ends at once."""
    asked = False

    def ask(number: int, frame: Any) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    try:
        before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:  # not the main thread: whoever runs us has the signals
        before = {}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
