"""macOS, Windows and others: one watch on a whole tree, by `watchdog`."""

from __future__ import annotations

import os
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from hunch.workspace.inotify import Listener

_CHANGES = ("created", "modified", "deleted", "moved", "closed")  # not "opened", "closed_no_write": reading does that


class TreeWatch(FileSystemEventHandler):
    """A recursive watch on one root."""

    def __init__(self, root: Path, listener: Listener) -> None:
        self._root = os.path.realpath(root)  # macOS tells of real paths
        self._listener = listener
        self._observer = Observer()

    def start(self) -> None:
        """Raises `OSError` if the system refuses."""
        try:
            self._observer.schedule(self, self._root, recursive=True)
            self._observer.start()
        except (RuntimeError, SystemError) as error:  # what macOS refuses
            raise OSError(str(error)) from error

    def stop(self) -> None:
        self._observer.stop()
        if self._observer.is_alive():
            self._observer.join(timeout=5)

    def dispatch(self, event: FileSystemEvent) -> None:
        if event.event_type not in _CHANGES or (event.is_directory and event.event_type == "modified"):
            return  # what came or went in a folder is told by itself
        for path in (os.fsdecode(event.src_path), os.fsdecode(event.dest_path)):
            if path == self._root:
                if event.event_type in ("deleted", "moved"):
                    self._listener.root_gone()
            elif path.startswith(self._root + os.sep):
                relative = path[len(self._root) + 1 :]
                self._listener.changed(relative.replace(os.sep, "/"), event.is_directory)
