"""A process that reads an index which another one writes, and takes over when that one has gone."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import filelock

from hunch.engine import LOCK


def is_writer_gone(cache: Path) -> bool:
    """Say whether nobody holds the lock of an index any more."""
    lock = filelock.FileLock(cache / LOCK, timeout=0)
    with suppress(filelock.Timeout, OSError):
        lock.acquire()
        lock.release()
        return True
    return False
