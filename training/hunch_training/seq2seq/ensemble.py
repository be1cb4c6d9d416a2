"""An ensemble of models that write: the mean of their probabilities at each step. They share a vocabulary."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from hunch_training.seq2seq.decoding import StepModel


class Ensemble:
    """What decoding needs of a model, of several ones together."""

    def __init__(self, models: Sequence[StepModel]) -> None:
        """Take models in evaluation mode."""
        self._models = models

    def begin(self, source: Tensor) -> list[Any]:
        """Read sources, int64 [n, source]."""
        return [model.begin(source) for model in self._models]

    def step(self, tokens: Tensor, state: list[Any]) -> tuple[Tensor, list[Any], Tensor]:
        """Give the logarithm of the mean probabilities [n, vocabulary], the next states, and the mean attention."""
        steps = [model.step(tokens, own) for model, own in zip(self._models, state, strict=True)]
        parts = torch.stack([logits.float().log_softmax(dim=1) for logits, _, _ in steps])
        mean = parts.logsumexp(dim=0) - math.log(len(steps))
        return mean, [own for _, own, _ in steps], torch.stack([attention for _, _, attention in steps]).mean(dim=0)

    def select(self, state: list[Any], rows: Tensor) -> list[Any]:
        """Return the states of some rows."""
        return [model.select(own, rows) for model, own in zip(self._models, state, strict=True)]
