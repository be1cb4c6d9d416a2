"""Compaction in a process of its own: a new base is built from the store while the server goes on answering."""

from __future__ import annotations

import os
import queue
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from hunch.index.child import Child, start_child
from hunch.index.priority import yield_to_others
from hunch.index.segment import save_segment
from hunch.index.snapshot import build_base
from hunch.index.store import open_for_reading


def start_compaction(database: Path, cache: Path) -> Child:
    """Begin to build and save a new base; the child ends with status 0 when it stands on disk.

    It reads the store as it is at the start, in one transaction, so the writer goes on meanwhile.

    Raises:
        OSError: no process can be started.
    """
    child = start_child(_compact, yield_to_others, queue.SimpleQueue())
    child.send((database, cache))
    return child


def _compact(place: tuple[Path, Path]) -> None:
    database, cache = place
    with suppress(OSError, sqlite3.Error), closing(open_for_reading(database)) as store:
        save_segment(build_base(store), cache, store.identity)
        os._exit(0)
    os._exit(1)
