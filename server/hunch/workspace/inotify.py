"""Linux: inotify watches on exactly the folders that a scan enters.

Watches are scarce (one a folder, shared by all programs of a user), so node_modules and ignored folders get none. The
recursive emitter of `watchdog` watches everything, tells nobody when events are lost or when the watches run out below
the root, and up to 6.0 (the last for Python 3.10) does not watch folders that are moved in.
"""

from __future__ import annotations

import ctypes
import errno
import os
import select
import struct
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from hunch.workspace.ignore import needs_folder_scan
from hunch.workspace.walk import may_count, walk


class Listener(Protocol):
    """Who is told. Paths are posix and relative to the root; calls come from another thread."""

    def changed(self, path: str, is_folder: bool) -> None: ...

    def lost(self) -> None:
        """Changes went by unseen, anywhere."""

    def root_gone(self) -> None:
        """The root was deleted or moved. Nothing more will be told."""

    def problem(self, line: str) -> None: ...


class FolderWatches:
    """The watches on one root and the thread that reads their events."""

    def __init__(self, root: Path, listener: Listener) -> None:
        self._root = Path(os.path.realpath(root))
        self._base = os.fspath(self._root).rstrip("/") + "/"
        self._listener = listener
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="hunch-inotify", daemon=True)
        self._folders: dict[int, str] = {}  # from a watch to its folder, as in `Folder.path`
        self._root_watch = -1
        self._told_of_limit = False
        self._closing = threading.Lock()
        self._closed = False

    def start(self) -> None:
        """Returns when every folder is watched. Raises `OSError` if the root cannot be."""
        libc = ctypes.CDLL(None, use_errno=True)
        self._add_watch = libc.inotify_add_watch
        self._remove_watch = libc.inotify_rm_watch
        self._inotify = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._inotify < 0:
            raise _last_error("inotify_init1")
        try:
            self._wake, self._waker = os.pipe()
        except OSError:
            os.close(self._inotify)
            raise
        try:
            self._root_watch = self._watch_folder("")
            if self._root_watch < 0:
                raise _last_error(self._base)
            self._watch({""})
            self._thread.start()
        except BaseException:
            self._close()
            raise

    def stop(self) -> None:
        """Ends the thread, or a `start` that another thread is in."""
        self._stopping.set()
        if not self._thread.is_alive():
            return
        with self._closing:
            if not self._closed:
                os.write(self._waker, b"!")
        if self._thread is not threading.current_thread():
            self._thread.join(timeout=5)

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._inotify, select.POLLIN)
        poll.register(self._wake, select.POLLIN)
        try:
            while not self._stopping.is_set():
                poll.poll()
                self._handle(read_events(self._inotify))
        finally:
            self._close()

    def _close(self) -> None:
        with self._closing:
            self._closed = True
            for handle in (self._inotify, self._wake, self._waker):
                os.close(handle)

    def _handle(self, data: bytes) -> None:
        """First the watches follow the changes, then the changes are told: whoever then looks, misses nothing."""
        changes: list[tuple[str, bool]] = []
        appeared: set[str] = set()
        left: list[str] = []
        overflow = root_gone = False
        for watch, mask, name in _events(data):
            if mask & _Q_OVERFLOW:
                overflow = True
                continue
            if mask & _IGNORED:  # the kernel ended this watch
                self._folders.pop(watch, None)
                continue
            folder = self._folders.get(watch)
            if folder is None:
                continue
            if mask & (_DELETE_SELF | _MOVE_SELF | _UNMOUNT):
                root_gone |= watch == self._root_watch
                continue
            path, is_folder = folder + name, bool(mask & _ISDIR)
            if not may_count(path, is_folder=is_folder):
                continue
            changes.append((path, is_folder))
            if is_folder and mask & _MOVED_FROM:
                left.append(path + "/")
            elif is_folder and mask & (_CREATE | _MOVED_TO):
                appeared.add(path)
            if (ruled := needs_folder_scan(path)) is not None:
                appeared.add(ruled)
        if left:
            self._forget(tuple(left))
        if overflow:
            appeared = {""}
        if appeared and not root_gone:
            self._watch(appeared)
        for path, is_folder in changes:
            self._listener.changed(path, is_folder)
        if overflow:
            self._listener.lost()
        if root_gone:
            self._stopping.set()
            self._listener.root_gone()

    def _watch(self, only: set[str]) -> None:
        """Watches what a scan would enter of these folders, each before it is listed: no entry comes between."""
        try:
            for folder in walk(self._root, only, Counter(), [], before_listing=self._watch_folder):
                if self._stopping.is_set():
                    return
                if folder.is_repository:
                    self._watch_folder(f"{folder.path}.git/info/")
        except OSError as error:  # of the watches: what cannot be read stops no walk
            if not self._told_of_limit:
                self._told_of_limit = True
                self._listener.problem(limit_line(error))

    def _watch_folder(self, folder: str) -> int:
        """The watch, or -1 if the folder is gone or may not be read. Raises `OSError` if no more can be made."""
        # Without the slash at the end, or a link that took the folder's place would be followed.
        path = (self._base + folder)[:-1] or "/"
        watch = int(self._add_watch(self._inotify, os.fsencode(path), _MASK))
        if watch >= 0:
            self._folders[watch] = folder
        elif ctypes.get_errno() in _NO_MORE:
            raise _last_error(path)
        return watch

    def _forget(self, left: tuple[str, ...]) -> None:
        """Ends the watches in folders that were moved away; where they are now they are watched anew."""
        for watch in [watch for watch, folder in self._folders.items() if folder.startswith(left)]:
            del self._folders[watch]
            self._remove_watch(self._inotify, watch)


