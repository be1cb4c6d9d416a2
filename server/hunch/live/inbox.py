"""What other threads ask of the indexing thread, in sets, so that bursts of events collapse."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path


class Inbox:
    """Wishes that wait for the indexing thread. Every method is safe from any thread; only ``wait`` waits."""

    def __init__(self) -> None:
        """Begin with the wish for a first scan."""
        self._condition = threading.Condition()
        self._urgent: set[str] = set()
        self._backlog: set[str] = set()
        self._unsaved: dict[str, str] = {}
        self._changed_unsaved: set[str] = set()
        self._scan = True
        self.paused = False
        self.rebuild = False
        self.closing = False
        self._damaged: set[Path] = set()

    def mark(self, paths: Iterable[str], *, urgent: bool) -> None:
        """Note paths that may have changed; "" is the whole folder."""
        with self._condition:
            wanted = set(paths)
            if "" in wanted:
                wanted.discard("")
                self._scan = True
            (self._urgent if urgent else self._backlog).update(wanted)
            self._condition.notify_all()

    def put_unsaved(self, path: str, text: str) -> None:
        """Note the newest unsaved text of a file."""
        with self._condition:
            self._unsaved[path] = text
            self._changed_unsaved.add(path)
            self._condition.notify_all()

    def drop_unsaved(self, path: str) -> None:
        """Note that the file on disk counts again."""
        with self._condition:
            if self._unsaved.pop(path, None) is not None:
                self._changed_unsaved.add(path)
                self._condition.notify_all()

    def unsaved(self, path: str) -> str | None:
        """Return the unsaved text of a file."""
        return self._unsaved.get(path)

    def change(self, *, paused: bool | None = None, rebuild: bool | None = None, closing: bool | None = None) -> None:
        """Change what the thread shall do altogether, and wake it."""
        with self._condition:
            self.paused = self.paused if paused is None else paused
            self.rebuild = self.rebuild if rebuild is None else rebuild
            self.closing = self.closing if closing is None else closing
            self._condition.notify_all()

    def note_damaged(self, files: Iterable[Path]) -> None:
        """Note files beside the database that were found damaged."""
        with self._condition:
            self._damaged.update(files)
            self._condition.notify_all()

    def take_damaged(self) -> set[Path]:
        """Return the files that were found damaged."""
        with self._condition:
            damaged, self._damaged = self._damaged, set()
            return damaged

    @property
    def has_urgent(self) -> bool:
        """Whether saved files or unsaved text wait."""
        return bool(self._urgent or self._changed_unsaved)

    def take_urgent(self) -> tuple[set[str], dict[str, str | None]]:
        """Return the saved files, and the newest text of each changed document, None for one that was closed."""
        with self._condition:
            urgent, self._urgent = self._urgent, set()
            unsaved = {path: self._unsaved.get(path) for path in self._changed_unsaved}
            self._changed_unsaved.clear()
            self._backlog -= urgent
            return urgent, unsaved

    def take_backlog(self, limit: int) -> set[str]:
        """Return some of the paths that can wait."""
        with self._condition:
            return {self._backlog.pop() for _ in range(min(limit, len(self._backlog)))}

    def take_scan(self) -> bool:
        """Say whether a whole scan is wanted; whoever does it takes the backlog into it."""
        with self._condition:
            wanted, self._scan = self._scan, False
            return wanted

    def reopen_unsaved(self) -> None:
        """Look at all unsaved text again."""
        with self._condition:
            self._changed_unsaved.update(self._unsaved)

    def forget_work(self) -> None:
        """Drop the wishes that only a writing process can fulfil."""
        with self._condition:
            self._scan = False
            self._backlog.clear()

    def wait(self, seconds: float, *, urgent: bool = True, any_work: bool = True) -> None:
        """Wait for the time given, or until the thread shall close, rebuild or mend, or what is named comes.

        Args:
            seconds: how long at most.
            urgent: wake for saved files and unsaved text.
            any_work: wake for a scan or the backlog as well.
        """

        def come() -> bool:
            return bool(
                self.closing or self.rebuild or self._damaged or (urgent and self.has_urgent)
                or (any_work and (self._scan or self._backlog))
            )  # fmt: skip

        with self._condition:
            self._condition.wait_for(come, timeout=seconds)
