"""Tells which paths of a workspace changed, while it is watched.

The periodic scan finds what is missed: changes in a burst larger than the system's queue of events (`watchdog` has no
public way to notice that), folders that got no watch because other programs hold most of them, a root that is moved
away, ignore files above the root, changes that another machine makes on a network file system.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

from hunch.workspace.ignore import needs_folder_scan
from hunch.workspace.walk import may_count
from hunch.workspace.watch_tree import Change, TreeWatch

QUIET_SECONDS = 0.05
MOST_SECONDS = 0.5


class Watcher:
    """Watches one root, and once more when it was deleted and made again; a watcher that was stopped needs a new one.

    ``on_paths`` gets posix paths relative to the root, of files or folders that came, went or changed, gathered until
    nothing changed for 50 ms, but for 500 ms at most. A folder stands for all in it; where the file that changed says
    what counts in its folder, the folder is among them. ``""`` stands for everything, and then comes alone.
    ``on_problem`` gets one line that says what is not seen and what to do, and an empty one when all is seen again.
    Both are called from a thread of the watcher, ``on_problem`` also from `start`, and must not raise.
    """

    def __init__(self, root: Path, on_paths: Callable[[set[str]], None], on_problem: Callable[[str], None]) -> None:
        self._root = root
        self._on_paths = on_paths
        self._on_problem = on_problem
        self._bursts = _Bursts(self._tell)
        self._tree = self._new_tree()
        self._stopped = threading.Event()

    def start(self) -> None:
        """Returns when every change from now on will be told. What the system refuses is a problem, never raised."""
        if not self._root.is_dir():
            self._on_problem(f"changes are not watched: {self._root} is no folder")
            return
        self._bursts.start()
        self._tree.start()

    def stop(self) -> None:
        """Ends the threads. What was gathered and not yet told is dropped."""
        self._stopped.set()
        self._bursts.end()
        self._tree.stop()
        self._bursts.join()

    def _new_tree(self) -> TreeWatch:
        return TreeWatch(
            self._root,
            on_change=self._take,
            on_root_gone=lambda: self._bursts.add(_ROOT_GONE),
            on_problem=self._on_problem,
        )

    def _take(self, change: Change) -> None:
        # Those at the top also where they do not count: the watches may depend on them.
        if "/" not in change.path or may_count(change.path, is_folder=change.is_folder):
            self._bursts.add(change)

    def _tell(self, burst: set[Change]) -> None:
        """First the watches follow the changes, then the changes are told: whoever then looks, misses nothing."""
        if _ROOT_GONE in burst:
            self._await_root()
            return
        paths = self._tree.follow(burst)
        paths.update(change.path for change in burst if may_count(change.path, is_folder=change.is_folder))
        paths.update([folder for path in paths if (folder := needs_folder_scan(path)) is not None])
        if paths:
            self._on_paths({""} if "" in paths else paths)

    def _await_root(self) -> None:
        """Say that the root is gone, and watch it again when it is back: nothing else is told meanwhile."""
        self._tree.stop()
        if not self._root.is_dir():
            self._on_problem(f"{self._root} was deleted or moved away: its changes are not watched until it is back")
            self._on_paths({""})
        while not self._root.is_dir():
            if self._stopped.wait(_BACK_SECONDS):
                return
        self._tree = self._new_tree()
        self._tree.start()
        if self._stopped.is_set():
            self._tree.stop()
            return
        self._on_problem("")
        self._on_paths({""})


_BACK_SECONDS = 0.5
_ROOT_GONE = Change("", is_folder=True)


class _Bursts:
    """Gathers changes; a thread passes them on."""

    def __init__(self, pass_on: Callable[[set[Change]], None]) -> None:
        self._pass_on = pass_on
        self._lock = threading.Lock()
        self._gathered: set[Change] = set()
        self._first = self._last = 0.0  # when the first and the last of them came
        self._arrived = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hunch-watcher", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self._stopped.set()
        self._arrived.set()

    def join(self) -> None:
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(timeout=5)

    def add(self, change: Change) -> None:
        with self._lock:
            self._last = time.monotonic()
            if not self._gathered:
                self._first = self._last
                self._arrived.set()
            self._gathered.add(change)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._arrived.wait()
            while (left := min(self._last + QUIET_SECONDS, self._first + MOST_SECONDS) - time.monotonic()) > 0:
                if self._stopped.wait(left):
                    return
            if self._stopped.is_set():
                return
            with self._lock:
                burst, self._gathered = self._gathered, set()
                self._arrived.clear()
            self._pass_on(burst)
