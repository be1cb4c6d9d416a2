"""Opening the index of a workspace: its lock, its store, the model; what is wrong with them becomes a state."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import filelock

from hunch.index.integrity import ended_cleanly
from hunch.index.store import (
    IndexState,
    Store,
    discard,
    inspect,
    open_for_reading,
    open_in_memory,
    open_store,
)
from hunch.model.bundle import BundleError, load_bundle
from hunch.model.encoder import Encoder
from hunch.private import WORKSPACE_NOTE, is_ours, make_private_cache, note_workspace
from hunch.settings import model_folder
from hunch.workspace.scan import RootError

DATABASE = "index.db"
LOCK = "writer.lock"

_NO_SPACE = (errno.ENOSPC, errno.EDQUOT) if hasattr(errno, "EDQUOT") else (errno.ENOSPC,)
_PRIVATE_FILE = 0o600


class Opened(NamedTuple):
    """A store that is open, as the fields of an Engine."""

    store: Store
    state: IndexState
    lock: filelock.BaseFileLock | None
    in_memory: bool = False
    complete: bool = True
    is_unclean: bool = False


def checked_root(root: Path) -> Path:
    """Return a root as an absolute path.

    Raises:
        RootError: it is no folder.
    """
    if not root.exists():
        raise RootError(f"{root}: no such folder")
    if not root.is_dir():
        raise RootError(f"{root}: a file, not a folder: give the folder it is in")
    return root.resolve()


def load_encoder() -> tuple[Encoder | None, str]:
    """Return the model, or None and a line that says why."""
    try:
        return Encoder(load_bundle(model_folder())), ""
    except BundleError as error:
        return None, f"{error}; {IndexState.NO_MODEL.value}"


def open_to_write(root: Path, cache: Path, content: str, *, rebuild: bool, patience: float) -> Opened:
    """Open an index under its lock, or what can be read of it; see open_engine."""
    file = cache / DATABASE
    lock = filelock.FileLock(cache / LOCK, timeout=patience, mode=_PRIVATE_FILE)
    try:
        make_private_cache(cache)
        _clear_away_folders(cache)
        lock.acquire()
        note_workspace(cache, root)
        if rebuild:
            discard(file)
        is_unclean = not ended_cleanly(file)
        store, state = open_store(file, content)
    except filelock.Timeout:
        return open_to_read(cache, IndexState.LOCKED, content)
    except (OSError, sqlite3.OperationalError) as error:
        lock.release()
        return open_to_read(cache, IndexState.FULL if is_full(error) else IndexState.READ_ONLY, content)
    return Opened(store, state, lock, is_unclean=is_unclean and state is IndexState.READY)


def open_to_read(cache: Path, state: IndexState, content: str, found: IndexState | None = None) -> Opened:
    """Open what can be read; an index of other content counts only when words alone are searched.

    ``found`` is what inspect said, where that is known.
    """
    file = cache / DATABASE
    found = (found or inspect(file, content)) if is_ours(cache) else IndexState.NEW
    if found is IndexState.READY or (state is IndexState.NO_MODEL and found is IndexState.OTHER_CONTENT):
        with suppress(sqlite3.Error):
            return Opened(open_for_reading(file), state, None, complete=state in _WHOLE)
    in_memory = state in (IndexState.READ_ONLY, IndexState.FULL)  # the others wait for whoever may write
    return Opened(open_in_memory(content), state, None, in_memory=in_memory, complete=False)


def is_full(error: Exception) -> bool:
    """Say whether an error means that the disk is full."""
    if isinstance(error, OSError):
        return error.errno in _NO_SPACE
    return "full" in str(error)


def _clear_away_folders(cache: Path) -> None:
    """Remove folders that stand where a file of an index has to be."""
    for name in (LOCK, DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", WORKSPACE_NOTE):
        if (cache / name).is_dir() and not (cache / name).is_symlink():
            shutil.rmtree(cache / name)


_WHOLE = (IndexState.READY, IndexState.READ_ONLY, IndexState.NO_MODEL)
