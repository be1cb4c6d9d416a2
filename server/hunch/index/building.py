"""Segments are built on disk by a child process, while the reader that waits for them goes on."""

from __future__ import annotations

import os
import queue
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path

import psutil

from hunch.index.child import Child, start_child
from hunch.index.compaction import write_segments
from hunch.index.priority import yield_to_others
from hunch.index.store import open_for_reading

_RETRY_SECONDS = 5.0
"""Between the starts of two children"""


class Builder:
    """One child at a time. Use it from one thread."""

    def __init__(self, database: Path, cache: Path) -> None:
        """Start nothing yet."""
        self._database, self._cache = database, cache
        self._child: Child | None = None
        self._allowed = 0.0
        self._seen = 0.0

    @property
    def is_running(self) -> bool:
        """Whether there is a child whose outcome nobody has asked for since it ended."""
        return self._child is not None

    @property
    def may_start(self) -> bool:
        """Whether no child runs, and the last start is some seconds ago."""
        return self._child is None and time.monotonic() >= self._allowed

    def start(self, groups: list[list[int]]) -> bool:
        """Begin to build a segment of each group of files, by id; false when no process can be started."""
        self._allowed, self._seen = time.monotonic() + _RETRY_SECONDS, 0.0
        with suppress(OSError):
            self._child = start_building(self._database, self._cache, groups)
            return True
        return False

    def outcome(self) -> bool | None:
        """Return, once, whether the child has built everything; None while it runs, and when there is none."""
        if self._child is None or self._child.process.poll() is None:
            return None
        status, self._child = self._child.process.returncode, None
        return status == 0

    def seconds(self) -> float:
        """Return the processor time that the child has taken since this was last asked."""
        if self._child is not None:
            with suppress(psutil.Error):
                times = psutil.Process(self._child.process.pid).cpu_times()
                new = times.user + times.system - self._seen
                self._seen += new
                return float(new)
        return 0.0

    def end(self) -> None:
        """End the child, if one runs."""
        if self._child is not None:
            self._child.end(at_once=True)
            self._child = None


def start_building(database: Path, cache: Path, groups: list[list[int]]) -> Child:
    """Begin to build and save segments in a child process, which ends with status 0 when they stand on disk.

    It reads the store as it is at the start, in one transaction, so the writer goes on meanwhile.

    Raises:
        OSError: no process can be started.
    """
    child = start_child(_build, yield_to_others, queue.SimpleQueue())
    child.send((database, cache, groups))
    return child


def _build(task: tuple[Path, Path, list[list[int]]]) -> None:
    database, cache, groups = task
    with suppress(OSError, sqlite3.Error), closing(open_for_reading(database)) as store, store.reading():
        write_segments(store, cache, groups)
        os._exit(0)
    os._exit(1)
