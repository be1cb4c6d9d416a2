"""The retrieval sets of the data folder: queries, rendered code, and what each piece of code is worth to each query.

The sets are read by the same functions that measure a model while it is trained, so both speak of the same rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from hunch_training.evaluation.retrieval_sets import (
    TextSet,
    load_cosqa,
    load_csn,
    load_pair_sets,
    load_question_sets,
    part_of,
)

Split = Literal["valid", "test"]

POOL = 1000
POOL_SEED = 0


def load_sets(data: Path, split: Split) -> Iterator[TextSet]:
    """Yield every retrieval set of a split, read only when it is asked for."""
    yield from load_pair_sets(data, split)
    if split == "valid":
        yield load_cosqa(data, "dev")
        return
    yield from load_csn(data)
    yield load_cosqa(data, "test")
    yield from load_question_sets(data)


def pools_of(texts: TextSet) -> Iterator[TextSet]:
    """Cut a set of pairs into its pools: shuffled once, consecutive; one that ranks all code stays whole."""
    if texts.pool is None:
        yield texts
        return
    for rows in pools(len(texts.queries), texts.pool):
        yield part_of(texts, rows.tolist(), [{place: 1.0} for place in range(len(rows))])


def pools(rows: int, size: int = POOL, seed: int = POOL_SEED) -> list[NDArray[np.int64]]:
    """Cut shuffled row numbers into consecutive pools; what is left over is a pool of its own."""
    order = np.random.default_rng(seed).permutation(rows)
    return [order[start : start + size] for start in range(0, rows, size)]


def language_of_set(texts: TextSet) -> str:
    """Return the language of a set's code, as hunch.text.languages calls it."""
    return texts.name.partition("/")[2] or "python"
