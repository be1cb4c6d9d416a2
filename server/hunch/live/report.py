"""What a live workspace says of itself: one status after the other, each told once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from hunch.live.status import Phase, Status

_STATUS_SECONDS = 0.1


class Reporter:
    """Passes a status on when it has changed, and while indexing not more often than every 100 ms."""

    def __init__(self, first: Status, tell: Callable[[Status], None]) -> None:
        """Take what was told last, and whom to tell."""
        self.status = first
        self._tell = tell
        self._told_at = 0.0

    def report(self, new: Status) -> None:
        """Tell a status; one of a pause keeps how far the work had come."""
        old, now = self.status, time.monotonic()
        if new.phase is Phase.PAUSED:
            new = replace(new, done=old.done, total=old.total)
        if new == old or (new.phase is old.phase is Phase.INDEXING and now - self._told_at < _STATUS_SECONDS):
            return
        self.status, self._told_at = new, now
        self._tell(new)
