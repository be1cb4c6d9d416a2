"""Reading regular files and nothing else: no pipe, no device, and no link where none is wanted."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from hunch.workspace.far import is_device


def read_regular(file: str | Path, limit: int, *, follow_link: bool = True) -> bytes:
    """At most ``limit`` bytes of a regular file. Never waits for a pipe or a device.

    Raises `OSError`, also for what is not a regular file, and for a link unless ``follow_link``.
    """
    if is_device(os.fspath(file)):
        raise OSError(errno.EINVAL, "not a regular file", os.fspath(file))
    if not follow_link and not hasattr(os, "O_NOFOLLOW") and stat.S_ISLNK(os.lstat(file).st_mode):  # Windows
        raise OSError(errno.ELOOP, "a link", os.fspath(file))
    handle = os.open(file, _READ if follow_link else _READ | getattr(os, "O_NOFOLLOW", 0))
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", os.fspath(file))
        parts = []
        while limit > 0 and (part := os.read(handle, min(limit, 1 << 20))):
            parts.append(part)
            limit -= len(part)
        return b"".join(parts)
    finally:
        os.close(handle)


# O_NONBLOCK: opening a pipe returns at once. O_BINARY: Windows leaves the ends of lines alone.
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
