"""Compaction in a process of its own: a new base is built from the store while the server goes on answering."""

from __future__ import annotations

import multiprocessing
import sqlite3
from contextlib import closing, suppress
from multiprocessing.process import BaseProcess
from pathlib import Path

from hunch.index.priority import yield_to_others
from hunch.index.segment import save_segment
from hunch.index.snapshot import build_base
from hunch.index.store import open_for_reading
from hunch.index.workers import end_with_parent, safe_start


def start_compaction(database: Path, cache: Path) -> BaseProcess:
    """Begin to build and save a new base; the process ends with status 0 when it stands on disk.

    It reads the store as it is at the start, in one transaction, so the writer goes on meanwhile.

    Raises:
        OSError: no process can be started.
    """
    process = multiprocessing.get_context("spawn").Process(target=_compact, args=(database, cache), daemon=True)
    with safe_start():
        process.start()
    return process


def _compact(database: Path, cache: Path) -> None:
    yield_to_others()
    end_with_parent()
    with suppress(OSError, sqlite3.Error), closing(open_for_reading(database)) as store:
        identity = store.identity
        save_segment(build_base(store), cache, identity)
        return
    raise SystemExit(1)
