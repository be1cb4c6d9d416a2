"""How fast indexing may go: at most a share of the machine's cores, over a few seconds; and whether it may at all."""

from __future__ import annotations

import os
import time

from hunch.index.priority import on_battery

_LONGEST_CREDIT = 0.5
_LONGEST_REST = 0.1
_BATTERY_SECONDS = 30.0


class Pace:
    """Counts processor time of this thread and of its workers against the clock. Use it from one thread."""

    def __init__(self, share: float, cores: int | None = None) -> None:
        """Allow a share (0..1) of so many cores; of all without a number."""
        self.cores = cores or os.cpu_count() or 1
        self.share = share
        self._begin()

    def worked(self, seconds: float) -> None:
        """Add processor time that a worker process spent."""
        self._used_elsewhere += seconds

    def rest(self) -> float:
        """Return how many seconds to rest before going on."""
        if self.share >= 1:
            return 0.0
        allowed = (time.monotonic() - self._started) * self.share * self.cores
        ahead = time.thread_time() - self._thread_started + self._used_elsewhere - allowed
        if ahead < -_LONGEST_CREDIT:
            self._begin()  # idle minutes buy no burst afterwards
        return min(_LONGEST_REST, ahead / (self.share * self.cores)) if ahead > 0 else 0.0

    def _begin(self) -> None:
        self._started = time.monotonic()
        self._thread_started = time.thread_time()
        self._used_elsewhere = 0.0


class Battery:
    """Whether the machine runs on its battery, looked up every half a minute."""

    def __init__(self) -> None:
        """Look when first asked."""
        self._looked_at = -_BATTERY_SECONDS
        self._is_used = False

    @property
    def is_used(self) -> bool:
        """Whether it does."""
        now = time.monotonic()
        if now - self._looked_at >= _BATTERY_SECONDS:
            self._looked_at, self._is_used = now, on_battery()
        return self._is_used
