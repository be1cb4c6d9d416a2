"""The order of a segment's files by path, sorted when it is first asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


class PathOrder:
    """The ranks of m paths."""

    def __init__(self, paths: Sequence[str]) -> None:
        """Sort nothing yet."""
        self._paths = paths
        self._ranks: NDArray[np.int32] | None = None

    @property
    def ranks(self) -> NDArray[np.int32]:
        """int32 [m], the place of each path in their order; some milliseconds for 10,000 paths, the first time."""
        if self._ranks is None:
            ranks = np.empty(len(self._paths), np.int32)
            ranks[sorted(range(len(ranks)), key=self._paths.__getitem__)] = np.arange(len(ranks), dtype=np.int32)
            self._ranks = ranks
        return self._ranks
