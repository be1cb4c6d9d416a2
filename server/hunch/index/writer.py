"""The one writer: brings a store up to date with its workspace, one transaction a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from hunch.index.change import Change
from hunch.index.prepare import PreparedBatch, StaleFile, prepare_files
from hunch.index.stamps import recheck, sort_out
from hunch.index.store import FileContent, FileRecord, Store
from hunch.model.encoder import Encoder
from hunch.text.languages import associations
from hunch.text.terms import slice_postings
from hunch.workspace.file_rules import FileRules, max_file_bytes
from hunch.workspace.ignore import HUNCHIGNORE
from hunch.workspace.scan import Scan, SourceFile, scan


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an update is. ``total`` is 0 while the files are still being counted."""

    done: int
    total: int
    path: str


@dataclass(frozen=True, slots=True)
class UpdateReport:
    """What an update did."""

    files: int
    """Files whose chunks are in the index now."""
    chunks: int
    read: int
    """Files that were read since they were new or looked changed."""
    removed: int
    chunks_encoded: int
    skipped: dict[str, int]
    """Reason -> number of files and folders that do not count."""
    warnings: list[str]
    problems: dict[str, str]
    """What kept files from being read by their grammar, by path."""
    seconds: float
    complete: bool = True
    """False when the update was stopped before its end; what was done is kept."""
    left: int = 0
    """Files that a stopped update has not come to."""
    overtaken: list[str] = field(default_factory=list)
    """Files that were written by another update inside this one: which of the two read last is to be found out anew."""


@dataclass(slots=True)
class _Tally:
    read: int = 0
    encoded: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    overtaken: list[str] = field(default_factory=list)


WISHES = "wishes"
"""The note in the store of which ``!`` lines of ``.hunchignore`` files the last whole update has followed."""
COMPLETE = "complete"
"""The note in the store: 1 after an update that came to its end, 0 while one is under way."""
ASSOCIATIONS = "associations"
"""The note in the store of which files are of which language, as the user said when all was last looked at."""


def update_store(
    root: Path,
    store: Store,
    encoder: Encoder | None,
    *,
    only: Collection[str] | None = None,
    rules: FileRules | None = None,
    named: Collection[str] = (),
    workers: int = 1,
    apart: bool = False,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    on_change: Callable[[Change], None] = lambda change: None,
    stopped: Callable[[], bool] = lambda: False,
    on_worker_time: Callable[[float], None] = lambda seconds: None,
) -> UpdateReport:
    """Scan the workspace and index what is new or changed.

    Args:
        root: the workspace.
        store: open for writing; the caller holds the workspace's lock.
        encoder: None indexes for search by words only.
        only: look at these files and folders alone (posix, relative); None for the whole workspace. The files among
            them are read whatever their stamps say.
        rules: which files count besides; None for what the environment says.
        named: files that are read whatever their stamps say in a scan of the whole workspace.
        workers: processes that read and chunk.
        apart: see prepare_files.
        on_progress: called after each batch of files, and while the files are counted.
        on_change: called after each transaction; it may use the store.
        stopped: asked between files, and every 20 ms or so; true ends the update, and what is committed stays.
        on_worker_time: told how many seconds of processor time a batch took in a worker process.

    Raises:
        RootError: the root is no folder.
        sqlite3.OperationalError: the store cannot be written (a full disk, say); what was committed stays.
    """
    began = perf_counter()
    on_progress(Progress(0, 0, ""))
    whole = only is None or "" in only
    # Before the scan: what is written meanwhile, by on_progress or stopped, is not gone because the scan was too early.
    known = store.known_files() if only is None or "" in only else store.known_under(only)
    found = scan(
        root,
        only=only,
        rules=rules or FileRules(max_file_bytes()),
        on_progress=lambda count: on_progress(Progress(count, 0, "")),
    )
    if whole and store.get_meta(ASSOCIATIONS) != _written_associations():
        # What the user said of these may have been taken back, and their stamps are the same.
        named = {*named, *(file.path for file in found.files if file.may_be)}
    gone = known.keys() - {file.path for file in found.files}
    for path in gone:
        if store.id_of(path) != known[path][0]:
            continue  # written anew meanwhile
        store.remove_files([path])
        on_change(Change(known[path][0], None, None, None))
    if whole:
        wishes_changed = (store.get_meta(WISHES) or "") != found.wishes
    else:
        wishes_changed = any(PurePosixPath(path).name == HUNCHIGNORE for path in only or ())
    changed, doubtful = sort_out(found.files, known, {*(only or ()), *named}, wishes_changed=wishes_changed)
    unchecked = len(doubtful)
    for file in doubtful:
        if stopped():
            break
        if not recheck(root, store, file, known[file.path][1]):
            changed.append(file)
        unchecked -= 1
    stale = [_stale(file, known) for file in changed]
    if whole and stale:
        _note_complete(store, whole=False)
    tally = _Tally(skipped=_known_skips(found, known, stale))
    with closing(prepare_files(root, stale, encoder, workers, apart=apart)) as batches:
        for batch in batches:
            if batch is None:
                if stopped():
                    break
                continue
            on_worker_time(batch.cpu_seconds)
            if not _write_batch(store, batch, encoder, tally, on_change, stopped):
                break
            on_progress(Progress(tally.read, len(stale), batch.files[-1].record.path))
    left = len(stale) - tally.read + unchecked
    if whole and not left and wishes_changed:
        store.set_meta(WISHES, found.wishes)
    if whole and not left:
        _note_complete(store, whole=True)
        if store.get_meta(ASSOCIATIONS) != _written_associations():
            store.set_meta(ASSOCIATIONS, _written_associations())
    files, chunks = store.counts()
    return UpdateReport(
        files=files,
        chunks=chunks,
        read=tally.read,
        removed=len(gone),
        chunks_encoded=tally.encoded,
        skipped=dict(sorted(tally.skipped.items(), key=lambda item: -item[1])),
        warnings=found.warnings,
        problems=store.problems(),
        seconds=perf_counter() - began,
        complete=not left,
        left=left,
        overtaken=tally.overtaken,
    )


