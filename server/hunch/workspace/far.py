r"""Paths that a workspace's own files and links name, told apart before any of them is touched.

On Windows to look at ``\\host\share`` is to log in at that host, and ``\\.\`` names devices. Whoever writes a workspace
must not choose where that happens, so such paths are refused on every system.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import PurePath

_FAR = re.compile(r"[\\/]{2}|[\\/]\?\?[\\/]")  # the second: the kernel's own form of a device path
_LONG_LOCAL = re.compile(r"[\\/]{2}\?[\\/](?=[A-Za-z]:[\\/])")  # how Windows tells of the target of a link
_DEVICE = re.compile(
    r"(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9\u00b9\u00b2\u00b3]) *(?:[.:].*)?", re.IGNORECASE
)
_MOST_LINKS = 100  # more than any system follows


def is_far(name: str) -> bool:
    """Return whether a path leads to another machine or to a device, as Windows reads it."""
    return _FAR.match(name) is not None


def is_device(path: str, *, windows: bool = sys.platform == "win32") -> bool:
    """Return whether Windows takes a path for a device, such as ``src/NUL`` or ``aux.c``; elsewhere these are files."""
    return windows and any(_DEVICE.fullmatch(part) is not None for part in re.split(r"[\\/]", path))


def leads_far(folder: str, name: str) -> bool:
    """Return whether a path, seen from a folder that may be looked at, names what is far, or goes by a link that does.

    Nothing but links on the way is read.
    """
    at, left = folder, _MOST_LINKS
    todo = [name]
    while todo:
        part = todo.pop()
        if is_far(part):
            return True
        pure = PurePath(part)
        # Paths are strings here: pathlib would normalise what the user gave.
        if len(pure.parts) > 1 or pure.anchor:
            at = os.path.join(at, pure.anchor)  # noqa: PTH118  # as it was given, see above
            todo += reversed(pure.parts[1 if pure.anchor else 0 :])
        elif part == "..":
            at = os.path.dirname(at)  # noqa: PTH120
        elif part not in ("", "."):
            at = os.path.join(at, part)  # noqa: PTH118
            if os.path.islink(at):  # noqa: PTH114
                left -= 1
                if not left:
                    return False
                todo.append(_LONG_LOCAL.sub("", os.readlink(at)))  # noqa: PTH115
                at = os.path.dirname(at)  # noqa: PTH120
    return False
