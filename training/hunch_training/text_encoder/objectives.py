"""What a text encoder learns from: hidden words, the other text of a pair, a teacher's vector; batches and losses."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from hunch.text.tokenizer import PADDING_ID, SPECIAL_PIECES, UNKNOWN_ID
from hunch_training.errors import TrainingError

_SMALLEST_TEMPERATURE = 0.01


class MaskedBatch(NamedTuple):
    """Texts with hidden tokens, int64 [n, length] each."""

    ids: Tensor
    wanted: Tensor
    """what stood where something is to be guessed, else padding"""


class PairBatch(NamedTuple):
    """Texts that belong together, row by row."""

    left: Tensor
    """int64 [n, length]"""
    right: Tensor
    """int64 [n, length]"""
    numbers: Tensor
    """int64 [n, 2], of left and right, the same for the same text"""


class TaughtBatch(NamedTuple):
    """Texts and the teacher's vectors of them."""

    ids: Tensor
    """int64 [n, length]"""
    vectors: Tensor
    """float32 [n, dim of the teacher]"""


class HiddenWords(nn.Module):
    """Guesses pieces from what became of their positions, by likeness to the pieces' embeddings."""

    def __init__(self, dim: int, vocabulary: int) -> None:
        """Start from random weights."""
        super().__init__()
        self.change = nn.Sequential(nn.Linear(dim, dim), nn.GELU(), nn.LayerNorm(dim))
        self.bias = nn.Parameter(torch.zeros(vocabulary))

    def forward(self, states: Tensor, table: Tensor) -> Tensor:
        """Return scores of all pieces, [n, vocabulary], for states [n, dim] and a table [vocabulary, dim]."""
        return functional.linear(self.change(states), table, self.bias)


class Temperature(nn.Module):
    """The learnt sharpness of the softmax over a batch (Radford et al., 2021, arXiv:2103.00020)."""

    def __init__(self, start: float) -> None:
        """Start from a temperature."""
        super().__init__()
        self.log_scale = nn.Parameter(torch.tensor(-math.log(start)))

    def forward(self) -> Tensor:
        """Return what similarities are multiplied with, a scalar."""
        return self.log_scale.exp().clamp(max=1 / _SMALLEST_TEMPERATURE)


def hide(
    ids: Tensor, generator: np.random.Generator, continues: NDArray[np.bool_], *, share: float, whole_words: bool
) -> MaskedBatch:
    """Hide some tokens of texts, int64 [n, length].

    Of what is to be guessed, 8 in 10 become the unknown piece, 1 another piece, 1 stays. The unknown piece is what a
    model sees for a word that cannot be read, so the vocabulary needs no piece of its own for what is hidden.
    """
    read = ids.numpy()
    starts = ~continues[read] if whole_words else np.ones(read.shape, bool)
    starts[:, :1] = True
    word = np.cumsum(starts, axis=1) - 1
    chosen = np.take_along_axis(generator.random(read.shape) < share, word, axis=1) & (read != PADDING_ID)
    what = np.take_along_axis(generator.random(read.shape), word, axis=1)
    others = generator.integers(len(SPECIAL_PIECES), len(continues), read.shape)
    hidden = np.where(chosen & (what < 0.8), UNKNOWN_ID, np.where(chosen & (what < 0.9), others, read))
    return MaskedBatch(torch.from_numpy(hidden), torch.from_numpy(np.where(chosen, read, PADDING_ID)))


def contrastive_loss(left: Tensor, right: Tensor, numbers: Tensor, scale: Tensor) -> Tensor:
    """Return the mean cross-entropy of finding the other text of a pair, from left to right and back.

    The other pairs of the batch are the negatives (van den Oord et al., 2018, arXiv:1807.03748), but for those that
    have a text in common with the pair.

    Args:
        left: float32 [n, dim]; compared by cosine.
        right: float32 [n, dim].
        numbers: int64 [n, 2], of the texts, the same for the same text.
        scale: what cosines are multiplied with.
    """
    scores = scale * functional.normalize(left, dim=1) @ functional.normalize(right, dim=1).T
    shared = (numbers[:, None, :, None] == numbers[None, :, None, :]).flatten(2).any(dim=2)
    own = torch.eye(len(left), dtype=torch.bool, device=left.device)
    scores = scores.masked_fill(shared & ~own, float("-inf"))
    places = torch.arange(len(left), device=left.device)
    return (functional.cross_entropy(scores, places) + functional.cross_entropy(scores.T, places)) / 2


def vector_loss(mapped: Tensor, taught: Tensor, kind: str) -> Tensor:
    """Return how far mapped vectors are from the teacher's, float32 [n, dim] each.

    Raises:
        TrainingError: there is no such loss.
    """
    if kind == "cosine":
        return (1 - functional.cosine_similarity(mapped, taught, dim=1)).mean()
    if kind == "mse":
        return (mapped - taught).square().sum(dim=1).mean()
    raise TrainingError(f"there is no --vector-loss {kind!r}: known are cosine, mse")


def similarity_loss(vectors: Tensor, taught: Tensor, temperature: float) -> Tensor:
    """Return the mean Kullback-Leibler divergence of whom a text is like, ours from the teacher's.

    Both are softmaxes over the cosines to the other texts of the batch, float32 [n, dim] each (SEED does so for
    pictures; Fang et al., 2021, arXiv:2101.04731). 0 for a batch of one.
    """
    if len(vectors) < 2:
        return vectors.sum() * 0
    itself = torch.eye(len(vectors), dtype=torch.bool, device=vectors.device)
    ours, theirs = (
        (normal @ normal.T / temperature)[~itself].view(len(vectors), -1).log_softmax(dim=1)
        for normal in (functional.normalize(part, dim=1) for part in (vectors, taught))
    )
    return functional.kl_div(ours, theirs, log_target=True, reduction="batchmean")
