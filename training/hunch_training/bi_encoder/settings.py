"""The settings of the joint stage: towers, and how they are trained."""

from __future__ import annotations

from dataclasses import dataclass

from hunch_training.bi_encoder.model import Shape
from hunch_training.contrastive.settings import BatchSettings, sizes_of


@dataclass(frozen=True, slots=True)
class Settings(BatchSettings):
    """What decides the result of a run, besides its data."""

    epochs: int = 2
    patience: int = 0
    learning_rate: float = 1.2e-2
    warmup: int = 100
    clip: float = 0.0
    averaging: float = 0.995
    query_tower: str = "static"
    """static or transformer"""
    code_tower: str = "static"
    """static or transformer"""
    dim: int = 256
    """of the space"""
    transformer_dim: int = 256
    """of a Transformer's embeddings and layers"""
    layers: int = 2
    """of a Transformer"""
    heads: int = 4
    """of a Transformer's attention"""
    dropout: float = 0.1
    """of a Transformer's embeddings and layers"""
    apart: bool = False
    """two Transformers instead of one that reads both sides"""
    query_tokens: int = 32
    """that a Transformer reads of a query"""
    body_tokens: int = 64
    """that a Transformer reads of a function's body"""
    chunk_tokens: int = 8192
    """that a Transformer reads at once, padding included"""
    recompute: bool = False
    """compute a Transformer's inside again on the way back, so that a large batch fits into memory"""
    weight_rate: float = 3.0
    """learning rate of token weights, field weights and logit scale, as a multiple"""
    transformer_rate: float = 0.08
    """learning rate of a Transformer, as a multiple"""
    temperature: float = 0.05
    """where the learnt temperature starts"""

    @property
    def sizes(self) -> tuple[int, ...]:
        """The smaller sizes of ``matryoshka``.

        Raises:
            TrainingError: they are no sizes.
        """
        return sizes_of(self.matryoshka, self.dim)

    def shape(self, vocabulary: int) -> Shape:
        """Return what model these settings ask for."""
        return Shape(
            vocabulary, self.query_tower, self.code_tower, self.dim, self.transformer_dim, self.layers, self.heads,
            self.apart, self.query_tokens, self.body_tokens,
        )  # fmt: skip
