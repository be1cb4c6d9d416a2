"""What a live workspace says of itself: one status after the other, each told once."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from hunch.index.store import IndexState
from hunch.index.writer import Progress
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


def progress_message(now: Progress) -> str:
    """Return what is said while files are indexed."""
    return f"Indexing: {now.done:,} of {now.total:,} files"


def pause_message(status: Status, *, by_user: bool) -> str:
    """Return what is said during a pause.

    Args:
        status: the last one; it tells how far indexing had come.
        by_user: otherwise by the battery.
    """
    why = "" if by_user else " while the machine runs on its battery"
    if status.total and not status.complete:
        return f"Indexing is paused{why}: {status.done:,} of {status.total:,} files are done"
    return f"Indexing is paused{why}"


def ready_message(state: IndexState, contextual: int, chunks: int) -> str:
    """Return what is said when nothing is to be done; contextual is how many chunks have contextual embeddings."""
    if state in (IndexState.NO_MODEL, IndexState.READ_ONLY, IndexState.FULL):
        message = str(state.value)
        return message[0].upper() + message[1:]
    if 0 < contextual < chunks:
        return f"The index is up to date; {contextual:,} of {chunks:,} chunks have contextual embeddings"
    return "The index is up to date"
