"""What a live workspace does about damage to its index: it looks for it, takes it out, says so, and does not hurry."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from hunch.engine import DATABASE, Engine, damage_notice
from hunch.index.change import Change
from hunch.index.integrity import Damage, DamagedStoreError
from hunch.index.store import IndexState, damage_of
from hunch.index.wal_checkpoint import hold_shared_memory
from hunch.live.guard import Guard
from hunch.live.inbox import Inbox

logger = logging.getLogger(__name__)

REPLACED = "the index was deleted or replaced while it was in use, and is made again"

_CALM_SECONDS = 600.0
"""After so long without damage the next is mended at once."""
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 300.0
_MOST_TOLD = 5


class Mending:
    """Goes along with the engines that a workspace opens one after the other. Use it from one thread."""

    def __init__(self, name: str, inbox: Inbox) -> None:
        """Take the name of the folder, for the log, and where work is wished for."""
        self.told: list[str] = []
        """Lines for the person that outlast an engine."""
        self._name = name
        self._inbox = inbox
        self._engine: Engine | None = None
        self._guard: Guard | None = None
        self._files: tuple[int, ...] = ()
        self._shared_bytes = 0
        self._is_look_due = False
        self._is_cut_off = False
        self._mended_at = -_CALM_SECONDS
        self._pause = 0.0

    def follow(self, engine: Engine) -> None:
        """Take an engine that was just opened."""
        self._engine = engine
        self._guard = Guard(engine.cache / DATABASE)
        self._files = _inodes(engine.cache / DATABASE)
        self._shared_bytes = hold_shared_memory(engine.cache / DATABASE, 0)
        self._is_look_due = True

    def let_go(self) -> None:
        """End what runs before the engine is closed."""
        if self._guard is not None:
            self._guard.end()
            self._guard = None

    def look_soon(self) -> None:
        """Have everything looked over when nothing else is to be done."""
        self._is_look_due = True

    def look(self) -> list[Change]:
        """Begin a look that is due, or act on what the last one has found; return which files are to be made again.

        Raises:
            DamagedStoreError: the database has to be mended as a whole.
        """
        engine, guard = self._engine, self._guard
        if engine is None or guard is None or engine.lock is None:
            return []
        found = guard.outcome()
        if found is None:
            if self._is_look_due:
                self._is_look_due = False
                guard.start(self._shared_bytes)
            return []
        if found.is_cut_off:
            self._is_cut_off = True
            return []
        if found.damage.is_beyond_rows:
            raise DamagedStoreError
        if found.files:
            self._inbox.note_damaged(found.files)
        engine.is_unclean = False
        return self._forget(engine, found.damage)

    def hold_files(self) -> None:
        """Do what has to be done before the store is used; microseconds."""
        if self._engine is not None and self._files[-1]:
            self._shared_bytes = hold_shared_memory(self._engine.cache / DATABASE, self._shared_bytes)

    def is_replaced(self) -> bool:
        """Say whether the files of the index are no longer those that were opened: it has to be opened again.

        After a log that was cut off as well: SQLite reads it anew when nobody has it open, and what it lacks is read
        from the workspace. Should that not help, because the disk fails, it is tried once in ten minutes.
        """
        engine = self._engine
        if engine is None or engine.lock is None:
            return False
        if self._is_cut_off and time.monotonic() - self._mended_at > _CALM_SECONDS:
            self._mended_at = time.monotonic()
        elif _inodes(engine.cache / DATABASE) == self._files:
            return False
        self._is_cut_off = False
        engine.is_unclean = True
        self._tell(REPLACED)
        self._inbox.mark([""], urgent=False)
        return True

    def mend(self, say: Callable[[str], None]) -> bool:
        """Take damaged rows out of the index; true when it has to go as a whole, which is left to the caller.

        After damage that was mended lately there is a pause, which grows: a disk that fails is not written without end.
        """
        calm = time.monotonic() - self._mended_at > _CALM_SECONDS
        self._pause = 0.0 if calm else min(_LONGEST_PAUSE, max(_FIRST_PAUSE, 2 * self._pause))
        if self._pause:
            say(f"The index is damaged again: it is mended in {self._pause:.0f} seconds")
            logger.warning("%s: the index is damaged again and is mended in %.0f s", self._name, self._pause)
            self._inbox.wait(self._pause, urgent=False, any_work=False)
        self._mended_at = time.monotonic()
        self._inbox.mark([""], urgent=False)
        with suppress(sqlite3.Error):
            if self._engine is not None and self._engine.lock is not None:
                damage = damage_of(self._engine.store)
                if damage and not damage.is_beyond_rows:
                    self._forget(self._engine, damage)
                    return False
        self._tell(IndexState.DAMAGED.value)
        say(IndexState.DAMAGED.value)
        return True

    def _forget(self, engine: Engine, damage: Damage) -> list[Change]:
        # What searches see of these files is in memory, and as it was, until they are read again.
        if not damage:
            return []
        paths = engine.store.forget(damage)
        self._tell(damage_notice(len(paths)))
        self._inbox.mark(paths, urgent=False)
        return [Change(number, None, None, None) for number in damage.contents]

    def _tell(self, notice: str) -> None:
        logger.warning("%s: %s", self._name, notice)
        self.told = [*(one for one in self.told if one != notice), notice][-_MOST_TOLD:]


def _inodes(database: Path) -> tuple[int, ...]:
    return tuple(inode_of(database.with_name(database.name + suffix)) for suffix in ("", "-wal", "-shm"))


def inode_of(file: Path) -> int:
    """Return the inode of a file, 0 when it is not there."""
    try:
        return file.stat().st_ino
    except OSError:
        return 0
