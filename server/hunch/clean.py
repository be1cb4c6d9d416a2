"""Which indexes and leftovers nobody needs any more, and their removal."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import filelock

from hunch.engine import DATABASE, LOCK
from hunch.private import is_ours, noted_workspace
from hunch.settings import cache_root, workspace_cache

_CACHE = re.compile(r".+-[0-9a-f]{16}")
_GONE = ".gone"
"""Ends the name of a cache whose removal was cut short."""

_DAY = 86_400.0


class Fate(Enum):
    """Why something goes or stays."""

    DELETED = "its folder is gone"
    ALL = "all are to go"
    LEFTOVER = "left over from a run that was cut short"
    PRESENT = "its folder is there"
    IN_USE = "in use"
    OUT_OF_SIGHT = "its folder cannot be seen, which may be on a drive or share that is not mounted"
    UNNAMED = "made by an earlier version, which did not note its folder"


@dataclass(frozen=True, slots=True)
class Found:
    """An index, or a folder left over in one."""

    folder: Path
    workspace: Path | None
    """None where it is not known."""
    fate: Fate
    bytes: int

    @property
    def goes(self) -> bool:
        """Whether it is to be removed."""
        return self.fate in (Fate.DELETED, Fate.ALL, Fate.LEFTOVER)


def find_caches(*, everything: bool = False) -> list[Found]:
    """Return all indexes of this user, and what runs that were cut short have left in them, by name.

    Args:
        everything: every index that is not in use is to go.
    """
    try:
        folders = sorted(cache_root().iterdir())
    except OSError:
        return []
    found: list[Found] = []
    for folder in folders:
        if not is_ours(folder):
            continue
        if folder.suffix == _GONE and _CACHE.fullmatch(folder.stem):
            found.append(Found(folder, None, Fate.LEFTOVER, _bytes_below(folder)))
        elif _CACHE.fullmatch(folder.name) and any((folder / name).exists() for name in (DATABASE, LOCK)):
            found += _look_at(folder, everything=everything)
    return found


def remove(found: Found) -> None:
    """Remove what was found, unless it has come into use meanwhile.

    Raises:
        OSError: it cannot be removed, or is in use.
    """
    if found.fate is Fate.LEFTOVER and found.folder.suffix == _GONE:
        shutil.rmtree(found.folder)
        return
    cache = found.folder if found.fate is not Fate.LEFTOVER else found.folder.parent
    lock = filelock.FileLock(cache / LOCK, timeout=0, mode=0o600)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise OSError(f"{cache}: in use") from None
    try:
        if found.fate is Fate.LEFTOVER:
            if found.folder.is_dir() and not found.folder.is_symlink():
                shutil.rmtree(found.folder)
            else:
                found.folder.unlink()
            return
        gone = cache.with_name(cache.name + _GONE)
        with suppress(OSError):  # Windows renames no folder with an open file in it
            cache.rename(gone)
    finally:
        lock.release()
    if not gone.exists():
        cache.rename(gone)
    shutil.rmtree(gone)


def _look_at(folder: Path, *, everything: bool) -> Iterator[Found]:
    noted = noted_workspace(folder)
    workspace = noted[0] if noted is not None and workspace_cache(noted[0]).name == folder.name else None
    size = _bytes_below(folder)
    if _is_in_use(folder):
        yield Found(folder, workspace, Fate.IN_USE, size)
        return
    if everything:
        fate = Fate.ALL
    elif workspace is None or noted is None:
        fate = Fate.UNNAMED
    else:
        fate = _state_of(workspace, noted[1])
    yield Found(folder, workspace, fate, size)
    if fate in (Fate.DELETED, Fate.ALL):
        return
    for part in sorted(folder.glob("segment-*.tmp")):
        with suppress(OSError):
            if time.time() - part.lstat().st_mtime > _DAY:
                yield Found(part, workspace, Fate.LEFTOVER, _bytes_below(part))


def _state_of(workspace: Path, device: int) -> Fate:
    """Say whether a folder was deleted: then the one above it is there, and is no place where a drive was mounted."""
    try:
        workspace.lstat()
        return Fate.PRESENT
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError:
        return Fate.OUT_OF_SIGHT
    try:
        above = workspace.parent.stat()
        is_same_place = above.st_dev == device or any(workspace.parent.iterdir())
    except OSError:
        return Fate.OUT_OF_SIGHT
    return Fate.DELETED if is_same_place else Fate.OUT_OF_SIGHT


def _is_in_use(cache: Path) -> bool:
    if not (cache / LOCK).exists():
        return False
    lock = filelock.FileLock(cache / LOCK, timeout=0, mode=0o600)
    try:
        lock.acquire()
    except (filelock.Timeout, OSError):
        return True
    lock.release()
    return False


def _bytes_below(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*") if folder.is_dir() else [folder]:
        with suppress(OSError):
            total += file.lstat().st_size if not file.is_dir() else 0
    return total
