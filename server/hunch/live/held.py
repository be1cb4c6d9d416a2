"""The tiers of one open index: changes go in, a new base is made in the background, snapshots come out."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np
import psutil
from numpy.typing import NDArray

from hunch.engine import DATABASE, SEGMENT_NOTICE, Engine
from hunch.index.child import Child
from hunch.index.compact import start_compaction
from hunch.index.contextual import NOTHING_IN_CONTEXT, index_contextual
from hunch.index.journal import checkpoint_if_large
from hunch.index.segment import Segment, load_segment, remove_segments
from hunch.index.snapshot import Snapshot
from hunch.index.tiers import Added, Tiers, compose, in_memory, living_files, with_base, with_changes
from hunch.index.writer import Change

logger = logging.getLogger(__name__)

LEAST_COMPACTED = 4_000
"""Chunks in memory below which no base is made while indexing goes on."""

_LEAST_COMPACTED_IDLE = 1_000
_READ_AT_ONCE = 100
_RETRY_SECONDS = 5.0
_JOURNAL_SECONDS = 2.0


class Held:
    """What searches of one open engine see. Use it from one thread; close it before the engine."""

    def __init__(self, engine: Engine) -> None:
        """Take what is on disk; what stands in the store alone comes with catch_up."""
        self.pending: list[Change] = []
        """Changes that are in the store and in no snapshot yet."""
        self.unmerged = False
        """Whether small tiers wait to be merged."""
        self._contextual: dict[int, NDArray[np.int8]] = {}
        self._contextual_changed = False
        self._shown_contextual = NOTHING_IN_CONTEXT
        self._engine = engine
        self._tiers: Tiers = ()
        self._missing: list[int] = []
        self._compaction: Child | None = None
        self._compaction_allowed = 0.0
        self._compaction_seen = 0.0
        self._cannot_compact = False
        self._has_damaged_base = False
        self._checkpoint: threading.Thread | None = None
        self._checkpoint_allowed = 0.0
        self._written = True
        if engine.lock is not None:
            engine.store.checkpoint_apart()
        self._read_base()

    @property
    def is_behind(self) -> bool:
        """Whether the store has files that are in no tier yet."""
        return bool(self._missing)

    def catch_up(self) -> None:
        """Take in what the store has and the base has not; when that is much, a new base holds it first."""
        if not self._missing or self._compaction is not None or self._is_too_much(self._missing):
            return
        # Through the tiers ids ascend, so what was added since is read again, behind what was missing.
        self._tiers = tuple(tier for tier in self._tiers if tier.on_disk)
        self.pending.clear()
        self._read_base()
        missing, self._missing = self._missing, []
        self._add(missing)

    def apply_pending(self, *, merge: bool = True) -> list[str]:
        """Take the pending changes into the tiers; return the paths of the files that were written."""
        if not self.pending and not (merge and self.unmerged):
            return []
        self.unmerged = not merge
        self._written = self._written or bool(self.pending)
        removed = {change.removed for change in self.pending if change.removed is not None}
        for number in removed & self._contextual.keys():
            del self._contextual[number]
            self._contextual_changed = True
        added: list[Added] = [
            (change.added, change.record, change.content)
            for change in self.pending
            if change.added is not None and change.added not in removed
            and change.record is not None and change.content is not None
        ]  # fmt: skip
        written = [change.record.path for change in self.pending if change.record is not None]
        self.pending.clear()
        self._tiers = with_changes(self._tiers, removed, added, merge=merge)
        return written

    def snapshot(self, generation: int, hidden: Collection[str], above: Sequence[Segment]) -> Snapshot:
        """Return what searches see from now on; see compose."""
        if self._contextual_changed:
            self._shown_contextual = index_contextual(dict(self._contextual), self._shown_contextual)
            self._contextual_changed = False
        return replace(compose(self._tiers, generation, hidden, above), contextual=self._shown_contextual)

    def take_contextual(self, number: int, vectors: NDArray[np.int8]) -> None:
        """Take in the contextual embeddings of a file, which the next snapshot shows."""
        self._contextual[number] = vectors
        self._contextual_changed = True

    def read_contextual(self) -> None:
        """Take in the contextual embeddings that the store has."""
        store = self._engine.store
        there, here = store.contextual_ids(), self._contextual.keys()
        if there == here:
            return
        new = sorted(there - here)
        self._contextual = {number: rows for number, rows in self._contextual.items() if number in there}
        self._contextual.update(store.contextual(new))
        self._contextual_changed = True

    def adopt_base(self) -> bool:
        """Take the new base when it is ready; true when the tiers have changed."""
        if self._compaction is None or self._compaction.process.poll() is None:
            return False
        self._cannot_compact = self._compaction.process.returncode != 0
        if self._cannot_compact:
            logger.warning("no new base could be made: the newest part of the index stays in memory")
        self._compaction = None
        self.apply_pending()
        self._read_base()
        self.catch_up()
        return True

    def drop_base(self) -> None:
        """Let go of the base, which is damaged; what it held comes from the store with catch_up."""
        self._say_damaged()
        self._has_damaged_base = self._engine.lock is None  # the process that writes makes another
        self._tiers = tuple(tier for tier in self._tiers if not tier.on_disk)
        self._read_base()

    def compact_if_due(self, *, idle: bool) -> None:
        """Begin a new base when too much stands in memory or is dead."""
        if self._compaction is not None or self._engine.lock is None or time.monotonic() < self._compaction_allowed:
            return
        base = sum(len(tier.segment) for tier in self._tiers if tier.on_disk)
        dead = base - sum(tier.living for tier in self._tiers if tier.on_disk)
        limit = max(_LEAST_COMPACTED_IDLE, base // 20) if idle else max(LEAST_COMPACTED, base // 2)
        if in_memory(self._tiers) + dead > limit:
            self._start_compaction()

    def tend_journal(self) -> None:
        """Have the store's log copied into its database, in the background, when it has grown."""
        now = time.monotonic()
        if self._written and self._engine.lock is not None and now > self._checkpoint_allowed:
            self._checkpoint_allowed = now + _JOURNAL_SECONDS
            self._written = False
            self._checkpoint = checkpoint_if_large(self._engine.cache / DATABASE, self._checkpoint)

    def follow_store(self) -> None:
        """Take in whatever another process has written since."""
        store = self._engine.store
        with store.reading():
            if not self._tiers or in_memory(self._tiers) > LEAST_COMPACTED // 2:
                self._read_base()
            stored = np.fromiter(store.chunk_counts(), np.int64)
            here = np.concatenate([np.zeros(0, np.int64), *map(living_files, self._tiers)])
            self._tiers = with_changes(self._tiers, here[~np.isin(here, stored)].tolist(), ())
            self._add(stored[~np.isin(stored, here)].tolist())
            self.read_contextual()

    def compaction_seconds(self) -> float:
        """Return the processor time that the process that makes a base has taken since this was last asked."""
        if self._compaction is None:
            self._compaction_seen = 0.0
            return 0.0
        with suppress(psutil.Error):
            times = psutil.Process(self._compaction.process.pid).cpu_times()
            new = times.user + times.system - self._compaction_seen
            self._compaction_seen += new
            return float(new)
        return 0.0

    def close(self) -> None:
        """End the process that makes a base, if one runs."""
        if self._compaction is not None:
            self._compaction.end(at_once=True)
            self._compaction = None

    def _read_base(self) -> None:
        store = self._engine.store
        stored = np.fromiter(store.chunk_counts(), np.int64)
        base = None
        if not self._has_damaged_base:
            base = load_segment(self._engine.cache, store.identity, lambda file: self._say_damaged())
        if base is None:
            here = np.concatenate([np.zeros(0, np.int64), *map(living_files, self._tiers)])
            self._missing = stored[~np.isin(stored, here)].tolist()
        else:
            self._tiers, self._missing = with_base(self._tiers, base, stored)

    def _say_damaged(self) -> None:
        logger.warning("%s: %s", self._engine.root.name, SEGMENT_NOTICE)
        self._engine.notices.append(SEGMENT_NOTICE)
        if self._engine.lock is not None:
            remove_segments(self._engine.cache)

    def _is_too_much(self, missing: list[int]) -> bool:
        if self._cannot_compact:
            return False
        counts = self._engine.store.chunk_counts()
        return sum(counts.get(number, 0) for number in missing) > 4 * LEAST_COMPACTED and self._start_compaction()

    def _add(self, missing: list[int]) -> None:
        store = self._engine.store
        for start in range(0, len(missing), _READ_AT_ONCE):
            group = missing[start : start + _READ_AT_ONCE]
            records = dict(store.records(group))
            added = [(number, records[number], content) for number, content in store.contents(group)]
            self._tiers = with_changes(self._tiers, (), added)

    def _start_compaction(self) -> bool:
        self._compaction_allowed = time.monotonic() + _RETRY_SECONDS
        if self._engine.lock is None:
            return False
        self._compaction_seen = 0.0
        with suppress(OSError):
            self._compaction = start_compaction(self._engine.cache / DATABASE, self._engine.cache)
            return True
        return False
