"""Tells which paths of a workspace changed, while it is watched.

On Linux the events come from `inotify`, elsewhere from `watchdog`: macOS and Windows watch a whole tree at the price of
one folder. What is missed (events that those two drop, ignore files above the root, changes that another machine makes
on a network file system) the periodic scan finds.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from hunch.workspace.inotify import FolderWatches, Listener, limit_line
from hunch.workspace.walk import may_count

QUIET_SECONDS = 0.05
MOST_SECONDS = 0.5


class Watcher:
    """Watches one root, once: a root that came back, or a watcher that was stopped, needs a new one.

    ``on_paths`` gets posix paths relative to the root, of files or folders that came, went or changed, gathered until
    nothing changed for 50 ms, but for 500 ms at most. A folder stands for all in it; ``""`` says that changes were lost
    and anything may have changed. ``on_problem`` gets one line that says what is not seen and what to do. Both are
    called from the watcher's threads, ``on_problem`` also from `start`, and must not raise.
    """

    def __init__(self, root: Path, on_paths: Callable[[set[str]], None], on_problem: Callable[[str], None]) -> None:
        self._root = root
        self._on_problem = on_problem
        self._bursts = _Bursts(root, on_paths, on_problem)
        self._source: Source | None = None
        self._stopped = False

    def start(self) -> None:
        """Returns when every change from now on will be told. What the system refuses is a problem, never raised."""
        if not self._root.is_dir():
            self._on_problem(f"changes are not watched: {self._root} is no folder")
            return
        self._bursts.start()
        try:
            self._source = source_of(self._root, self._bursts)
            self._source.start()
        except OSError as error:
            self._on_problem(limit_line(error))
        if self._stopped:  # by another thread, perhaps before there was a source
            self.stop()

    def stop(self) -> None:
        """Ends the threads. What was gathered and not yet told is dropped."""
        self._stopped = True
        self._bursts.stop()
        if self._source is not None:
            self._source.stop()


class _Bursts:
    """Gathers what the source of events tells; a thread passes it on."""

    def __init__(self, root: Path, on_paths: Callable[[set[str]], None], on_problem: Callable[[str], None]) -> None:
        self._root = root
        self._on_paths = on_paths
        self.problem = on_problem
        self._lock = threading.Lock()
        self._gathered: set[str] = set()
        self._first = self._last = 0.0  # when the first and the last of them came
        self._arrived = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._pass_on, name="hunch-watcher", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._arrived.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout=5)

    def changed(self, path: str, is_folder: bool) -> None:
        if may_count(path, is_folder=is_folder):
            self._gather(path)

    def lost(self) -> None:
        self._gather("")

    def root_gone(self) -> None:
        self.problem(f"{self._root} was deleted or moved away: its changes are no longer watched")
        self._gather("")

    def _gather(self, path: str) -> None:
        with self._lock:
            self._last = time.monotonic()
            if not self._gathered:
                self._first = self._last
                self._arrived.set()
            self._gathered.add(path)

    def _pass_on(self) -> None:
        while not self._stopped.is_set():
            self._arrived.wait()
            while (left := min(self._last + QUIET_SECONDS, self._first + MOST_SECONDS) - time.monotonic()) > 0:
                if self._stopped.wait(left):
                    return
            if self._stopped.is_set():
                return
            with self._lock:
                paths, self._gathered = self._gathered, set()
                self._arrived.clear()
            self._on_paths({""} if "" in paths else paths)


class Source(Protocol):
    """Where the events come from."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


def source_of(root: Path, listener: Listener) -> Source:
    if sys.platform == "linux":
        return FolderWatches(root, listener)
    from hunch.workspace.watch_tree import TreeWatch

    return TreeWatch(root, listener)