def limit_line(error: OSError) -> str:
    """What to do when the system refuses to watch, in one line."""
    match error.errno:
        case errno.ENOSPC:
            what = "not every folder is watched: raise fs.inotify.max_user_watches with sysctl"
        case errno.EMFILE | errno.ENFILE:
            what = "changes are not watched: raise fs.inotify.max_user_instances with sysctl (or ulimit -n)"
        case _:
            what = f"changes are not watched: {error.strerror or error}"
    return f"{what}; until then the periodic scan finds what changed"


def read_events(inotify: int) -> bytes:
    """The events that wait, as the kernel lays them out; nothing if there are none."""
    try:
        return os.read(inotify, 1 << 18)
    except BlockingIOError:
        return b""


def _events(data: bytes) -> Iterator[tuple[int, int, str]]:
    """(watch, mask, name) of each event; the name is "" where the folder itself is meant."""
    at = 0
    while at < len(data):
        watch, mask, _, length = _HEAD.unpack_from(data, at)
        at += _HEAD.size + length
        yield watch, mask, os.fsdecode(data[at - length : at].rstrip(b"\0"))


def _last_error(what: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number), what)


_HEAD = struct.Struct("iIII")  # watch, mask, cookie, length of the name
_NO_MORE = (errno.ENOSPC, errno.ENOMEM)

# From linux/inotify.h. Opening and reading are left out: our own reads must not come back as changes.
_MODIFY, _CLOSE_WRITE, _MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x2, 0x8, 0x40, 0x80, 0x100, 0x200
_DELETE_SELF, _MOVE_SELF, _UNMOUNT, _Q_OVERFLOW, _IGNORED = 0x400, 0x800, 0x2000, 0x4000, 0x8000
_ONLYDIR, _DONT_FOLLOW, _EXCL_UNLINK, _ISDIR = 0x1000000, 0x2000000, 0x4000000, 0x40000000
_MASK = (
    _MODIFY | _CLOSE_WRITE | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE | _DELETE_SELF | _MOVE_SELF
    | _ONLYDIR | _DONT_FOLLOW | _EXCL_UNLINK
)  # fmt: skip
