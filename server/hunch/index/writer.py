"""The one writer: brings a store up to date with its workspace, one transaction a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from hunch.index.prepare import PreparedBatch, StaleFile, prepare_files
from hunch.index.store import FileContent, FileRecord, Store
from hunch.model.encoder import Encoder
from hunch.text.terms import Postings
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
    seconds: float
    complete: bool = True
    """False when the update was stopped before its end; what was done is kept."""
    left: int = 0
    """Files that a stopped update has not come to."""


@dataclass(slots=True)
class _Tally:
    read: int = 0
    encoded: int = 0
    skipped: dict[str, int] = field(default_factory=dict)


def update_store(
    root: Path,
    store: Store,
    encoder: Encoder | None,
    *,
    workers: int = 1,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    stopped: Callable[[], bool] = lambda: False,
) -> UpdateReport:
    """Scan the workspace and index what is new or changed.

    Args:
        root: the workspace.
        store: open for writing; the caller holds the workspace's lock.
        encoder: None indexes for search by words only.
        workers: processes that read and chunk.
        on_progress: called after each batch of files.
        stopped: asked between files; true ends the update, and what is committed stays.

    Raises:
        RootError: the root is no folder.
        sqlite3.OperationalError: the store cannot be written (a full disk, say); what was committed stays.
    """
    began = perf_counter()
    on_progress(Progress(0, 0, ""))
    found = scan(root, on_progress=lambda count: on_progress(Progress(count, 0, "")))
    known = store.known_files()
    gone = known.keys() - {file.path for file in found.files}
    store.remove_files(gone)
    stale = [_stale(file, known) for file in found.files if _looks_changed(file, known.get(file.path))]
    tally = _Tally(skipped=_known_skips(found, known, stale))
    with closing(prepare_files(root, stale, encoder, workers)) as batches:
        for batch in batches:
            if not _write_batch(store, batch, encoder, tally, stopped):
                break
            on_progress(Progress(tally.read, len(stale), batch.files[-1].record.path))
    files, chunks = store.counts()
    return UpdateReport(
        files=files,
        chunks=chunks,
        read=tally.read,
        removed=len(gone),
        chunks_encoded=tally.encoded,
        skipped=dict(sorted(tally.skipped.items(), key=lambda item: -item[1])),
        warnings=found.warnings,
        seconds=perf_counter() - began,
        complete=tally.read == len(stale),
        left=len(stale) - tally.read,
    )


def update_file(root: Path, store: Store, encoder: Encoder | None, path: str) -> bool:
    """Index one file again, or forget it, without a scan; False for a path that is not in the index.

    Whether an unknown file counts is for a scan to say, which knows the ignore files.

    Raises:
        sqlite3.OperationalError: the store cannot be written.
    """
    known = store.known_file(path)
    if known is None:
        return False
    try:
        found = (root / path).stat()
    except OSError:
        store.remove_files([path])
        return True
    file = SourceFile(path, known.language, found.st_size, found.st_mtime_ns)
    with closing(prepare_files(root, [StaleFile(file, known.digest)], encoder, 1)) as batches:
        for batch in batches:
            _write_batch(store, batch, encoder, _Tally(), lambda: False)
    return True


def _looks_changed(file: SourceFile, known: tuple[int, FileRecord] | None) -> bool:
    if known is None:
        return True
    record = known[1]
    return (file.size, file.mtime_ns, file.language) != (record.size, record.mtime_ns, record.language)


def _stale(file: SourceFile, known: dict[str, tuple[int, FileRecord]]) -> StaleFile:
    before = known.get(file.path)
    return StaleFile(file, before[1].digest if before and before[1].language == file.language else b"")


def _known_skips(found: Scan, known: dict[str, tuple[int, FileRecord]], stale: Sequence[StaleFile]) -> dict[str, int]:
    """Count the skipped: by the scan, and earlier by a look at the content."""
    skipped = dict(found.skipped)
    looked_at_again = {file.path for file, _ in stale}
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
    stopped: Callable[[], bool],
) -> bool:
    """Write the files of a batch that really changed; False when it was stopped on the way."""
    vectors = _encode(batch, encoder)
    start = 0
    for file in batch.files:
        if stopped():
            return False
        record = file.record
        end = start + len(file.records)
        if file.unchanged:
            store.touch_file(record.path, record.size, record.mtime_ns)
        else:
            content = FileContent(file.records, vectors[start:end], _slice(batch.postings, start, end))
            store.replace_file(record, content)
            tally.encoded += end - start
        if record.skipped is not None:
            tally.skipped[record.skipped] = tally.skipped.get(record.skipped, 0) + 1
        tally.read += 1
        start = end
    return True


def _encode(batch: PreparedBatch, encoder: Encoder | None) -> NDArray[np.float16]:
    if encoder is None or batch.bags is None:
        return np.zeros((len(batch.postings), 0), np.float16)
    return encoder.encode_chunks(batch.bags).astype(np.float16)


def _slice(postings: Postings, start: int, end: int) -> Postings:
    first, last = int(postings.offsets[start]), int(postings.offsets[end])
    return Postings(
        offsets=postings.offsets[start : end + 1] - first,
        terms=postings.terms[first:last],
        impacts=postings.impacts[first:last],
        fields=postings.fields[first:last],
    )
