"""The parts that every Transformer here is made of (Vaswani et al., 2017, arXiv:1706.03762).

Each part normalises first, which trains without a warm-up that has to be tuned (Xiong et al., 2020, arXiv:2002.04745).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention


class Attention(nn.Module):
    """Several heads of attention; without dropout of its own, as that keeps torch from its fast kernels."""

    def __init__(self, dim: int, heads: int) -> None:
        """Start from random weights."""
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value = (nn.Linear(dim, dim) for _ in range(3))
        self.join = nn.Linear(dim, dim)

    def keys_and_values(self, read: Tensor) -> tuple[Tensor, Tensor]:
        """Return what is compared and what is read, [n, heads, length, dim / heads] each."""
        return self._split(self.key(read)), self._split(self.value(read))

    def forward(
        self, asking: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None = None, *, causal: bool = False
    ) -> Tensor:
        """Return what each position reads, [n, length, dim]."""
        read = scaled_dot_product_attention(self._split(self.query(asking)), keys, values, mask, is_causal=causal)
        joined: Tensor = self.join(read.transpose(1, 2).flatten(2))
        return joined

    def weights(self, asking: Tensor, keys: Tensor, mask: Tensor) -> Tensor:
        """Return how much each position reads of each other, mean over the heads, [n, length, other]."""
        query = self._split(self.query(asking))
        scores = query @ keys.transpose(2, 3) / math.sqrt(query.shape[3])
        return scores.masked_fill(~mask, float("-inf")).softmax(dim=3).mean(dim=1)

    def _split(self, joined: Tensor) -> Tensor:
        return joined.view(*joined.shape[:2], self.heads, -1).transpose(1, 2)


class Layer(nn.Module):
    """Attention to itself, and two linear maps."""

    def __init__(self, dim: int, heads: int, dropout: float) -> None:
        """Start from random weights."""
        super().__init__()
        self.own, self.own_norm = Attention(dim, heads), nn.LayerNorm(dim)
        self.wide = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim))
        self.dropout = nn.Dropout(dropout)

    def forward(self, read: Tensor, is_token: Tensor) -> Tensor:
        """Return what each position becomes, [n, length, dim]; ``is_token`` bool [n, 1, 1, length]."""
        normed = self.own_norm(read)
        read = read + self.dropout(self.own(normed, *self.own.keys_and_values(normed), is_token))
        changed: Tensor = read + self.dropout(self.wide(read))
        return changed


def sinusoids(length: int, dim: int) -> Tensor:
    """Return where learned positions start, float32 [length, dim]: waves of growing length, so that near is alike."""
    angles = torch.arange(length)[:, None] * torch.exp(torch.arange(0, dim, 2) * (-math.log(10_000.0) / dim))
    return torch.stack([angles.sin(), angles.cos()], dim=2).flatten(1)[:, :dim]
