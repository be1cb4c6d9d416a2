"""Cross-entropy of a large vocabulary without keeping its logits.

The logits of a batch are the largest thing that a model which writes computes: writing them, their softmax and their
gradient to memory took a third of a step. Here a few rows at a time are compared with the vocabulary, and their part of
the gradient is computed while they are still in the processor's cache.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

_LOGITS_AT_ONCE = {"cpu": 1 << 21, "cuda": 1 << 27}


def output_loss(
    states: Tensor,
    table: Tensor,
    bias: Tensor,
    wanted: Tensor,
    *,
    weights: Tensor | None = None,
    smoothing: float = 0.0,
) -> Tensor:
    """Return ``functional.cross_entropy(states @ table.T + bias, wanted, weights, label_smoothing=smoothing)``.

    Products are in bfloat16 where autocast says so; sums, softmax and loss are float32 all the same. 0 without rows.

    Args:
        states: float [n, dim], one row a token that is wanted.
        table: float32 [vocabulary, dim].
        bias: float32 [vocabulary].
        wanted: int64 [n].
        weights: float32 [vocabulary], what each token's loss is multiplied with; None for equal ones.
        smoothing: share of the wanted probability that is spread over all tokens.
    """
    if weights is None:
        weights = torch.ones(len(table), device=table.device)
    kind = (
        torch.get_autocast_dtype(states.device.type) if torch.is_autocast_enabled(states.device.type) else table.dtype
    )
    loss: Tensor = _apply(states, table, bias, wanted, weights, smoothing, kind, torch.is_grad_enabled())
    return loss


class _OutputLoss(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, states: Tensor, table: Tensor, bias: Tensor, wanted: Tensor, weights: Tensor, smoothing: float,
        kind: torch.dtype, learns: bool,
    ) -> Tensor:  # fmt: skip
        vocabulary = len(table)
        rows, pieces = states.to(kind), table.to(kind)
        row_weights = weights[wanted]
        divisor = row_weights.sum()
        # The loss of a row is a mix of two: of the wanted token, and of all tokens alike.
        of_wanted, of_all = (1 - smoothing) * row_weights / divisor, smoothing / vocabulary / divisor
        # Each row's gradient: its probabilities times ``spread``, less what was wanted.
        spread = of_wanted + of_all * weights.sum()
        loss = states.new_zeros((), dtype=torch.float32)
        gradients = (torch.empty_like(rows), torch.zeros_like(table), torch.zeros_like(bias)) if learns else None
        step = max(1, _LOGITS_AT_ONCE.get(states.device.type, 1 << 24) // vocabulary)
        for start in range(0, len(rows), step):
            part = slice(start, start + step)
            logits = (rows[part] @ pieces.T).float().add_(bias)
            targets = wanted[part, None]
            total = logits.logsumexp(dim=1, keepdim=True)
            log_chances = logits.sub_(total)
            loss -= (of_wanted[part] * log_chances.gather(1, targets).squeeze(1)).sum()
            if smoothing:
                loss -= of_all * (log_chances * weights).sum()
            if gradients is None:
                continue
            of_rows, of_table, of_bias = gradients
            slope = log_chances.exp_().mul_(spread[part, None])
            slope.scatter_add_(1, targets, -of_wanted[part, None])
            if smoothing:
                slope -= of_all * weights
            of_bias += slope.sum(dim=0)
            low = slope.to(kind)
            of_rows[part] = low @ pieces
            of_table += low.T @ rows[part]
        if gradients is not None:
            of_rows, of_table, of_bias = gradients
            ctx.save_for_backward(of_rows.to(states.dtype), of_table, of_bias)
        return loss

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor | None, ...]:
        of_states, of_table, of_bias = ctx.saved_tensors
        (slope,) = slopes
        return of_states * slope, of_table * slope, of_bias * slope, None, None, None, None, None


# torch.compile would translate it again for every number of tokens.
_apply: Any = torch.compiler.disable(_OutputLoss.apply)  # type: ignore[no-untyped-call]  # torch has no type for it
