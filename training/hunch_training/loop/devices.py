"""Where a model is trained: one processor or accelerator, or several that torchrun started."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor, distributed

from hunch_training.errors import TrainingError


class Group(NamedTuple):
    """The processes that train one model together."""

    rank: int
    size: int

    @property
    def leads(self) -> bool:
        """Whether this process writes files and progress."""
        return self.rank == 0


def best_device() -> torch.device:
    """Return CUDA (this process's own, under torchrun), else Apple's GPU, else the processor."""
    if torch.cuda.is_available():
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


@contextmanager
def process_group(device: torch.device) -> Iterator[Group]:
    """Join the processes that torchrun started; a process that it did not start is a group of its own."""
    if "RANK" not in os.environ:
        yield Group(0, 1)
        return
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Group(distributed.get_rank(), distributed.get_world_size())
    finally:
        distributed.destroy_process_group()


def gather_rows(rows: Tensor) -> Tensor:
    """Return the rows of all processes, [processes * n, dim], so that each has the others' as negatives.

    Each process has as many rows. Gradients flow back to the process that a row came from.
    """
    if not distributed.is_available() or not distributed.is_initialized():
        return rows
    apply: Any = _Gather.apply  # typed in some releases of torch and untyped in others
    gathered: Tensor = apply(rows)
    return gathered


class _Gather(torch.autograd.Function):
    """all_gather with a way back: what all processes want of a row is summed where it came from."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor) -> Tensor:
        parts = [torch.empty_like(rows) for _ in range(distributed.get_world_size())]
        distributed.all_gather(parts, rows.contiguous())
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        summed = gradients[0].contiguous().clone()
        distributed.all_reduce(summed)
        return summed.chunk(distributed.get_world_size())[distributed.get_rank()]


def to_device(batch: Any, device: torch.device) -> Any:
    """Return a batch of tensors, nested in named tuples, tuples or lists, on a device."""
    if isinstance(batch, Tensor):
        return batch.to(device, non_blocking=True)
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):
        return type(batch)(*(to_device(part, device) for part in batch))
    if isinstance(batch, (tuple, list)):
        return type(batch)(to_device(part, device) for part in batch)
    return batch


@contextmanager
def advice_about_memory(advice: str) -> Iterator[None]:
    """Turn running out of memory into a message that says what to try.

    Raises:
        TrainingError: memory ran out.
    """
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise TrainingError(f"too little memory on the accelerator: {advice}") from error
    except MemoryError as error:
        raise TrainingError(f"too little memory: {advice}") from error
    except RuntimeError as error:
        if "not enough memory" not in str(error) and "can't allocate memory" not in str(error):
            raise
        raise TrainingError(f"too little memory: {advice}") from error


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
