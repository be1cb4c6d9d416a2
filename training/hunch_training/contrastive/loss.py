"""The one contrastive loss (InfoNCE): an in-batch softmax over scaled cosines, in both directions."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

_GREATEST_LOGIT_SCALE = math.log(50.0)
_TINY = 1e-37


def initial_logit_scale(temperature: float) -> nn.Parameter:
    """Return the learnt logarithm of the softmax's scale, which is one over the temperature."""
    return nn.Parameter(torch.tensor(-math.log(temperature)))


def contrastive_loss(
    queries: Tensor,
    code: Tensor,
    logit_scale: Tensor,
    same: Tensor,
    sizes: Sequence[int] = (),
    size_weight: float = 1.0,
) -> Tensor:
    """Return the mean cross-entropy of finding the other side of a pair, from queries to code and back.

    The rest of the batch are the negatives (van den Oord et al., 2018, arXiv:1807.03748; both ways as in Radford et
    al., 2021, arXiv:2103.00020).

    Args:
        queries: float32 [n, dim], L2-normalised.
        code: float32 [m, dim]: row i belongs to row i of the queries, those beyond n are further negatives of all.
        logit_scale: the logarithm of what cosines are multiplied with, scalar; a greater one counts as log 50.
        same: bool [n, m], pairs that are no negatives, as their queries are equal, for example; false on the diagonal.
        sizes: numbers of leading dimensions that shall do on their own (Matryoshka representations, Kusupati et al.,
            2022, arXiv:2205.13147).
        size_weight: what the loss of each such size counts; that of the whole counts 1, and all are divided by the sum.
    """
    losses = [_softmax_both_ways(queries, code, logit_scale, same)]
    for size in sizes:
        short_queries, short_code = (functional.normalize(part[:, :size], dim=1) for part in (queries, code))
        losses.append(size_weight * _softmax_both_ways(short_queries, short_code, logit_scale, same))
    total: Tensor = sum(losses[1:], losses[0])
    return total / (1 + size_weight * len(sizes)) if sizes else total


def _softmax_both_ways(queries: Tensor, code: Tensor, logit_scale: Tensor, same: Tensor) -> Tensor:
    # One exponential serves both directions. It cannot overflow, as cosine - 1 is never positive; the subtraction
    # is a further component, so that no further pass over [n, m] is needed.
    with torch.autocast(queries.device.type, enabled=False):
        scale = logit_scale.clamp(max=_GREATEST_LOGIT_SCALE).exp()
        scaled = torch.cat([queries.float() * scale, -scale.expand(len(queries), 1)], dim=1)
        logits = scaled @ torch.cat([code.float(), code.new_ones(len(code), 1, dtype=torch.float32)], dim=1).T
        own = logits.diagonal()
        weights = logits.exp()
        weights = weights.masked_fill(same, 0) if same.any() else weights
        by_code = weights[:, : len(queries)].sum(dim=0)
        others = weights.sum(dim=1).clamp(min=_TINY).log() + by_code.clamp(min=_TINY).log()
        return (others / 2 - own).mean()
