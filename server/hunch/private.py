"""Cache folders that nobody else can read, and that nobody else has put there."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from hunch.settings import CACHE_VARIABLE, cache_root

WORKSPACE_NOTE = "workspace"
"""The file in a workspace's cache that says which folder it is of."""

_FOLDER, _FILE = 0o700, 0o600
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def make_private_cache(cache: Path) -> None:
    """Make a workspace's cache folder, with whatever folders above it are missing, for its user alone.

    One that is there is closed to others. So is the folder of all caches where it is at its usual place; a place that
    the user has chosen, which may be /tmp, stays as it is.

    Raises:
        OSError: it cannot be made, or is somebody else's.
    """
    missing = [folder for folder in (cache, *cache.parents) if not folder.exists()]
    for folder in reversed(missing):
        with suppress(FileExistsError):  # another process was faster
            folder.mkdir(mode=_FOLDER)
    if not is_ours(cache):
        raise PermissionError(errno.EPERM, "the folder belongs to somebody else", str(cache))
    if os.name == "posix":
        ours = [cache] if os.environ.get(CACHE_VARIABLE) else [cache, cache_root()]
        for folder in ours:
            about = folder.stat()
            if about.st_mode & _OTHERS and about.st_uid == os.geteuid():
                folder.chmod(_FOLDER)


def is_ours(cache: Path) -> bool:
    """Return whether a workspace's cache is a folder that was not put there by a third person.

    In a place where all may write, such as /tmp, anybody can make a folder of its name. It must be the user's, or of
    whoever the place belongs to.
    """
    try:
        about = cache.lstat()
    except OSError:
        return False
    if not stat.S_ISDIR(about.st_mode):
        return False
    return os.name != "posix" or about.st_uid in (os.geteuid(), cache.parent.stat().st_uid)


def note_workspace(cache: Path, root: Path) -> None:
    """Note which folder a cache is of, and on which device the folder above it lies; see hunch.clean.

    Raises:
        OSError: the cache cannot be written.
    """
    note = b"%d\n%b" % (_device(root.parent), os.fsencode(root))
    file = cache / WORKSPACE_NOTE
    with suppress(OSError):
        if file.read_bytes() == note:
            return
    handle = os.open(file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, _FILE)
    with os.fdopen(handle, "wb") as opened:
        opened.write(note)


def noted_workspace(cache: Path) -> tuple[Path, int] | None:
    """Return which folder a cache is of, and the device of the folder above it; None where that is not known."""
    try:
        device, _, path = (cache / WORKSPACE_NOTE).read_bytes().partition(b"\n")
        return (Path(os.fsdecode(path)), int(device)) if path else None
    except (OSError, ValueError):
        return None


def _device(folder: Path) -> int:
    try:
        return folder.stat().st_dev
    except OSError:
        return 0
