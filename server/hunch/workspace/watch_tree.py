"""The watches on one root, by `watchdog`."""

from __future__ import annotations

import logging
import os
import sys
import threading
import warnings
from collections import deque
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers.api import BaseObserver, ObservedWatch

from hunch.workspace.walk import composed
from hunch.workspace.watch_plan import (
    count_folders,
    folders_to_watch,
    limit_line,
    may_change_plan,
    refusal_line,
    watch_limit,
)

# watchdog 7 shows all its tables, megabytes of paths, when a folder is moved out and back.
warnings.filterwarnings("ignore", "Callback with id", RuntimeWarning)
# It also logs an error when a watch ends, which is none.
logging.getLogger("watchdog.observers.inotify").addFilter(lambda line: "thread is inactive" not in line.msg)

# Without those of opening and reading: else our own reads would be told, and on Linux the listing of folders that
# watchdog does after an overflow would cause the next one.
_EVENTS: list[type[FileSystemEvent]] = [
    FileCreatedEvent, FileModifiedEvent, FileDeletedEvent, FileMovedEvent, FileClosedEvent,
    DirCreatedEvent, DirDeletedEvent, DirMovedEvent,
]  # fmt: skip


class Change(NamedTuple):
    """What came, went or changed."""

    path: str
    """Posix, relative to the root."""
    is_folder: bool


