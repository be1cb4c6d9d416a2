"""Sequence to sequence with attention alone (Vaswani et al., 2017, arXiv:1706.03762)."""

from __future__ import annotations

import math
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from hunch_training.networks.attention import Attention, Layer, sinusoids


class TransformerState(NamedTuple):
    """All that the next step needs, one row a sequence; the tuples hold one tensor a layer."""

    position: int
    """How many tokens were written."""
    own_keys: tuple[Tensor, ...]
    """float32 [n, heads, position, dim / heads]: of the tokens that were written"""
    own_values: tuple[Tensor, ...]
    memory_keys: tuple[Tensor, ...]
    """float32 [n, heads, source, dim / heads]: of what the encoder wrote"""
    memory_values: tuple[Tensor, ...]
    is_token: Tensor
    """bool [n, 1, 1, source], false where there is no token"""


class DecoderLayer(Layer):
    """A layer that reads the memory between the two."""

    def __init__(self, dim: int, heads: int, dropout: float) -> None:
        """Start from random weights."""
        super().__init__(dim, heads, dropout)
        self.memory, self.memory_norm = Attention(dim, heads), nn.LayerNorm(dim)


class TransformerSeq2Seq(nn.Module):
    """Encoder and decoder of a few layers; source, target and output share one embedding table."""

    def __init__(
        self, vocabulary: int, dim: int = 256, *, layers: int = 3, heads: int = 4, dropout: float = 0.1,
        longest: int = 512, pad: int = 0,
    ) -> None:  # fmt: skip
        """Start from random weights.

        Args:
            vocabulary: tokens of source and target together.
            dim: of embeddings and layers; a multiple of ``heads``.
            layers: of the encoder, and of the decoder.
            heads: of each attention.
            dropout: while training.
            longest: positions that can be told apart; longer sources are an error.
            pad: the token that fills short rows.
        """
        super().__init__()
        self.pad, self.dim = pad, dim
        self.table = nn.Embedding(vocabulary, dim, padding_idx=pad)
        nn.init.normal_(self.table.weight, std=dim**-0.5)
        self.positions = nn.Parameter(sinusoids(longest, dim))
        self.dropout = nn.Dropout(dropout)
        self.encoder = nn.ModuleList(Layer(dim, heads, dropout) for _ in range(layers))
        self.decoder = nn.ModuleList(DecoderLayer(dim, heads, dropout) for _ in range(layers))
        self.encoder_norm, self.decoder_norm = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.output_bias = nn.Parameter(torch.zeros(vocabulary))

    def begin(self, source: Tensor) -> TransformerState:
        """Read sources, int64 [n, source], padded on the right; every row has a token."""
        is_token = (source != self.pad)[:, None, None, :]
        read = self._embed(source, 0)
        for layer in cast("list[Layer]", self.encoder):
            read = layer(read, is_token)
        read = self.encoder_norm(read)
        pairs = [layer.memory.keys_and_values(read) for layer in cast("list[DecoderLayer]", self.decoder)]
        nothing = tuple(keys[:, :, :0] for keys, _ in pairs)
        return TransformerState(
            0, nothing, nothing, tuple(keys for keys, _ in pairs), tuple(values for _, values in pairs), is_token
        )

    def step(self, tokens: Tensor, state: TransformerState) -> tuple[Tensor, TransformerState, Tensor]:
        """Take one token a row, int64 [n]; give logits [n, vocabulary], the next state, attention [n, source]."""
        states, following, attention = self._write(tokens[:, None], state, attends=True)
        assert attention is not None
        return self.logits(states[:, 0]), following, attention[:, 0]

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """Return the logits of each next token, float32 [n, target - 1, vocabulary]; see RnnSeq2Seq.forward."""
        return self.logits(self.states(source, target))

    def states(self, source: Tensor, target: Tensor) -> Tensor:
        """Return what is compared with the vocabulary for each next token, float32 [n, target - 1, dim]."""
        return self._write(target[:, :-1], self.begin(source), attends=False)[0]

    def logits(self, states: Tensor) -> Tensor:
        """Compare states with the vocabulary, [..., dim] -> [..., vocabulary]."""
        return states @ self.table.weight.T + self.output_bias

    def _write(
        self, tokens: Tensor, state: TransformerState, *, attends: bool
    ) -> tuple[Tensor, TransformerState, Tensor | None]:
        """Take several tokens a row at once when none was written before, one otherwise."""
        written = self._embed(tokens, state.position)
        causal = state.position == 0 and tokens.shape[1] > 1
        own_keys, own_values = [], []
        attention: Tensor | None = None
        for number, layer in enumerate(cast("list[DecoderLayer]", self.decoder)):
            normed = layer.own_norm(written)
            keys, values = layer.own.keys_and_values(normed)
            keys = torch.cat([state.own_keys[number], keys], dim=2)
            values = torch.cat([state.own_values[number], values], dim=2)
            own_keys.append(keys)
            own_values.append(values)
            written = written + layer.dropout(layer.own(normed, keys, values, causal=causal))
            normed = layer.memory_norm(written)
            if attends:  # of the last layer, in the end
                attention = layer.memory.weights(normed, state.memory_keys[number], state.is_token)
            read = layer.memory(normed, state.memory_keys[number], state.memory_values[number], state.is_token)
            written = written + layer.dropout(read)
            written = written + layer.dropout(layer.wide(written))
        following = state._replace(
            position=state.position + tokens.shape[1], own_keys=tuple(own_keys), own_values=tuple(own_values)
        )
        return self.decoder_norm(written), following, attention

    def _embed(self, tokens: Tensor, first: int) -> Tensor:
        length = tokens.shape[1]
        if first + length > len(self.positions):
            raise ValueError(f"{first + length} tokens: the model tells {len(self.positions)} positions apart")
        embedded = self.table(tokens) * math.sqrt(self.dim) + self.positions[first : first + length]
        dropped: Tensor = self.dropout(embedded)
        return dropped

    @staticmethod
    def select(state: TransformerState, rows: Tensor) -> TransformerState:
        """Return the states of some rows, int64 [m], of which any may come several times."""
        keys, values, memory_keys, memory_values = (tuple(part[rows] for part in parts) for parts in state[1:5])
        return TransformerState(state.position, keys, values, memory_keys, memory_values, state.is_token[rows])
