"""The last hits that the client was given: hover says why they were found. A cache, for the loop's thread only."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hunch.search.present import FinishedHit

_MOST = 200

HitKey = tuple[str, str, str]
"""The file's real path, the kind and the qualified name."""


class RecentHits:
    """Hits by what they are; of too many the oldest go."""

    def __init__(self) -> None:
        """Begin empty."""
        self._hits: OrderedDict[HitKey, FinishedHit] = OrderedDict()

    def __len__(self) -> int:
        """Return how many hits are kept."""
        return len(self._hits)

    def add(self, key: HitKey, hit: FinishedHit) -> None:
        """Keep a hit as the newest."""
        self._hits[key] = hit
        self._hits.move_to_end(key)
        while len(self._hits) > _MOST:
            self._hits.popitem(last=False)

    def get(self, key: HitKey) -> FinishedHit | None:
        """Return a hit; None for one that was never given, or long ago."""
        return self._hits.get(key)
