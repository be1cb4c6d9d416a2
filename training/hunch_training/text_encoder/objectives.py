"""Objectives of the text encoder: masked language modelling, distillation, and what contrastive training needs."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from hunch.text.tokenizer import PADDING_ID, SPECIAL_PIECES, UNKNOWN_ID
from hunch_training.contrastive.loss import initial_logit_scale
from hunch_training.errors import TrainingError


class MaskedBatch(NamedTuple):
    """Texts with masked tokens, int64 [n, length] each."""

    ids: Tensor
    wanted: Tensor
    """the tokens to predict, else padding"""


class PairBatch(NamedTuple):
    """Texts that belong together, row by row."""

    left: Tensor
    """int64 [n, length]"""
    right: Tensor
    """int64 [n, length]"""
    numbers: Tensor
    """int64 [n, 2], of left and right, the same for the same text"""


class DistillationBatch(NamedTuple):
    """Texts and the teacher's vectors of them."""

    ids: Tensor
    """int64 [n, length]"""
    vectors: Tensor
    """float32 [n, dim of the teacher]"""


class MaskedLanguageHead(nn.Module):
    """Predicts masked pieces from the states of their positions; output weights are the pieces' embeddings."""

    def __init__(self, dim: int, vocabulary: int) -> None:
        """Start from random weights."""
        super().__init__()
        self.change = nn.Sequential(nn.Linear(dim, dim), nn.GELU(), nn.LayerNorm(dim))
        self.bias = nn.Parameter(torch.zeros(vocabulary))

    def forward(self, states: Tensor, table: Tensor) -> Tensor:
        """Return scores of all pieces, [n, vocabulary], for states [n, dim] and a table [vocabulary, dim]."""
        return functional.linear(self.change(states), table, self.bias)


class LogitScale(nn.Module):
    """The learnt logit scale of the contrastive loss."""

    def __init__(self, temperature: float) -> None:
        """Start from a temperature."""
        super().__init__()
        self.logit_scale = initial_logit_scale(temperature)


def mask_tokens(
    ids: Tensor, generator: np.random.Generator, continues: NDArray[np.bool_], *, share: float, whole_word_masking: bool
) -> MaskedBatch:
    """Mask some tokens of texts, int64 [n, length], as BERT does.

    Of the tokens to predict, 8 in 10 become the unknown piece, 1 another piece, 1 stays. The unknown piece serves as
    the mask, so the vocabulary needs no piece of its own for that.
    """
    read = ids.numpy()
    starts = ~continues[read] if whole_word_masking else np.ones(read.shape, bool)
    starts[:, :1] = True
    word = np.cumsum(starts, axis=1) - 1
    chosen = np.take_along_axis(generator.random(read.shape) < share, word, axis=1) & (read != PADDING_ID)
    what = np.take_along_axis(generator.random(read.shape), word, axis=1)
    others = generator.integers(len(SPECIAL_PIECES), len(continues), read.shape)
    masked = np.where(chosen & (what < 0.8), UNKNOWN_ID, np.where(chosen & (what < 0.9), others, read))
    return MaskedBatch(torch.from_numpy(masked), torch.from_numpy(np.where(chosen, read, PADDING_ID)))


def share_a_text(numbers: Tensor) -> Tensor:
    """Return which pairs have a text in common and are no negatives of each other, bool [n, n], false on the diagonal.

    Args:
        numbers: int64 [n, 2], of the texts of each pair, the same for the same text.
    """
    shared = (numbers[:, None, :, None] == numbers[None, :, None, :]).flatten(2).any(dim=2)
    return shared.fill_diagonal_(False)


def vector_loss(mapped: Tensor, teacher: Tensor, kind: str) -> Tensor:
    """Return how far mapped vectors are from the teacher's, float32 [n, dim] each.

    Raises:
        TrainingError: there is no such loss.
    """
    if kind == "cosine":
        return (1 - functional.cosine_similarity(mapped, teacher, dim=1)).mean()
    if kind == "mse":
        return (mapped - teacher).square().sum(dim=1).mean()
    raise TrainingError(f"there is no --vector-loss {kind!r}: known are cosine, mse")


def similarity_loss(vectors: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """Return the mean Kullback-Leibler divergence of whom a text is like, ours from the teacher's.

    Both are softmaxes over the cosines to the other texts of the batch, float32 [n, dim] each (SEED does so for
    pictures; Fang et al., 2021, arXiv:2101.04731). 0 for a batch of one.
    """
    if len(vectors) < 2:
        return vectors.sum() * 0
    itself = torch.eye(len(vectors), dtype=torch.bool, device=vectors.device)
    ours, theirs = (
        (normal @ normal.T / temperature)[~itself].view(len(vectors), -1).log_softmax(dim=1)
        for normal in (functional.normalize(part, dim=1) for part in (vectors, teacher))
    )
    return functional.kl_div(ours, theirs, log_target=True, reduction="batchmean")