class TreeWatch(FileSystemEventHandler):
    """Tells of each change under a root from a thread of its own, until the root is gone."""

    def __init__(
        self,
        root: Path,
        *,
        on_change: Callable[[Change], None],
        on_root_gone: Callable[[], None],
        on_problem: Callable[[str], None],
    ) -> None:
        self._root = _as_told(os.path.realpath(root))
        self._base = self._root.rstrip(os.sep) + os.sep
        self._on_change = on_change
        self._on_root_gone = on_root_gone
        self._on_problem = on_problem
        self._arranging = threading.RLock()  # held while watches are made; `on_problem` may stop what it is told of
        self._observer: BaseObserver | None = None
        self._stopped = False
        self._watches: dict[str, ObservedWatch] = {}
        self._sizes: dict[str, int] = {}  # in folders, of the trees among them
        self._strays: deque[str] = deque()  # folders that were moved out of, or into, what is watched
        self._told: set[str] = set()

    def start(self) -> None:
        """Returns when what changes from now on is told.

        What the system refuses goes to ``on_problem``, and once nothing is refused any more an empty line.
        """
        try:
            with self._arranging:
                if self._stopped:
                    return
                self._observer = _new_observer()
                self._observer.start()
        except (OSError, RuntimeError) as error:
            self._tell_problem(_refusal(error))
            return
        self._arrange(())
        self._arrange(())  # again, for what came after the root was listed and before it was watched

    def stop(self) -> None:
        """Ends the threads."""
        self._stopped = True  # ends also what is being arranged
        with self._arranging:
            observer, self._observer = self._observer, None
            if observer is None or not observer.is_alive():
                return
            for _ in self._watches:  # each watch at most once stops the others from being stopped, see _unwatch
                with suppress(KeyError):
                    observer.stop()
                    break
            else:
                observer.stop()
        if observer is not threading.current_thread():
            observer.join(timeout=5)

    def follow(self, changes: Collection[Change]) -> set[str]:
        """Watches what is to be watched after these changes. To be called with all of them, not where they are told.

        Returns the folders whose watch began or ended: some changes in them may not have been told.
        """
        strays = {self._strays.popleft() for _ in range(len(self._strays))}
        outdated = {path.partition("/")[0] for path in strays}
        outdated |= {change.path for change in changes if change.is_folder and "/" not in change.path}
        if strays and "" in self._watches and self._watches[""].is_recursive:
            outdated.add("")
        if outdated or any(may_change_plan(path, is_folder=is_folder) for path, is_folder in changes):
            return self._arrange(outdated)
        if any(change.is_folder for change in changes):
            try:
                self._check_room()
            except OSError:
                return self._arrange({folder.partition("/")[0] for folder in self._watches})
        return set()

    def dispatch(self, event: FileSystemEvent) -> None:
        """Called by watchdog, which holds its locks: nothing may wait here."""
        ends = [os.fsdecode(end) for end in (event.src_path, event.dest_path)]
        for path in ends:
            if path == self._root:
                if event.event_type in ("deleted", "moved"):
                    self._on_root_gone()
            elif path.startswith(self._base):
                relative = composed(path[len(self._base) :].replace(os.sep, "/"))
                if isinstance(event, DirMovedEvent) and "" in ends:
                    self._strays.append(relative)
                self._on_change(Change(relative, event.is_directory))

    def _arrange(self, outdated: Collection[str]) -> set[str]:
        """Makes the watches that are missing or ``outdated``, and ends those that are not needed any more.

        Returns what `follow` does. With a watch goes what it had not told yet, such as the very change that ends it.
        """
        with self._arranging:
            before = dict(self._watches)
            try:
                wanted = folders_to_watch(Path(self._root))
            except OSError:  # the root is going
                wanted = _ROOT_ALONE
            for folder, watch in list(self._watches.items()):
                if folder.partition("/")[0] in outdated or wanted.get(folder) != watch.is_recursive:
                    self._unwatch(folder)
            if too_small := self._too_small(wanted):
                wanted = _ROOT_ALONE
                self._unwatch_trees()
                self._tell_problem(limit_line(too_small))
            try:
                for folder in wanted:
                    self._watch(folder, all_below=wanted[folder])
                self._check_room()
                if not too_small:
                    self._tell_solved()
            except (OSError, RuntimeError, SystemError) as error:  # the last two: what macOS refuses
                self._unwatch_trees()
                with suppress(OSError, RuntimeError, SystemError):
                    self._watch("", all_below=False)
                self._tell_problem(_refusal(error))
            changed = {at for at in before.keys() | self._watches if before.get(at) is not self._watches.get(at)}
            return {"" if "/" in folder else folder for folder in changed}  # .git/info rules everything

    def _too_small(self, wanted: Mapping[str, bool]) -> str:
        """The setting that does not allow to watch so many folders, or ``""``."""
        most, setting = watch_limit()
        if not setting:
            return ""
        left = most - len(wanted)
        for tree in (folder for folder, all_below in wanted.items() if all_below):
            if tree not in self._watches or not tree:  # the whole may have grown at the top
                self._sizes[tree] = count_folders(self._base + tree, left)
            left -= self._sizes[tree]
            if left < 0:
                return setting
        return ""

    def _watch(self, folder: str, *, all_below: bool) -> None:
        """Raises `OSError` and others if the system refuses. That the folder is gone is not that."""
        path = self._base + folder if folder else self._root
        for _ in range(_TRIES):
            if self._observer is None or self._stopped or folder in self._watches:
                return
            with suppress(FileNotFoundError, NotADirectoryError):
                watch = self._observer.schedule(self, path, recursive=all_below, event_filter=_EVENTS)
                self._watches[folder] = watch
                return
        if not folder:
            self._on_root_gone()

    def _check_room(self) -> None:
        """Raises `OSError` if there is no watch left: watchdog 7 does not tell that it has none for parts of a tree."""
        if self._observer is not None and not self._stopped and Path(_QUIET_PLACE).is_dir():
            self._observer.unschedule(self._observer.schedule(self, _QUIET_PLACE, event_filter=_EVENTS))

    def _unwatch(self, folder: str) -> None:
        watch = self._watches.pop(folder)
        if self._observer is not None:
            with suppress(KeyError, OSError):  # when all is done: watchdog 7 stumbles over folders moved out and back
                self._observer.unschedule(watch)

    def _unwatch_trees(self) -> None:
        for folder, watch in list(self._watches.items()):
            if watch.is_recursive:
                self._unwatch(folder)

    def _tell_problem(self, line: str) -> None:
        if line not in self._told:
            self._told.add(line)
            self._on_problem(line)

    def _tell_solved(self) -> None:
        if self._told:
            self._told.clear()
            self._on_problem("")


def _as_told(root: str) -> str:
    """Return a real path as the system tells of it: macOS in the letter case of its folders, however it is typed."""
    if sys.platform == "darwin":
        import fcntl

        with suppress(OSError):
            descriptor = os.open(root, os.O_RDONLY)
            try:
                return os.fsdecode(fcntl.fcntl(descriptor, fcntl.F_GETPATH, bytes(1024)).rstrip(b"\0"))
            finally:
                os.close(descriptor)
    return root


def _new_observer() -> BaseObserver:
    if sys.platform == "linux":
        from watchdog.observers.inotify import InotifyObserver

        return InotifyObserver(generate_full_events=True)  # tells a folder that was moved away from a deleted one
    from watchdog.observers import Observer

    return Observer()


def _refusal(error: Exception) -> str:
    return refusal_line(error if isinstance(error, OSError) else OSError(str(error)))


_ROOT_ALONE = {"": False}
_QUIET_PLACE = "/proc"  # of Linux, where watches are scarce; nothing is told of it
_TRIES = 3  # watchdog 6 gives up a whole tree when a folder in it goes meanwhile
