"""The settings of the joint stage: towers, batches, dropout, what the loss counts."""

from __future__ import annotations

from dataclasses import dataclass

from hunch_training.bi_encoder.model import Shape
from hunch_training.errors import TrainingError
from hunch_training.loop.settings import LoopSettings


@dataclass(frozen=True, slots=True)
class BatchSettings(LoopSettings):
    """What decides what a model sees of the pairs."""

    batch: int = 2048
    """pairs; the code of each is a negative of the others"""
    query_token_dropout: float = 0.1
    """share of the query's tokens that fall out"""
    code_token_dropout: float = 0.2
    """share of the code's tokens that fall out"""
    name_dropout: float = 0.2
    """share of the rows whose name falls out as a whole"""
    path_dropout: float = 0.3
    """share of the rows whose path falls out"""
    signature_dropout: float = 0.0
    """share of the rows whose signature falls out"""
    body_dropout: float = 0.0
    """share of the rows whose body falls out, where a signature is left"""
    name_masking: float = 0.0
    """share of the rows whose code loses the words of its name, in name, signature and body"""
    documentation_share: float = 0.1
    """share of the rows that see a part of their own query as documentation"""
    name_queries: float = 0.0
    """share of the rows that are asked for with the function's name instead of its documentation"""
    questions: int = 2
    """how often an epoch sees the questions and answers"""
    thin: int = 1
    """how often an epoch sees a language of fewer than 10,000 pairs"""
    neighbours: int = 8
    """rows that stand next to each other in a package and go into a batch together"""
    share: float = 1.0
    """share of the batches of an epoch that are seen, for short runs"""
    negatives: int = 0
    """mined negatives a row, of those that --mined holds"""
    matryoshka: str = ""
    """smaller sizes that shall do on their own, for example 64,128"""
    matryoshka_weight: float = 0.5
    """what the loss of such a size counts beside the whole"""


@dataclass(frozen=True, slots=True)
class Settings(BatchSettings):
    """What decides the result of a run, besides its data."""

    epochs: int = 2
    patience: int = 0
    learning_rate: float = 1.2e-2
    warmup: int = 100
    clip: float = 0.0
    averaging: float = 0.995
    query_tower: str = "bag"
    """bag or transformer"""
    code_tower: str = "bag"
    """bag or transformer"""
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
    """learning rate of token weights, field weights and temperature, as a multiple"""
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


def sizes_of(matryoshka: str, dim: int) -> tuple[int, ...]:
    """Return the sizes that ``--matryoshka`` names.

    Raises:
        TrainingError: they are no sizes below ``dim``.
    """
    parts = [part.strip() for part in matryoshka.split(",") if part.strip()]
    if not all(part.isdecimal() and 0 < int(part) < dim for part in parts):
        raise TrainingError(f"--matryoshka {matryoshka}: give numbers below {dim}, for example 64,128")
    return tuple(int(part) for part in parts)
