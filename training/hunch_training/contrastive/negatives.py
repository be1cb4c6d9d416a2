"""Mined negatives of each query, as files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hunch_training.errors import TrainingError
from hunch_training.tokens.corpus import Corpus

NOTHING = -1


def save_negatives(folder: Path, language: str, negatives: NDArray[np.int32]) -> None:
    """Write the negatives of a language."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / f"{language}.npy", negatives)


def load_negatives(folder: Path, corpora: Sequence[Corpus]) -> list[NDArray[np.int32]]:
    """Return the negatives of each corpus, int32 [n, top], of files that are mapped.

    Raises:
        TrainingError: a language has none, or they belong to other rows.
    """
    listed: list[NDArray[np.int32]] = []
    for corpus in corpora:
        file = folder / f"{corpus.language}.npy"
        if not file.is_file():
            raise TrainingError(f"{file}: no such file: run hunch-train mine-negatives on the same data")
        negatives = np.load(file, mmap_mode="r")
        if negatives.ndim != 2 or len(negatives) != len(corpus) or int(negatives.max(initial=NOTHING)) >= len(corpus):
            raise TrainingError(
                f"{file}: negatives of {len(negatives):,} rows, the data have {len(corpus):,}: "
                "mine them again with the same data and --limit"
            )
        listed.append(negatives)
    return listed
