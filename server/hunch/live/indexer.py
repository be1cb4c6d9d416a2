"""The one writing thread of a live workspace: urgent files and unsaved text first, then scans and the backlog."""

from __future__ import annotations

import logging
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from hunch.engine import DATABASE, SEGMENT_NOTICE, Engine, open_engine
from hunch.index.contextual_pass import embed_file, files_without_contextual
from hunch.index.integrity import is_corruption
from hunch.index.isolation import end_when_idle, notice_of
from hunch.index.memory import give_back_memory
from hunch.index.policy import SERVER_POLICY
from hunch.index.reader import IndexReader
from hunch.index.store import IndexState
from hunch.index.stored_arrays import DamagedFileError
from hunch.index.writer import COMPLETE, Progress, UpdateReport, update_store
from hunch.live.following import is_writer_gone
from hunch.live.inbox import Inbox
from hunch.live.mending import REPLACED, Mending, inode_of
from hunch.live.pace import Battery, Pace
from hunch.live.report import Reporter, pause_message, progress_message, ready_message
from hunch.live.status import LiveOptions, Phase, Published, Status
from hunch.live.unsaved import UnsavedOverlay
from hunch.workspace.outside import Outside
from hunch.workspace.scan import RootError

logger = logging.getLogger(__name__)

LARGEST_GROUP = 512
"""Paths of the backlog that one update takes."""

_PUBLISH_SECONDS = 0.3
_CONTEXT_SECONDS = 2.0
"""Between snapshots of the contextual pass."""
_QUIET_SECONDS = 2.0
"""Without a change before the contextual pass goes on."""
_FOLLOW_SECONDS = 1.0
_UNWATCHED_SECONDS = 10.0
"""Between scans, at least, while not all changes are seen."""
_GATHER_SECONDS = 0.01
_RETRY_SECONDS = 5.0
_MEMORY_SECONDS = 5.0
_LOST = {IndexState.DAMAGED, IndexState.OTHER_FORMAT, IndexState.OTHER_CONTENT}


