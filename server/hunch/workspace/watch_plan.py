"""Which folders are watched, and what to do when the system has too few watches.

On Linux watching a tree takes one of the system's watches for each folder in it, and these are scarce. So what lies at
the top of a root and is never entered by a scan (node_modules, .git, ignored folders) is left out; deeper ones are not.
Elsewhere a whole tree costs as much as one folder.
"""

from __future__ import annotations

import errno
import os
import sys
from itertools import islice
from pathlib import Path

from hunch.workspace.ignore import needs_folder_scan
from hunch.workspace.walk import walk

MOST_WATCHES = 25
"""How many folders are watched by themselves. Each takes a thread, and with watchdog 6 one of 128 inotify instances."""
LIMITS = Path("/proc/sys/fs/inotify")

_INFO = ".git/info"


def folders_to_watch(root: Path) -> dict[str, bool]:
    """From each folder to watch (posix, relative to the root, which is ``""``) to whether all below it is watched too.

    Of a folder that is not entered because of a file in it (pyvenv.cfg, CACHEDIR.TAG), the end of that file is seen.
    Raises `OSError` if the root cannot be listed.
    """
    whole = {"": True}
    if sys.platform != "linux":
        return whole
    with os.scandir(root) as listing:
        folders = [entry.name for entry in listing if entry.is_dir(follow_symlinks=False)]
    # Nothing is called ".", so the walk reads what rules each of these folders and goes no deeper.
    on_the_way, listed = [f"{name}/." for name in folders], list[str]()
    walked = walk(root, on_the_way, lambda *told: None, [], before_listing=listed.append)
    trees = {folder.path[:-1] for folder in walked if folder.path}
    watched = {folder: folder in trees for folder in sorted(path[:-1] for path in listed)}
    if len(trees) == len(folders) or len(watched) > MOST_WATCHES:
        return whole
    if (root / _INFO).is_dir():
        watched[_INFO] = False  # for its file `exclude`
    return watched


def may_change_plan(path: str, *, is_folder: bool) -> bool:
    """Whether `folders_to_watch` may differ after a change of this path."""
    ruled = needs_folder_scan(path)
    return (is_folder and "/" not in path) or (ruled is not None and "/" not in ruled)


def count_folders(folder: str, most: int) -> int:
    """How many folders a tree has, itself included. Stops counting above ``most``."""
    return sum(1 for _ in islice(os.walk(folder), most + 1))


def watch_limit() -> tuple[int, str]:
    """How many folders can be watched, and the setting that says so.

    When events are lost, watchdog 7 makes all watches anew. That queues an event for each, and if the queue overflows
    by that, it begins again, for ever: so the length of the queue is a limit too.
    """
    limits = []
    for setting in ("max_user_watches", "max_queued_events"):
        try:
            limits.append((int((LIMITS / setting).read_text()), setting))
        except (OSError, ValueError):  # another system
            continue
    return min(limits, default=(sys.maxsize, ""))


def limit_line(setting: str) -> str:
    """What to do when there are more folders than can be watched, in one line."""
    return f"changes in sub-folders are not watched: raise fs.inotify.{setting} with sysctl; {_UNTIL_THEN}"


def refusal_line(error: OSError) -> str:
    """What to do when the system refuses to watch, in one line."""
    match error.errno:
        case errno.ENOSPC:
            return limit_line("max_user_watches")
        case errno.EMFILE | errno.ENFILE:
            what = "raise fs.inotify.max_user_instances with sysctl (or ulimit -n)"
        case _:
            what = error.strerror or str(error)
    return f"changes are not watched: {what}; {_UNTIL_THEN}"


_UNTIL_THEN = "until then the folder is scanned more often"
