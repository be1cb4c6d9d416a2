"""Settings of the seq2seq stage."""

from __future__ import annotations

from dataclasses import dataclass

from hunch_training.loop.settings import LoopSettings


@dataclass(frozen=True, slots=True)
class Settings(LoopSettings):
    """What decides the result of a run, besides its data."""

    model: str = "rnn"
    """rnn or transformer"""
    vocabulary: int = 16_000
    """pieces of source and target together"""
    word_level: bool = False
    """a vocabulary of the most frequent words instead of pieces; others are unknown"""
    dim: int = 256
    """of embeddings and layers"""
    layers: int = 3
    """of the Transformer's encoder, and of its decoder"""
    batch_tokens: int = 8_192
    """tokens of a batch, sources and targets together, padding included"""
    longest_source: int = 128
    """tokens of the code that are read"""
    longest_target: int = 32
    """tokens of the documentation that are learnt from"""
    dropout: float = 0.1
    """of embeddings and layers"""
    label_smoothing: float = 0.0
    """share of the wanted probability that is spread over all tokens (Szegedy et al., 2016, arXiv:1512.00567)"""
    frequent_weight: float = 0.0
    """how much less frequent tokens count: a token's loss is multiplied by frequency ** -this, mean 1"""
    every: int = 1
    """one training row in so many is read, for runs on a part of all packages"""
    teacher_forcing: float = 1.0
    """share of the recurrent decoder's steps that see the right token, at the end; it falls linearly from 1"""