class Indexer:
    """Everything here happens in one thread, but for ``options`` and ``unwatched``, which any thread may replace."""

    def __init__(
        self,
        root: Path,
        options: LiveOptions,
        inbox: Inbox,
        publish: Callable[[Published], None],
        report: Callable[[Status], None],
    ) -> None:
        """Take what the thread will work with; see run."""
        self.options = options
        self.unwatched = ""
        """Why some changes are not seen; empty when all are."""
        self._root = root
        self._inbox = inbox
        self._on_publish = publish
        self._engine: Engine | None = None
        self._overlay = UnsavedOverlay(root)
        self._generation = 0
        self._complete = False
        self._merged_at = 0.0
        self._publish_cost = 0.0
        self._reporter = Reporter(Status(root, Phase.STARTING, "Opening the index"), report)
        self._scanned_at = 0.0
        self._scan_cost = 0.0
        self._battery = Battery()
        self._pace = Pace(options.cpu_share)
        self._looked_at = 0.0
        self._counts = (0, 0)
        self._seen_version = -1
        self._tidied = (0.0, 0)
        self._to_encode: Iterator[int] | None = None
        self._passed_over: set[int] = set()
        """Files that have changed on the disk; once the store has them anew they have other ids."""
        self._has_unshown = False
        self._shown_contextual = 0
        self._problems = ""
        self._busy_at = 0.0
        self._mending = Mending(root.name, inbox)
        self._outside = Outside(root)

    def run(self) -> None:
        """Keep the folder true until the inbox says that it closes. Nothing ends this thread but that."""
        rebuild = False
        try:
            while not self._inbox.closing:
                try:
                    self._open(rebuild=rebuild)
                    rebuild = False
                    self._serve()
                    rebuild = self._inbox.rebuild
                    self._inbox.change(rebuild=False)
                except RootError as error:
                    self._stumble(f"{error}")
                except DamagedFileError as error:
                    self._inbox.note_damaged([error.path])
                except sqlite3.DatabaseError as error:
                    if is_corruption(error):
                        rebuild = self._mending.mend(lambda message: self._report(Phase.PROBLEM, message))
                        continue
                    if not isinstance(error, sqlite3.OperationalError):
                        self._stumble_over(error)
                        continue
                    full = "full" in str(error)
                    self._stumble(
                        IndexState.FULL.value if full else f"the index cannot be written ({error}): trying again"
                    )
                except Exception as error:
                    self._stumble_over(error)
        finally:
            self._close()
            self._report(Phase.CLOSED, "Closed")

    # ---- opening and closing ----

    def _open(self, *, rebuild: bool) -> None:
        self._close()
        engine = self._engine = open_engine(self._root, rebuild=rebuild, policy=SERVER_POLICY)
        engine.reader.on_damage = self._note_damage
        self._mending.follow(engine)
        if rebuild or engine.state in (IndexState.NEW, *_LOST):
            self._inbox.mark([""], urgent=False)
        self._inbox.reopen_unsaved()
        self._overlay.clear()
        self._look_whether_complete()
        engine.reader.open()
        self._publish()
        engine.reader.replay()
        self._publish()
        self._to_encode = None

    def _note_damage(self) -> None:
        logger.warning("%s: %s", self._root.name, SEGMENT_NOTICE)
        if SEGMENT_NOTICE not in self._opened[0].notices:
            self._opened[0].notices.append(SEGMENT_NOTICE)

    def _close(self) -> None:
        self._mending.hold_files()
        self._mending.let_go()
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    @property
    def _opened(self) -> tuple[Engine, IndexReader]:
        assert self._engine is not None
        return self._engine, self._engine.reader

    def _stumble(self, message: str) -> None:
        self._report(Phase.PROBLEM, message)
        self._inbox.mark([""], urgent=False)
        self._inbox.wait(_RETRY_SECONDS, urgent=False, any_work=False)

    def _stumble_over(self, error: Exception) -> None:
        # What an exception says can be source text, which the log does not hold unless it was asked to.
        logger.error("indexing %s stumbled over %s", self._root.name, type(error).__name__)
        logger.debug("indexing stumbled", exc_info=error)
        self._stumble(f"indexing stumbled over {type(error).__name__}: see the log; trying again")

    # ---- the loop ----

    def _serve(self) -> None:
        engine, reader = self._opened
        while not self._inbox.closing and not self._inbox.rebuild:
            self._mending.hold_files()
            if self._mending.is_replaced():
                self._report(Phase.STARTING, REPLACED)
                return
            self._drop_damaged()
            self._urgent()
            if reader.adopt() or reader.unmerged:
                self._publish()
            if engine.lock is None and not engine.in_memory:
                if not self._follow():
                    return
            elif self._paused():
                self._report(Phase.PAUSED, pause_message(self._reporter.status, by_user=self._inbox.paused))
                self._inbox.wait(0.2, any_work=False)
            elif self._inbox.take_scan() or time.monotonic() - self._scanned_at > self._scan_seconds:
                began = time.monotonic()
                self._update(None)
                self._scanned_at = time.monotonic()
                self._scan_cost = self._scanned_at - began
                self._mending.look_soon()
            elif backlog := self._inbox.take_backlog(LARGEST_GROUP):
                self._update(backlog)
            elif reader.lag:
                self._report(Phase.INDEXING, "Reading the index: the last run ended before it was put in order")
                reader.replay()  # again, should building have failed
                self._inbox.wait(0.2, any_work=False)
            else:
                reader.build_if_due()
                self._checkpoint_wal()
                self._tidy()
                end_when_idle()
                reader.pending += self._mending.look()
                if self._outside.has_changed():
                    self._inbox.mark([""], urgent=False)
                self._report(Phase.READY, ready_message(engine.state, self._shown_contextual, self._counts[1]))
                if not self._embed_one():
                    self._inbox.wait(1.0)

    @property
    def _scan_seconds(self) -> float:
        """How long after a scan the next one comes: sooner while not all changes are seen, as a scan's cost allows."""
        seconds = self.options.scan_seconds
        return min(seconds, max(_UNWATCHED_SECONDS, 20 * self._scan_cost)) if self.unwatched else seconds

    def _embed_one(self) -> bool:
        """Do one file of the contextual pass; false when there is nothing to do for it now."""
        engine, reader = self._opened
        encoder = engine.encoder
        if (
            not self.options.contextual_embeddings
            or encoder is None
            or not encoder.has_contextual
            or engine.state is IndexState.FULL
            or time.monotonic() - self._busy_at < _QUIET_SECONDS
            or self._battery.is_used
        ):
            return False
        if self._to_encode is None:
            self._to_encode = files_without_contextual(engine.store)
            self._pace = Pace(self.options.cpu_share, cores=1)
        number = next(self._to_encode, None)
        if number is None:
            if self._has_unshown:
                self._publish()
            return False
        if number in self._passed_over:
            return True
        outcome = embed_file(engine.root, engine.store, encoder.contextual(), number, self._checkpoint)
        if outcome.is_stale:
            self._passed_over.add(number)
            self._inbox.mark([outcome.path], urgent=False)
        if outcome.is_ended:
            self._to_encode = None
        if outcome.vectors is not None:
            reader.add_contextual(number, outcome.vectors)
            self._has_unshown = True
            if time.monotonic() - self._merged_at > max(_CONTEXT_SECONDS, 20 * self._publish_cost):
                self._publish()
        return True

    def _update(self, only: set[str] | None) -> None:
        self._to_encode = None  # what is written now comes first in the next contextual pass
        self._pace = Pace(self.options.cpu_share)
        named = self._inbox.take_backlog(sys.maxsize) if only is None else only
        report = self._run_update(only, named)
        if not report.complete and not self._inbox.closing:
            self._inbox.mark(["", *named] if only is None else only, urgent=False)
        self._inbox.mark(report.overtaken, urgent=False)
        self._busy_at = time.monotonic()
        if only is None:
            self._complete = report.complete
        self._publish()

    def _run_update(self, only: set[str] | None, named: set[str]) -> UpdateReport:
        engine, reader = self._opened

        def progress(now: Progress) -> None:
            if now.total:
                self._complete = False if only is None else self._complete
                self._report(Phase.INDEXING, progress_message(now), done=now.done, total=now.total)
            elif only is None:
                self._report(Phase.INDEXING if not self._complete else self._reporter.status.phase,
                             f"Looking through the folder: {now.done:,} files so far", done=now.done)  # fmt: skip
            self._checkpoint()

        return update_store(
            engine.root,
            engine.store,
            engine.encoder,
            only=only,
            named=named,
            workers=max(1, int(self._pace.cores * self.options.cpu_share)),
            apart=True,
            on_progress=progress,
            on_change=reader.pending.append,
            stopped=self._checkpoint,
            on_worker_time=self._pace.worked,
        )

    def _checkpoint(self) -> bool:
        """Do between files what cannot wait; true when the update has to stop here."""
        inbox = self._inbox
        if inbox.closing or inbox.rebuild:
            return True
        if inbox.has_urgent:
            self._urgent()
        now = time.monotonic()
        if now - self._looked_at < 0.02:
            return False
        _, reader = self._opened
        self._looked_at = now
        self._mending.hold_files()
        self._drop_damaged()
        if self._paused():
            self._publish()
            return True
        self._pace.worked(reader.builder_seconds)
        rest = self._pace.rest()
        if rest > 0:
            inbox.wait(rest, any_work=False)
        is_time = now - self._merged_at > max(_PUBLISH_SECONDS, 20 * self._publish_cost)
        if is_time and (reader.pending or reader.unmerged):
            self._publish()
        if reader.adopt():
            self._publish()
        reader.build_if_due(busy=True)
        self._checkpoint_wal()
        self._tidy()
        return inbox.closing or inbox.rebuild

    def _checkpoint_wal(self) -> None:
        wal = self._opened[1].wal
        if wal is not None:
            wal.run_if_due()

    def _tidy(self) -> None:
        at, generation = self._tidied
        if generation != self._generation and time.monotonic() - at > _MEMORY_SECONDS:
            give_back_memory()
            self._tidied = (time.monotonic(), self._generation)

    def _urgent(self) -> None:
        if not self._inbox.has_urgent:
            return
        engine, reader = self._opened
        self._busy_at = time.monotonic()
        self._to_encode = None  # what is saved now comes first when the contextual pass goes on
        time.sleep(_GATHER_SECONDS)  # keystrokes come in bursts; the newest text is the one that counts
        saved, unsaved = self._inbox.take_urgent()
        self._mending.hold_files()
        may_write = engine.lock is not None or engine.in_memory
        if saved and may_write:
            update_store(engine.root, engine.store, engine.encoder, only=saved, on_change=reader.pending.append)
        for path, text in unsaved.items():
            self._overlay.take(engine, path, text)
        self._publish(merge=False)

    # ---- publishing ----

    def _publish(self, *, merge: bool = True) -> None:
        engine, reader = self._opened
        began = time.perf_counter()
        for path in reader.apply_pending(merge=merge):
            # The saved text may have become what the editor shows, or ceased to be.
            if self._inbox.unsaved(path) is not None:
                self._overlay.take(engine, path, self._inbox.unsaved(path))
        self._generation += 1
        snapshot = reader.snapshot(self._generation, self._overlay.paths, self._overlay.segments())
        self._counts = (snapshot.file_count, snapshot.chunk_count)
        self._problems = notice_of(engine.store.problems())
        self._shown_contextual = snapshot.contextual_count
        self._has_unshown = False
        self._on_publish(Published(snapshot, engine.encoder, self._is_complete))
        if merge:
            self._merged_at = time.monotonic()
        self._publish_cost = time.perf_counter() - began

    def _drop_damaged(self) -> None:
        """Have what was damaged on the disk made again, if a search or a look has found that."""
        damaged = self._inbox.take_damaged()
        if damaged:
            _, reader = self._opened
            for file in damaged:
                reader.drop(file)
            reader.replay()
            self._publish()

    # ---- following another process ----

    def _follow(self) -> bool:
        """Look once at what the writing process has done; False when this process has to open the index again."""
        engine, reader = self._opened
        database = engine.cache / DATABASE
        if engine.state is IndexState.NO_MODEL:
            self._report(Phase.READY, ready_message(engine.state, self._shown_contextual, self._counts[1]))
        else:
            self._report(Phase.FOLLOWING, "Another process keeps this index up to date")
        before = inode_of(database)
        self._inbox.forget_work()
        self._inbox.wait(_FOLLOW_SECONDS, any_work=False)
        if self._inbox.has_urgent or self._inbox.closing:
            return True
        begun_anew = inode_of(database) != before or (engine.store.is_in_memory and before != 0)
        if begun_anew or (engine.state is not IndexState.NO_MODEL and is_writer_gone(engine.cache)):
            self._inbox.mark([""], urgent=False)
            return False
        if engine.store.data_version != self._seen_version:
            self._seen_version = engine.store.data_version
            reader.replay()
            self._look_whether_complete()
            for path in list(self._overlay.paths):
                self._overlay.take(engine, path, self._inbox.unsaved(path))
            self._publish()
        return True

    def _look_whether_complete(self) -> None:
        engine, _ = self._opened
        self._complete = engine.store.get_meta(COMPLETE) == "1"

    # ---- telling ----

    @property
    def _is_complete(self) -> bool:
        return self._complete and self._engine is not None and not self._engine.reader.lag

    def _paused(self) -> bool:
        return self._inbox.paused or (self.options.pause_on_battery and self._battery.is_used)

    def _report(self, phase: Phase, message: str, *, done: int = 0, total: int = 0) -> None:
        engine = self._engine
        self._reporter.report(
            Status(
                root=self._root,
                phase=phase,
                message=message,
                done=done,
                total=total,
                files=self._counts[0],
                chunks=self._counts[1],
                complete=self._is_complete,
                contextual_count=self._shown_contextual,
                writer=engine is not None and (engine.lock is not None or engine.in_memory),
                paused_by=("user" if self._inbox.paused else "battery") if phase is Phase.PAUSED else "",
                notices=self._notices(),
                generation=self._generation,
            )
        )

    def _notices(self) -> tuple[str, ...]:
        found = self._engine.notices if self._engine is not None else ()
        return (*found, *self._mending.told, *filter(None, (self.unwatched, self._problems)))
