"""A thread that looks an index over while nothing else is to be done: rows, SQLite's own structure, segments."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from hunch.index.integrity import Damage, is_corruption
from hunch.index.segment_files import check_segments
from hunch.index.store import open_for_reading
from hunch.index.wal_checkpoint import hold_shared_memory

logger = logging.getLogger(__name__)

_REST_SECONDS = 0.02
"""Between steps of some milliseconds"""


@dataclass(frozen=True, slots=True)
class Found:
    """What was found damaged."""

    damage: Damage
    files: list[Path]
    """Segments and sidecars"""
    is_cut_off: bool = False
    """SQLite cannot read what it knows to be there: its log was cut off, or the disk fails."""


class Guard:
    """One look at a time; start it and ask for its outcome from one thread."""

    def __init__(self, database: Path) -> None:
        """Start nothing yet."""
        self._database = database
        self._thread: threading.Thread | None = None
        self._found: Found | None = None
        self._is_ended = False
        self._shared_bytes = 0

    def start(self, shared_bytes: int) -> None:
        """Begin to look; some three seconds for 100,000 chunks, most of them at rest.

        Args:
            shared_bytes: how large the index of the log is at least, see hold_shared_memory.
        """
        self._shared_bytes = shared_bytes
        if self._thread is None:
            self._thread = threading.Thread(target=self._look, name="hunch guard", daemon=True)
            self._thread.start()

    def outcome(self) -> Found | None:
        """Return what the look that has come to its end has found, once; None while there is none."""
        if self._thread is None or self._thread.is_alive():
            return None
        self._thread = None
        found, self._found = self._found, None
        return found

    def end(self) -> None:
        """Stop looking."""
        self._is_ended = True
        if self._thread is not None:
            self._thread.join(1.0)

    def _look(self) -> None:
        try:
            damage = self._look_at_rows()
            damaged = list[Path]()
            for step in check_segments(self._database.parent):
                damaged += [] if step is None else [step]
                if not self._rest():
                    return
            if damage is not None:
                self._found = Found(damage, damaged)
        except (OSError, sqlite3.Error) as error:  # out of reach: another look comes later
            if "disk i/o" in str(error).lower():
                self._found = Found(Damage(), [], is_cut_off=True)
            logger.info("the index could not be looked over: %s", type(error).__name__)

    def _look_at_rows(self) -> Damage | None:
        try:
            self._hold_shared_memory()
            with closing(open_for_reading(self._database)) as store:
                steps = store.damage()
                while True:
                    self._hold_shared_memory()
                    try:
                        next(steps)
                    except StopIteration as end:
                        damage: Damage = end.value
                        return damage
                    if not self._rest():
                        steps.close()
                        return None
        except sqlite3.DatabaseError as error:
            if not is_corruption(error):
                raise
            return Damage(is_beyond_rows=True)

    def _hold_shared_memory(self) -> None:
        self._shared_bytes = hold_shared_memory(self._database, self._shared_bytes)

    def _rest(self) -> bool:
        """Let others work; false when the look shall end."""
        time.sleep(_REST_SECONDS)
        return not self._is_ended
