"""Which files of a scan have to be read: by their stamps, and by content where stamps cannot be trusted.

A file can be written again within the grain of its time stamp, and then looks as it did. So, as git does with what it
calls racily clean entries, a stamp counts only once it was safely in the past at the moment when the file was read.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from hunch.index.prepare import digest_of
from hunch.index.store import FileRecord, Store
from hunch.text.languages import language_of
from hunch.workspace.scan import Skip, SourceFile, read_source

GRAIN_NS = 3_000_000_000
"""FAT counts two seconds, some network file systems one, and clocks of servers go a little differently."""


class Answerability(NamedTuple):
    """What a scan has found, apart."""

    changed: list[SourceFile]
    """New, or with other stamps."""
    doubtful: list[SourceFile]
    """With the stamps that are known, which say nothing: to be compared by content."""


def sort_out(
    files: Sequence[SourceFile],
    known: Mapping[str, tuple[int, FileRecord]],
    named: Collection[str],
    *,
    wishes_changed: bool = False,
) -> Answerability:
    """Tell the files that look changed, and those whose look says nothing: written lately, or named by an event.

    When what a ``.hunchignore`` asks for has changed, stamps say of no file whether it counts.
    """
    changed, doubtful = list[SourceFile](), list[SourceFile]()
    for file in files:
        entry = known.get(file.path)
        if entry is None or looks_changed(file, entry[1]):
            changed.append(file)
        elif wishes_changed or not is_settled(entry[1]) or file.path in named:
            doubtful.append(file)
    return Answerability(changed, doubtful)


def looks_changed(file: SourceFile, record: FileRecord) -> bool:
    """Return whether the stamps of a file are other than when it was read."""
    return (
        file.mtime_ns != record.mtime_ns
        or file.size != record.size
        or file.ctime_ns != record.ctime_ns
        or file.inode != record.inode
        or (file.language != record.language and record.language not in file.may_be)
    )


def is_settled(record: FileRecord) -> bool:
    """Return whether every later change of a file shows in its stamps: they were old when it was read."""
    return max(record.mtime_ns, record.ctime_ns) + GRAIN_NS <= record.read_ns


def recheck(root: Path, store: Store, file: SourceFile, record: FileRecord) -> bool:
    """Read a doubtful file; return whether it is what the store holds, and note there when that was found out."""
    now = time.time_ns()  # before the file is read: what is written later is to be seen later
    source = read_source(root, file.path, is_wanted=file.is_wanted)
    if file.may_be and not isinstance(source, Skip) and language_of(file.path, source) is None:
        source = Skip("not code")
    if isinstance(source, Skip):
        same = source.reason == record.skipped
    else:
        same = record.skipped is None and digest_of(source) == record.digest
        if same and file.may_be:
            same = language_of(file.path, source) == record.language
    if same:
        checked = replace(record, read_ns=now)
        if is_settled(checked) and not is_settled(record):
            store.touch_file(checked)
    return same
