"""The index reader: the one thing that turns what a store holds into snapshots, for command line and server alike.

The store is the truth. Segments on disk and in memory are made from it; ids of files are never used twice, so the
reader knows by them alone what of a segment still counts, and what stands in none yet.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hunch.index.building import Builder
from hunch.index.change import Change
from hunch.index.compaction import files_to_build, is_due, write_segments
from hunch.index.contextual_column import ContextualColumn
from hunch.index.policy import ReaderPolicy
from hunch.index.presence import with_contextual
from hunch.index.segment import Segment
from hunch.index.segment_files import StoredSegment, open_segments, remove_segment, stamp_of
from hunch.index.segment_set import Added, LiveSegment, Segments, compose, with_changes, with_live_files
from hunch.index.sidecar import SUFFIX, remove_sidecar
from hunch.index.snapshot import Snapshot
from hunch.index.store import Store
from hunch.index.stored_arrays import DamagedFileError
from hunch.index.wal_checkpoint import WalCheckpoint

logger = logging.getLogger(__name__)

_MERGED_LATER = 0


class IndexReader:
    """What searches see of one store. Use it from one thread; close it before the store."""

    def __init__(
        self,
        store: Store,
        database: Path,
        policy: ReaderPolicy,
        *,
        writes: bool,
        on_damage: Callable[[], None] = lambda: None,
    ) -> None:
        """Take nothing in yet, see replay.

        Args:
            store: what is read.
            database: where it is; the segments are beside it.
            policy: when and where segments are built.
            writes: whether this process may write beside the store: it holds the lock.
            on_damage: called when a file beside the store was found damaged and is made again.
        """
        self.pending: list[Change] = []
        """Changes that are in the store and in no snapshot yet."""
        self.unmerged = False
        """Whether small segments wait to be merged."""
        self.policy = policy
        self.wal: WalCheckpoint | None = None
        """Of a server that writes; SQLite does it inside a commit otherwise."""
        self.on_damage = on_damage
        self._store, self._cache, self._writes = store, database.parent, writes
        self._builder = Builder(database, self._cache)
        self._cannot_build = False
        self._segments: Segments = ()
        self._missing: list[int] = []
        self._written: list[str] = []
        self._refused: set[tuple[Path, tuple[int, ...]]] = set()
        self._has_contextual_lag = False
        if writes and policy.builds_apart:
            store.checkpoint_apart()
            self.wal = WalCheckpoint(database)

    @property
    def segments(self) -> Segments:
        """What is read, segments on disk first."""
        return self._segments

    @property
    def base_segments(self) -> list[Segment]:
        """The segments on disk."""
        return [one.segment for one in self._segments if one.stored is not None]

    @property
    def lag(self) -> int:
        """How many files of the store are in no segment yet."""
        return len(self._missing)

    @property
    def builder_seconds(self) -> float:
        """The processor time that a child has taken to build since this was last asked."""
        return self._builder.seconds()

    def open(self) -> None:
        """Take in what stands on disk; the rest of the store comes with replay."""
        with self._store.reading():
            self._reconcile(self._store.chunk_counts())
            self._read_contextual()

    def replay(self) -> None:
        """Bring the segments up to date with the store, whoever has written to it.

        Costs about a microsecond a file, 60 microseconds a chunk that is in no segment, and 2 for its contextual
        embedding. Where that is much, and this process writes, segments are built first; by a child, replay lags until
        the child is done, see adopt.
        """
        if self._builder.is_running:
            return
        self._take_pending(merge=True)
        with self._store.reading():
            counts = self._store.chunk_counts()
            self._reconcile(counts)
            if not self._build_first(counts):
                self._take_missing(counts)
            self._read_contextual()

    def apply_pending(self, *, merge: bool = True) -> list[str]:
        """Take the pending changes in; return the paths of the files that were written since this was last called."""
        self._take_pending(merge=merge)
        written, self._written = self._written, []
        return written

    def add_contextual(self, number: int, vectors: NDArray[np.int8]) -> None:
        """Take in the contextual embeddings of a file that the store has by now, int8 [chunks, dim]."""
        for at, one in enumerate(self._segments):
            chunks = one.chunks_of(number)
            if len(chunks):
                one.column.put(chunks, vectors)
                present = np.zeros(len(one.segment), np.bool_) if one.present is None else one.present.copy()
                present[chunks] = True
                self._segments = (*self._segments[:at], replace(one, present=present), *self._segments[at + 1 :])
                return
        self._has_contextual_lag = True

    def snapshot(self, generation: int, shadowed: Collection[str] = (), overlay: Sequence[Segment] = ()) -> Snapshot:
        """Return what searches see from now on; see segment_set.compose."""
        if self._has_contextual_lag:
            with self._store.reading():
                self._read_contextual()
        return compose(self._segments, generation, shadowed, overlay)

    def build_if_due(self, *, busy: bool = False) -> None:
        """Have a child build segments when too much stands in memory or is a tombstone."""
        if not self._writes or not self._builder.may_start or not self.policy.builds_apart:
            return
        if is_due(self._segments, 0, self.policy, busy=busy):
            self._start_building(self._store.chunk_counts())

    def adopt(self) -> bool:
        """Take in what a child has built when it is done; true when the segments have changed."""
        is_built = self._builder.outcome()
        if is_built is None:
            return False
        if not is_built:
            logger.warning("no new segments could be built: the newest part of the index stays in memory")
        self._cannot_build = not is_built
        self.replay()
        return True

    def drop(self, file: Path) -> None:
        """Let go of a damaged segment or sidecar that is read; what it held comes back from the store with replay."""
        kept = list[LiveSegment]()
        for one in self._segments:
            if one.stored is None or file not in (one.stored.file, one.stored.file.with_suffix(SUFFIX)):
                kept.append(one)
                continue
            self._refuse(file)
            if one.stored.file == file:
                self._missing += one.live_files().tolist()
            else:
                kept.append(replace(one, column=self._column_of(one.stored), present=None))
        self._segments = tuple(kept)

    def close(self) -> None:
        """End the child that builds, if one runs."""
        self._builder.end()

    def _take_pending(self, *, merge: bool) -> None:
        if not self.pending and not (merge and self.unmerged):
            return
        self.unmerged = not merge
        if self.wal is not None and self.pending:
            self.wal.has_written = True
        removed = {change.removed for change in self.pending if change.removed is not None}
        added: list[Added] = [
            (change.added, change.record, change.content)
            for change in self.pending
            if change.added is not None and change.added not in removed
            and change.record is not None and change.content is not None
        ]  # fmt: skip
        self._written += [change.record.path for change in self.pending if change.record is not None]
        self.pending.clear()
        largest = self.policy.largest_merged if merge else _MERGED_LATER
        self._segments = with_changes(self._segments, removed, added, largest_merged=largest)

    def _reconcile(self, counts: Mapping[int, int]) -> None:
        """Open what is new on disk, and find out which files of each segment count, and which are in none.

        Of segments that hold the same file the newest counts: a process was killed before it removed the older one.
        """
        ids = np.fromiter(counts, np.int64, len(counts))
        before = {one.stored: one for one in self._segments if one.stored is not None}
        held, on_disk, memory = np.zeros(0, np.int64), list[LiveSegment](), list[LiveSegment]()
        for stored in open_segments(
            self._cache, self._store.identity, [*before], on_damage=self._refuse,
            on_foreign=lambda file: remove_segment(file) if self._writes else None,
        ):  # fmt: skip
            if (stored.file, stored.stamp) in self._refused:
                continue
            files = np.isin(stored.segment.file_ids, ids) & ~np.isin(stored.segment.file_ids, held)
            if files.any():
                one = before.get(stored) or LiveSegment(stored.segment, self._column_of(stored), stored=stored)
                on_disk.append(with_live_files(one, files))
                held = np.concatenate([held, stored.segment.file_ids[files]])
            elif self._writes:
                remove_segment(stored.file)
        for one in self._segments:
            files = np.isin(one.segment.file_ids, ids) & ~np.isin(one.segment.file_ids, held)
            if one.stored is None and files.any():
                memory.append(with_live_files(one, files))
        here = np.concatenate([held, *(one.live_files() for one in memory)])
        missing = ids[~np.isin(ids, here)]
        if memory and len(missing) and missing[0] < memory[-1].segment.file_ids[-1]:
            memory, missing = [], ids[~np.isin(ids, held)]  # ids ascend through the segments in memory
        self._segments, self._missing = (*reversed(on_disk), *memory), missing.tolist()

    def _build_first(self, counts: Mapping[int, int]) -> bool:
        """Build what is due on disk; true while a child does it."""
        missing = sum(counts[number] for number in self._missing)
        if not self._writes or self._cannot_build:
            return False
        if self.policy.builds_apart:
            return missing > self.policy.most_replayed and self._start_building(counts)
        if is_due(self._segments, missing, self.policy):
            groups = files_to_build(self._segments, self._missing, counts, self.policy)
            with suppress(OSError):  # without room on disk the rest stays in memory
                write_segments(self._store, self._cache, groups)
            self._reconcile(counts)
        return False

    def _start_building(self, counts: Mapping[int, int]) -> bool:
        groups = files_to_build(self._segments, self._missing, counts, self.policy)
        if groups:
            return self._builder.start(groups)
        for one in self._segments:  # nothing is left of any of them
            if one.stored is not None and not one.live_count:
                remove_segment(one.stored.file)
        self._segments = tuple(one for one in self._segments if one.live_count)
        return False

    def _take_missing(self, counts: Mapping[int, int]) -> None:
        group, chunks = list[int](), 0
        missing, self._missing = self._missing, []
        for number in missing:
            group.append(number)
            chunks += counts[number]
            if chunks >= self.policy.largest_segment or number == missing[-1]:
                self._segments = with_changes(
                    self._segments, (), self._store.entries(group), largest_merged=self.policy.largest_merged,
                    chunks=chunks,
                )  # fmt: skip
                group, chunks = [], 0

    def _read_contextual(self) -> None:
        """Take in which contextual embeddings the store has, and those that stand in no sidecar."""
        self._has_contextual_lag = False
        ids = self._store.contextual_ids()
        numbers = np.fromiter(ids, np.int64, len(ids))
        found = [with_contextual(one, numbers, self._store) for one in self._segments]
        self._segments = tuple(one for one, _ in found)
        if self._writes and any(is_damaged for _, is_damaged in found):  # else it may be in the middle of being written
            self.on_damage()

    def _column_of(self, stored: StoredSegment) -> ContextualColumn:
        count, place = len(stored.segment), stored.sidecar(writes=self._writes)
        try:
            if not self._is_refused(place.path):
                return ContextualColumn(count, place)
        except DamagedFileError:
            self._refuse(place.path)
        return ContextualColumn(count, place if self._writes else None)

    def _refuse(self, file: Path) -> None:
        """Say that a file is damaged, and take it away, or do not look at it again when another process writes it."""
        if self._is_refused(file):
            return
        self.on_damage()
        if not self._writes:
            with suppress(OSError):
                self._refused.add((file, stamp_of(file)))
        elif file.suffix == SUFFIX:
            remove_sidecar(file)
        else:
            remove_segment(file)

    def _is_refused(self, file: Path) -> bool:
        with suppress(OSError):
            return (file, stamp_of(file)) in self._refused
        return False
