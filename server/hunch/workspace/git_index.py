"""Which paths a git repository tracks, read from its index without git, so that it costs no process.

Versions 2 to 4 and split indexes are read (gitformat-index(5)). Bytes that are no index track nothing.
"""

from __future__ import annotations

import os
import struct
import threading
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path

from hunch.workspace.regular import read_regular
from hunch.workspace.repository import Repository

_MOST_BYTES = 200_000_000
_LONGEST_NAME = 4096
_MOST_KEPT = 16
_KINDS = frozenset({0o04, 0o10, 0o12, 0o16})  # folder of a sparse index, file, link, submodule


class Tracked:
    """The paths that one repository tracks."""

    def __init__(self, paths: list[str]) -> None:
        """Take the paths, sorted."""
        self.paths = paths
        self.digest = hash(tuple(paths))

    def has(self, path: str) -> bool:
        """Return whether a file is tracked."""
        at = bisect_left(self.paths, path)
        return at < len(self.paths) and self.paths[at] == path

    def has_below(self, folder: str) -> bool:
        """Return whether anything in a folder is tracked."""
        at = bisect_left(self.paths, f"{folder}/")
        return at < len(self.paths) and self.paths[at].startswith(f"{folder}/")


def tracked_by(repository: Repository) -> Tracked:
    """Return what a repository tracks; an index that has not changed is not read again."""
    file = os.path.join(repository.git, "index")  # noqa: PTH118  # a key, and hot
    stamp = index_stamp(repository)
    with _lock:
        known = _known.get(file)
        if known is not None and known[0] == stamp:
            return known[1]
    tracked = Tracked(sorted(set(_paths_of(Path(file))))) if stamp is not None else Tracked([])
    with _lock:
        if len(_known) >= _MOST_KEPT:
            _known.clear()
        _known[file] = (stamp, tracked)
    return tracked


def index_stamp(repository: Repository) -> tuple[int, int, int] | None:
    """Return what tells one state of an index from another; None without an index."""
    try:
        about = (Path(repository.git) / "index").stat()
    except (OSError, ValueError):
        return None
    return about.st_mtime_ns, about.st_size, about.st_ino


_lock = threading.Lock()
_known: dict[str, tuple[tuple[int, int, int] | None, Tracked]] = {}


def _paths_of(file: Path) -> Iterator[str]:
    try:
        data = read_regular(file, _MOST_BYTES)
    except (OSError, ValueError):
        return
    for hash_bytes in (20, 32):  # SHA-1, or SHA-256, which the index itself does not say
        names, end = _names(data, hash_bytes)
        if end:
            yield from (os.fsdecode(name) for name in names if name)
            if data[end : end + 4] == b"link" and not file.name.startswith("shared"):
                shared = data[end + 8 : end + 8 + hash_bytes].hex()
                yield from _paths_of(file.with_name(f"sharedindex.{shared}"))
            return


def _names(data: bytes, hash_bytes: int) -> tuple[list[bytes], int]:
    """Return the names of an index and where its entries end; 0 where the bytes are none."""
    fixed = 40 + hash_bytes + 2
    if len(data) < 12 or data[:4] != b"DIRC":
        return [], 0
    version, count = struct.unpack_from(">II", data, 4)
    if version not in (2, 3, 4) or count > len(data) // (fixed - 40):
        return [], 0
    names: list[bytes] = []
    at, before = 12, b""
    for _ in range(count):
        if at + fixed > len(data) or data[at + 24 + 2] >> 4 not in _KINDS:
            return [], 0
        flags = data[at + fixed - 2] << 8 | data[at + fixed - 1]
        start = at + fixed + (2 if version > 2 and flags & 0x4000 else 0)
        if version < 4:
            length = flags & 0xFFF
            end = start + length if length < 0xFFF else data.find(b"\0", start, start + _LONGEST_NAME)
            name = data[start:end]
            at = at + ((end - at + 8) & ~7)
        else:
            dropped, start = _offset(data, start)
            end = data.find(b"\0", start, start + _LONGEST_NAME)
            name = before[: max(0, len(before) - dropped)] + data[start:end]
            before = name
            at = end + 1
        if end < 0 or len(name) > _LONGEST_NAME:
            return [], 0
        names.append(name)
    return names, at


def _offset(data: bytes, at: int) -> tuple[int, int]:
    """Return a number of variable length, as in pack files, and where it ends."""
    value = 0
    for place in range(at, min(at + 5, len(data))):
        value = value << 7 | data[place] & 0x7F
        if not data[place] & 0x80:
            return value, place + 1
        value += 1
    return 0, len(data)
