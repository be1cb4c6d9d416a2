"""A small Transformer that turns a text, prose or code, into one vector."""

from __future__ import annotations

import math
from pathlib import Path
from typing import cast

from torch import Tensor, nn
from torch.nn import functional

from hunch_training.errors import TrainingError
from hunch_training.loop.run_folder import BEST, load_checkpoint
from hunch_training.networks.attention import Layer, sinusoids


class TransformerEncoder(nn.Module):
    """Layers of attention over token, field and position embeddings; the text is the mean over its tokens."""

    def __init__(
        self, vocabulary: int, dim: int = 256, *, layers: int = 4, heads: int = 4, fields: int = 1,
        dropout: float = 0.1, longest: int = 256, pad: int = 0,
    ) -> None:  # fmt: skip
        """Start from random weights.

        Args:
            vocabulary: tokens.
            dim: of embeddings, layers and result; a multiple of ``heads``.
            layers: of attention.
            heads: of each attention.
            fields: kinds of places where a token can stand (name, body ...); 1 for prose alone.
            dropout: while training.
            longest: positions that can be told apart; what is longer is cut off.
            pad: the token that fills short rows.
        """
        super().__init__()
        self.pad, self.dim, self.longest = pad, dim, longest
        self.table = nn.Embedding(vocabulary, dim, padding_idx=pad)
        self.field_table = nn.Embedding(fields, dim)
        nn.init.normal_(self.table.weight, std=dim**-0.5)
        nn.init.zeros_(self.field_table.weight)
        self.positions = nn.Parameter(sinusoids(longest, dim))
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(Layer(dim, heads, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(dim)

    def states(self, ids: Tensor, fields: Tensor | None = None) -> Tensor:
        """Return what each token becomes, float32 [n, length, dim].

        Args:
            ids: int64 [n, length], padded on the right.
            fields: int64 [n, length], where each token stands; None for field 0.
        """
        ids = ids[:, : self.longest]
        read = self.table(ids) * math.sqrt(self.dim) + self.positions[: ids.shape[1]]
        read = read + (self.field_table.weight[0] if fields is None else self.field_table(fields[:, : self.longest]))
        read = self.dropout(read)
        # A row without a token would have nothing to attend to, and end as NaN: its padding attends to itself.
        is_token = (ids != self.pad) | (ids == self.pad).all(dim=1, keepdim=True)
        for layer in cast("list[Layer]", self.layers):
            read = layer(read, is_token[:, None, None, :])
        written: Tensor = self.norm(read)
        return written

    def forward(self, ids: Tensor, fields: Tensor | None = None) -> Tensor:
        """Return the embeddings of texts, float32 [n, dim], L2-normalised; a text without a token is zeros."""
        is_token = (ids[:, : self.longest] != self.pad)[:, :, None]
        summed = (self.states(ids, fields) * is_token).sum(dim=1)
        return functional.normalize(summed, dim=1)


def load_encoder_weights(run: Path) -> dict[str, Tensor]:
    """Return the weights of the best encoder of a run of ``hunch-train text-encoder``.

    Raises:
        TrainingError: there is no such run, or its checkpoint is none of that stage's.
    """
    weights = load_checkpoint(run / BEST)["model"]
    found = {name[len("encoder.") :]: value for name, value in weights.items() if name.startswith("encoder.")}
    if not found:
        raise TrainingError(f"{run / BEST}: the checkpoint of another stage: give a run of text-encoder")
    return found
