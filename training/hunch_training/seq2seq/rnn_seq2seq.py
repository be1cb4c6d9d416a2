"""Sequence to sequence with recurrent networks and additive attention (Bahdanau et al., 2015, arXiv:1409.0473)."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn


class RnnState(NamedTuple):
    """All that the next step needs, one row a sequence."""

    hidden: Tensor
    """float32 [n, hidden]"""
    context: Tensor
    """float32 [n, 2 * hidden], what attention read last"""
    memory: Tensor
    """float32 [n, source, 2 * hidden], what the encoder wrote"""
    keys: Tensor
    """float32 [n, source, hidden / 2], the memory as attention compares it"""
    padding: Tensor
    """bool [n, source], true where there is no token"""


class RnnSeq2Seq(nn.Module):
    """A bidirectional GRU reads, a GRU with attention writes; source and target share one embedding table.

    The decoder's output is compared with the same table (Press and Wolf, 2017, arXiv:1608.05859).
    """

    def __init__(
        self, vocabulary: int, dim: int = 256, hidden: int = 256, *, dropout: float = 0.1, pad: int = 0
    ) -> None:
        """Start from random weights.

        Args:
            vocabulary: tokens of source and target together.
            dim: of an embedding.
            hidden: of each direction of the encoder, and of the decoder.
            dropout: of embeddings and of the decoder's output, while training.
            pad: the token that fills short rows.
        """
        super().__init__()
        self.pad = pad
        self.table = nn.Embedding(vocabulary, dim, padding_idx=pad)
        nn.init.normal_(self.table.weight, std=dim**-0.5)
        self.dropout = nn.Dropout(dropout)
        self.forwards = nn.GRU(dim, hidden)
        self.backwards = nn.GRU(dim, hidden)
        self.first_hidden = nn.Linear(2 * hidden, hidden)
        # Comparing every source token at every step takes most of the time, so it is done in fewer dimensions.
        compared = max(1, hidden // 2)
        self.memory_key = nn.Linear(2 * hidden, compared, bias=False)
        self.query_key = nn.Linear(hidden, compared)
        self.energy = nn.Linear(compared, 1, bias=False)
        self.decoder = nn.GRUCell(dim + 2 * hidden, hidden)
        self.output = nn.Linear(dim + 3 * hidden, dim)
        self.output_bias = nn.Parameter(torch.zeros(vocabulary))

    def begin(self, source: Tensor) -> RnnState:
        """Read sources, int64 [n, source], padded on the right; every row has a token."""
        padding = source == self.pad
        # Packed sequences give gradients a step at a time, which is several times slower on a processor than this:
        # both directions read padded rows from their first token on, so that padding is only read behind the text.
        lengths = (~padding).sum(dim=1)
        columns = torch.arange(source.shape[1], device=source.device)
        mirrored = torch.where(padding, columns, lengths[:, None] - 1 - columns)
        embedded = self.dropout(self.table(source))
        ahead, _ = self.forwards(embedded.transpose(0, 1))
        back, _ = self.backwards(_reordered(embedded, mirrored).transpose(0, 1))
        ahead, back = ahead.transpose(0, 1), back.transpose(0, 1)
        memory = torch.cat([ahead, _reordered(back, mirrored)], dim=2)
        ends = (lengths - 1)[:, None]
        last = torch.cat([_reordered(ahead, ends), _reordered(back, ends)], dim=2).squeeze(1)
        hidden = torch.tanh(self.first_hidden(last))
        context = torch.zeros(len(source), memory.shape[2], device=memory.device, dtype=memory.dtype)
        return RnnState(hidden, context, memory, self.memory_key(memory), padding)

    def step(self, tokens: Tensor, state: RnnState) -> tuple[Tensor, RnnState, Tensor]:
        """Take one token a row, int64 [n]; give logits [n, vocabulary], the next state, attention [n, source]."""
        read, state, attention = self._read(self.dropout(self.table(tokens)), state)
        return self.logits(self.dropout(read)), state, attention

    def forward(
        self, source: Tensor, target: Tensor, *, teacher_forcing: float = 1.0, generator: torch.Generator | None = None
    ) -> Tensor:
        """Return the logits of each next token, float32 [n, target - 1, vocabulary]; arguments as for ``states``."""
        return self.logits(self.states(source, target, teacher_forcing=teacher_forcing, generator=generator))

    def states(
        self, source: Tensor, target: Tensor, *, teacher_forcing: float = 1.0, generator: torch.Generator | None = None
    ) -> Tensor:
        """Return what is compared with the vocabulary for each next token, float32 [n, target - 1, dim].

        Args:
            source: int64 [n, source], padded on the right.
            target: int64 [n, target], each row from its first token on, the one that says "begin" included.
            teacher_forcing: the probability that a step sees the right token and not the one that the model would have
                written itself (scheduled sampling, Bengio et al., 2015, arXiv:1506.03099).
            generator: for these draws; None for the global one.
        """
        state = self.begin(source)
        embedded = self.dropout(self.table(target[:, :-1]))
        reads: list[Tensor] = []
        for position, step_embedded in enumerate(embedded.unbind(dim=1)):
            if teacher_forcing < 1 and reads:
                tokens = target[:, position]
                own = torch.rand(len(tokens), generator=generator).to(tokens.device) >= teacher_forcing
                own &= tokens != self.pad
                written = self.logits(self.dropout(reads[-1].detach())).argmax(dim=1)
                step_embedded = torch.where(own[:, None], self.dropout(self.table(written)), step_embedded)
            read, state, _ = self._read(step_embedded, state)
            reads.append(read)
        dropped: Tensor = self.dropout(torch.stack(reads, dim=1))
        return dropped

    def logits(self, states: Tensor) -> Tensor:
        """Compare states with the vocabulary, [..., dim] -> [..., vocabulary]."""
        return states @ self.table.weight.T + self.output_bias

    def _read(self, embedded: Tensor, state: RnnState) -> tuple[Tensor, RnnState, Tensor]:
        hidden = self.decoder(torch.cat([embedded, state.context], dim=1), state.hidden)
        energies = self.energy(torch.tanh(state.keys + self.query_key(hidden)[:, None])).squeeze(2)
        attention = energies.masked_fill(state.padding, float("-inf")).softmax(dim=1)
        context = torch.bmm(attention[:, None], state.memory).squeeze(1)
        read = torch.tanh(self.output(torch.cat([embedded, hidden, context], dim=1)))
        return read, state._replace(hidden=hidden, context=context), attention

    @staticmethod
    def select(state: RnnState, rows: Tensor) -> RnnState:
        """Return the states of some rows, int64 [m], of which any may come several times."""
        return RnnState(*(part[rows] for part in state))


def _reordered(rows: Tensor, places: Tensor) -> Tensor:
    """Return rows[i, places[i, j]] as [n, places, dim]."""
    return rows.gather(1, places[:, :, None].expand(-1, -1, rows.shape[2]))
