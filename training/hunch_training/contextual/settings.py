"""The settings of the contextual stage."""

from __future__ import annotations

from dataclasses import dataclass

from hunch_training.contrastive.settings import BatchSettings, sizes_of


@dataclass(frozen=True, slots=True)
class Settings(BatchSettings):
    """What decides the result of a run, besides its data and the public encoder it starts from."""

    epochs: int = 3
    patience: int = 0
    learning_rate: float = 2e-4
    warmup: int = 100
    batch: int = 256
    share: float = 0.05
    questions: int = 5
    thin: int = 3
    code_token_dropout: float = 0.05
    name_dropout: float = 0.0
    query_token_dropout: float = 0.05
    name_masking: float = 0.1
    matryoshka: str = "192,256"
    question_style: float = 0.25
    """share of the rows whose documentation is turned into what people type"""
    layers: int = 6
    """that are kept of the public encoder"""
    dropout: float = 0.0
    """of embeddings and layers; drawing it costs a quarter of the time, and a few epochs do not over-fit"""
    temperature: float = 0.05
    """where the learnt temperature starts"""
    chunk_tokens: int = 1024
    """read at once, padding included"""

    def sizes(self, dim: int) -> tuple[int, ...]:
        """The smaller sizes of ``matryoshka``.

        Raises:
            TrainingError: they are no sizes.
        """
        return sizes_of(self.matryoshka, dim)
