"""WAL checkpoints: the store's write-ahead log is copied into the database apart, so that no save waits for the disk.

SQLite does that inside a commit otherwise, every so many pages: a tenth of a second for 32 MB, more on a busy disk.
See https://sqlite.org/wal.html, "Checkpointing"; a passive checkpoint holds up neither readers nor the writer.
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from pathlib import Path

from hunch.index.store import checkpoint

_LARGE_BYTES = 1 << 24
_SECONDS = 2.0


class WalCheckpoint:
    """Looks after the log of one database that this process writes. Use it from one thread."""

    def __init__(self, database: Path) -> None:
        """Start nothing yet."""
        self.has_written = True
        """Whether anything was written since the last look."""
        self._database = database
        self._allowed = 0.0
        self._running: threading.Thread | None = None

    def run_if_due(self) -> None:
        """Begin a checkpoint in a thread of its own when the log has grown; looks every two seconds at most."""
        now = time.monotonic()
        if self.has_written and now > self._allowed:
            self._allowed, self.has_written = now + _SECONDS, False
            self._running = checkpoint_if_large(self._database, self._running)


def checkpoint_if_large(database: Path, running: threading.Thread | None) -> threading.Thread | None:
    """Begin a checkpoint when the log has grown to 16 MB and the last one is done.

    Args:
        database: the store's file; another connection writes it.
        running: what this function returned last.

    Returns:
        The thread of the last checkpoint, None before the first.
    """
    if running is not None and running.is_alive():
        return running
    try:
        is_large = database.with_name(f"{database.name}-wal").stat().st_size > _LARGE_BYTES
    except OSError:
        return running
    if not is_large:
        return running
    thread = threading.Thread(target=checkpoint, args=(database,), name="hunch checkpoint", daemon=True)
    thread.start()
    return thread


def hold_shared_memory(database: Path, least: int) -> int:
    """Make the index of the log as large again as it was, if somebody has cut it off; return how large it is.

    SQLite maps that file, and a process that touches what is mapped and cut off is ended by SIGBUS. Out of zeros it is
    made anew from the log, by SQLite. A process that touches it between being cut off and the next call is not saved.

    Args:
        database: the store's file, which is open.
        least: how large it was when this was last called, in bytes.
    """
    file = database.with_name(f"{database.name}-shm")
    with suppress(OSError):
        size = file.stat().st_size
        if size < least:
            os.truncate(file, least)
        return max(size, least)
    return least
