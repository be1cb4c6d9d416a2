"""Settings of the text-encoder stage."""

from __future__ import annotations

from dataclasses import dataclass

from hunch_training.contrastive.settings import sizes_of
from hunch_training.loop.settings import LoopSettings
from hunch_training.text_encoder.text_pairs import KINDS

OBJECTIVES = ("masked", "contrastive", "distil")


@dataclass(frozen=True, slots=True)
class Settings(LoopSettings):
    """What decides the result of a run, besides its data."""

    objective: str = "contrastive"
    """masked, contrastive or distil"""
    dim: int = 256
    """of embeddings and layers; a multiple of 64, or below it one head"""
    layers: int = 3
    """of attention"""
    longest: int = 48
    """tokens of a text that are read"""
    dropout: float = 0.1
    """of embeddings and layers"""
    batch: int = 256
    """texts or pairs of a batch"""
    kinds: str = ",".join(KINDS)
    """pairs that are learnt from (or, for masked, the texts in them)"""
    every: int = 1
    """one row in so many of packages_pairs is read"""
    masked_share: float = 0.15
    """of the tokens (or words) that are masked: 8 in 10 as unknown, 1 as another piece, 1 as it is"""
    whole_word_masking: bool = True
    """mask all pieces of a word or none"""
    temperature: float = 0.05
    """of the softmax over a batch, at the start; the logit scale is learnt"""
    matryoshka: str = ""
    """dimensions whose first numbers are to work alone as well, as 64,128 (Kusupati et al., 2022, arXiv:2205.13147)"""
    vector_loss: str = "cosine"
    """how far a text is from its teacher's vector: cosine or mse"""
    vector_weight: float = 1.0
    """of that loss"""
    similarity_weight: float = 1.0
    """of the loss by how alike the texts of a batch are for the teacher and for us"""
    similarity_temperature: float = 0.05
    """of the softmax over those similarities"""

    @property
    def sizes(self) -> tuple[int, ...]:
        """The smaller sizes of ``matryoshka``.

        Raises:
            TrainingError: they are no sizes.
        """
        return sizes_of(self.matryoshka, self.dim)
