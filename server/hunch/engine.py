"""One workspace, opened: its lock, store, model and newest snapshot. Command line and server both stand on this."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import filelock

from hunch.index.contextual_pass import embed_file, files_without_contextual
from hunch.index.integrity import Damage, is_corruption, note_clean_end
from hunch.index.policy import COMMAND_POLICY, ReaderPolicy
from hunch.index.reader import IndexReader
from hunch.index.segment_files import check_segments
from hunch.index.snapshot import EMPTY, Snapshot
from hunch.index.store import (
    IndexState,
    Store,
    content_version,
    damage_of,
    discard,
    inspect,
    open_in_memory,
    open_store,
)
from hunch.index.stored_arrays import DamagedFileError
from hunch.index.writer import Progress, UpdateReport, update_store
from hunch.model.bundle import BundleError
from hunch.model.encoder import Encoder
from hunch.opening import DATABASE as DATABASE
from hunch.opening import LOCK as LOCK
from hunch.opening import checked_root, is_full, load_encoder, open_to_read, open_to_write
from hunch.search.query import Query, QueryError, parse_query
from hunch.search.search import Answer, search
from hunch.search.similar import chunks_at, similar_at
from hunch.settings import worker_count, workspace_cache
from hunch.text.chunk import Chunk
from hunch.workspace.scan import Skip, read_source

_MOST_DAMAGED = 100
"""Files that are made again for one question."""


@dataclass(slots=True)
class Engine:
    """An open workspace. Close it when done; use it from one thread."""

    root: Path
    cache: Path
    store: Store
    encoder: Encoder | None
    state: IndexState
    lock: filelock.BaseFileLock | None
    """Held by the one process that may write; None in readers."""
    in_memory: bool = False
    """The store ends with the process; nobody else writes it, so it needs no lock."""
    policy: ReaderPolicy = field(default_factory=lambda: COMMAND_POLICY)
    reader: IndexReader = field(init=False)
    """Reads the store; a store that is made anew gets a new one."""
    generation: int = 0
    snapshot: Snapshot = EMPTY
    notices: list[str] = field(default_factory=list)
    """Lines for the person: what was found wrong and what was done about it."""
    complete: bool = True
    """False while the snapshot is known not to hold the whole workspace."""
    is_unclean: bool = False
    """The last writer did not come to its end, or somebody else wrote to the database; nobody looked it over yet."""
    lost: list[str] = field(default_factory=list)
    """Files whose contextual embeddings were damaged and have to be computed again."""

    def __post_init__(self) -> None:
        """Begin to read."""
        self.open_reader()

    def open_reader(self) -> None:
        """Begin to read the store that is open now."""
        self.reader = IndexReader(
            self.store, self.cache / DATABASE, self.policy, writes=self.lock is not None,
            on_damage=lambda: _note_once(self.notices, SEGMENT_NOTICE),
        )  # fmt: skip

    def close(self) -> None:
        """Let go of the files and the lock."""
        self.reader.close()
        self.store.close()
        if self.lock is not None:
            if not self.is_unclean:
                note_clean_end(self.cache / DATABASE)
            self.lock.release()

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def open_engine(
    root: Path, *, rebuild: bool = False, write: bool = True, patience: float = 0, policy: ReaderPolicy | None = None
) -> Engine:
    """Open a workspace's index, or begin one; nothing is scanned or encoded yet.

    Whatever is wrong with the cache or the model becomes a state and a notice, never an exception.

    Args:
        root: the workspace.
        rebuild: throw the index away first.
        write: False opens the index as it is and changes nothing.
        patience: seconds to wait for another process that is writing.
        policy: of a caller that makes snapshots of its own; this one stays empty then.

    Raises:
        RootError: the root is no folder.
    """
    root = checked_root(root)
    cache = workspace_cache(root)
    encoder, problem = load_encoder()
    notices = [problem] if problem else []
    content = content_version(encoder.bundle.manifest.identity if encoder else None)
    file = cache / DATABASE
    if encoder is None and inspect(file, content) is IndexState.OTHER_CONTENT:
        # The index was made with a model. It stays, and is searched by words, until the model is back.
        opened = open_to_read(cache, IndexState.NO_MODEL, content)
    elif not write:
        found = inspect(file, content)
        opened = open_to_read(cache, found, content, found)
    else:
        opened = open_to_write(root, cache, content, rebuild=rebuild, patience=patience)
    engine = Engine(root, cache, encoder=encoder, **opened._asdict())
    if engine.state not in (IndexState.READY, IndexState.NEW, IndexState.NO_MODEL):
        notices.append(engine.state.value)
    engine.notices = notices
    if policy is not None:
        engine.policy = policy
        engine.open_reader()
        return engine
    if engine.is_unclean and damage_of(engine.store):
        _repair(engine)
    engine.is_unclean = False
    try:
        _refresh(engine)
    except sqlite3.DatabaseError as error:
        if not is_corruption(error):
            raise
        _repair(engine)
    return engine


def check(engine: Engine) -> None:
    """Compare the saved search structures with their checksums; what is damaged is taken away, and made by the update.

    A gigabyte takes about half a second. The database is looked over when it is opened, if it may need that.
    """
    if engine.lock is None:
        return
    damaged = [file for file in check_segments(engine.cache) if file is not None]
    for file in damaged:
        engine.reader.drop(file)
    if damaged:
        _refresh(engine)


def update(
    engine: Engine,
    *,
    workers: int | None = None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    stopped: Callable[[], bool] = lambda: False,
) -> UpdateReport | None:
    """Bring the index up to date with the workspace; None when this process may not write it.

    Raises:
        RootError: the workspace has gone.
    """
    if engine.lock is None and not engine.in_memory:
        return None

    def run() -> UpdateReport:
        return update_store(
            engine.root,
            engine.store,
            engine.encoder,
            workers=worker_count() if workers is None else workers,
            on_progress=on_progress,
            stopped=stopped,
        )

    report = None
    for may_repair in (True, True, False):
        try:
            report = run()
            engine.complete = report.complete
            if report.read or report.removed or not engine.snapshot.views:
                _refresh(engine)
            break
        except (sqlite3.DatabaseError, OSError) as error:
            if may_repair and is_corruption(error):
                _repair(engine)
                continue
            if not is_full(error):
                raise
            engine.state, engine.complete = IndexState.FULL, False
            engine.notices.append(IndexState.FULL.value)
            _refresh(engine)
            break
    _embed_lost(engine)
    return report


def compute_contextual(
    engine: Engine,
    *,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    stopped: Callable[[], bool] = lambda: False,
) -> bool:
    """Compute missing contextual embeddings, newest files first; false when stopped, or this process may not write.

    What is done stays; a file that has changed meanwhile is left to the next update.

    Raises:
        BundleError: the contextual encoder cannot be used.
        sqlite3.OperationalError: the store cannot be written.
    """
    if engine.encoder is None or not engine.encoder.has_contextual or (engine.lock is None and not engine.in_memory):
        return False
    encoder = engine.encoder.contextual()
    done, total = engine.store.contextual_counts()
    for number in files_without_contextual(engine.store):
        if stopped():
            break
        outcome = embed_file(engine.root, engine.store, encoder, number, stopped)
        if outcome.vectors is not None:
            done += len(outcome.vectors)
            on_progress(Progress(done, total, outcome.path))
    _refresh(engine)
    return not stopped()


def update_paths(engine: Engine, paths: Collection[str]) -> UpdateReport | None:
    """Bring some files and folders up to date, as after a save; None when this process may not write.

    Args:
        engine: the workspace.
        paths: posix, relative to the root; what is not there any more is forgotten.
    """
    if engine.lock is None and not engine.in_memory:
        return None
    report = update_store(engine.root, engine.store, engine.encoder, only=paths)
    _refresh(engine)
    return report


def ask(
    engine: Engine, text: str, *, languages: tuple[str, ...] = (), paths: tuple[str, ...] = (),
    kinds: tuple[str, ...] = (), contents: tuple[str, ...] = (), within: str = "", limit: int = 10,
) -> Answer:  # fmt: skip
    """Answer a query as a person typed it.

    Raises:
        QueryError: the query cannot be answered.
    """
    query = parse_query(text, languages=languages, paths=paths, kinds=kinds, contents=contents, within=within)
    return answer(engine, query, limit=limit)


def answer(engine: Engine, query: Query, *, limit: int = 10) -> Answer:
    """Answer a parsed query."""
    return _undamaged(
        engine,
        lambda: search(engine.root, engine.snapshot, engine.encoder, query, limit=limit, complete=engine.complete),
    )


def similar(engine: Engine, path: str, line: int, last: int | None = None, *, limit: int = 10) -> Answer:
    """Find code like the definition that stands at a line, or at the first of several lines that has one.

    Args:
        engine: the workspace.
        path: posix, relative to the root.
        line: 1-based.
        last: the last line, inclusive; None for the one line.
        limit: how many hits at most.

    Raises:
        QueryError: there is no code at that place.
    """
    source = read_source(engine.root, path, is_wanted=True)
    if isinstance(source, Skip):
        raise QueryError(f"{path}: cannot be searched with ({source.reason})")
    chunks = chunks_at(path, source, range(line, (last or line) + 1))
    if not chunks:
        raise QueryError(f"{path}:{line}: no code at this line")
    return _undamaged(
        engine,
        lambda: similar_at(engine.root, engine.snapshot, engine.encoder, chunks, complete=engine.complete, limit=limit),
    )


def chunk_at(path: str, source: bytes, line: int) -> Chunk | None:
    """Return the innermost definition, or the code between definitions, at a 1-based line of a source."""
    return next(iter(chunks_at(path, source, range(line, line + 1))), None)


def _undamaged(engine: Engine, ask: Callable[[], Answer]) -> Answer:
    """Return an answer; when the search structures turn out to be damaged, one from what is made in their place."""
    for _ in range(_MOST_DAMAGED):
        try:
            return ask()
        except DamagedFileError as error:
            engine.reader.drop(error.path)
        try:
            _refresh(engine)
        except sqlite3.DatabaseError as error:
            if not is_corruption(error):
                raise
            _repair(engine)
            update(engine)
    return ask()


def _repair(engine: Engine) -> None:
    """Take damaged rows out of the store, to be made again by the next update, or begin it anew; say so."""
    damage = damage_of(engine.store) if engine.lock is not None else Damage(is_beyond_rows=True)
    if damage and not damage.is_beyond_rows:
        try:
            lost = engine.store.forget(damage)
            engine.lost += [path for path, in_context in lost.items() if in_context]
            engine.snapshot, engine.complete = EMPTY, False
            engine.notices.append(damage_notice(len(lost)))
            _refresh(engine)
            return
        except sqlite3.DatabaseError as error:
            if not is_corruption(error):
                raise
    _begin_anew(engine)


def damage_notice(files: int) -> str:
    """Return the line that says that some files of the index are made again."""
    return f"the index of {files:,} file{'s' if files > 1 else ''} was damaged and is made again"


SEGMENT_NOTICE = "a part of the index that was made for search was damaged and is made again"


def _begin_anew(engine: Engine) -> None:
    """Put an empty store in the place of one whose rows cannot be read."""
    engine.store.close()
    file = engine.cache / DATABASE
    content = content_version(engine.encoder.bundle.manifest.identity if engine.encoder else None)
    if engine.lock is None:
        engine.store, engine.in_memory = open_in_memory(content), True
    else:
        discard(file)
        engine.store, _ = open_store(file, content)
    engine.reader.close()
    engine.open_reader()
    engine.state, engine.snapshot, engine.complete = IndexState.DAMAGED, EMPTY, False
    engine.notices.append(IndexState.DAMAGED.value)
    _refresh(engine)


def _note_once(notices: list[str], notice: str) -> None:
    if notice not in notices:
        notices.append(notice)


def _refresh(engine: Engine) -> None:
    """Publish the newest view."""
    engine.reader.replay()
    engine.generation += 1
    engine.snapshot = engine.reader.snapshot(engine.generation)


def _embed_lost(engine: Engine) -> None:
    """Compute again what was lost with damaged rows; what fails is left to the contextual pass."""
    if not engine.lost or engine.encoder is None or not engine.encoder.has_contextual:
        return
    numbers = [number for path in engine.lost if (number := engine.store.id_of(path)) is not None]
    engine.lost.clear()
    with suppress(BundleError):
        encoder = engine.encoder.contextual()
        for number in numbers:
            embed_file(engine.root, engine.store, encoder, number)
    _refresh(engine)