def _written_associations() -> str:
    return json.dumps(associations(), sort_keys=True)


def _note_complete(store: Store, *, whole: bool) -> None:
    """Note for other processes whether the store holds the whole workspace, as far as a scan can say."""
    if store.get_meta(COMPLETE) != str(int(whole)):
        store.set_meta(COMPLETE, str(int(whole)))


def _stale(file: SourceFile, known: dict[str, tuple[int, FileRecord]]) -> StaleFile:
    before = known.get(file.path)
    if before is None:
        return StaleFile(file, b"")
    is_same_language = before[1].language == file.language and not file.may_be
    return StaleFile(file, before[1].digest if is_same_language else b"", before[0])


def _known_skips(found: Scan, known: dict[str, tuple[int, FileRecord]], stale: Sequence[StaleFile]) -> dict[str, int]:
    """Count the skipped: by the scan, and earlier by a look at the content."""
    skipped = dict(found.skipped)
    looked_at_again = {one.file.path for one in stale}
    for file in found.files:
        if file.path in known and file.path not in looked_at_again:
            reason = known[file.path][1].skipped
            if reason is not None:
                skipped[reason] = skipped.get(reason, 0) + 1
    return skipped


def _write_batch(
    store: Store,
    batch: PreparedBatch,
    encoder: Encoder | None,
    tally: _Tally,
    on_change: Callable[[Change], None],
    stopped: Callable[[], bool],
) -> bool:
    """Write the files of a batch that really changed; False when it was stopped on the way."""
    vectors = _encode(batch, encoder, stopped)
    start = 0
    for file in batch.files:
        if stopped():
            return False
        record = file.record
        end = start + len(file.records)
        if store.id_of(record.path) != file.known_id:
            tally.overtaken.append(record.path)
        elif file.unchanged:
            store.touch_file(record)
        else:
            content = FileContent(file.records, vectors[start:end], slice_postings(batch.postings, start, end))
            before, number = store.replace_file(record, content)
            on_change(Change(before, number, record, content))
            tally.encoded += end - start
        if record.skipped is not None:
            tally.skipped[record.skipped] = tally.skipped.get(record.skipped, 0) + 1
        tally.read += 1
        start = end
    return True


def _encode(batch: PreparedBatch, encoder: Encoder | None, between: Callable[[], object]) -> NDArray[np.float16]:
    if encoder is None or batch.bags is None:
        return np.zeros((len(batch.postings), 0), np.float16)
    return encoder.encode_chunks(batch.bags, between).astype(np.float16)
