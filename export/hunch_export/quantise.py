"""Symmetric int8 with one scale a row: what the token table is stored as."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Rows8(NamedTuple):
    """A matrix of which row i is ``scale[i] * values[i]``."""

    values: NDArray[np.int8]
    """int8 [rows, columns]"""
    scale: NDArray[np.float32]
    """float32 [rows]"""


def quantise_rows(matrix: NDArray[np.float32]) -> Rows8:
    """Round every row to 255 levels of its own; a row of zeros keeps scale 1."""
    largest = np.abs(matrix).max(axis=1)
    scale = np.where(largest > 0, largest / 127, 1).astype(np.float32)
    return Rows8(np.rint(matrix / scale[:, None]).astype(np.int8), scale)
