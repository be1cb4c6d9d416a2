"""Settings of contrastive training: batches, dropout, Matryoshka sizes."""

from __future__ import annotations

from dataclasses import dataclass

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


def sizes_of(matryoshka: str, dim: int) -> tuple[int, ...]:
    """Return the sizes that ``--matryoshka`` names.

    Raises:
        TrainingError: they are no sizes below ``dim``.
    """
    parts = [part.strip() for part in matryoshka.split(",") if part.strip()]
    if not all(part.isdecimal() and 0 < int(part) < dim for part in parts):
        raise TrainingError(f"--matryoshka {matryoshka}: give numbers below {dim}, for example 64,128")
    return tuple(int(part) for part in parts)
