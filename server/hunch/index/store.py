"""SQLite: the only truth about what is indexed, and the only SQL, with hunch.index.schema and integrity.

One transaction a file. The journal is a write-ahead log with synchronous=NORMAL: a killed process loses nothing that
was committed and tears nothing; a power cut can lose the last commits, which the next scan finds and repairs.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hunch.index.integrity import (
    CONTENT_ROW,
    Damage,
    DamagedStoreError,
    check_tables,
    file_seal,
    is_content_damaged,
    is_contextual_damaged,
    look_over,
    seal_of,
)
from hunch.index.packing import pack_content, unpack_content
from hunch.index.schema import SCHEMA, STORAGE_FORMAT, connect, connect_for_reading, create_tables, put_note
from hunch.text.terms import Postings

CONTENT_FORMAT = 2
"""What chunker, text and terms make of a file. 1: the first."""

_KNOWN = "language, size, mtime_ns, digest, skipped, chunks, ctime_ns, inode, read_ns, problem"
"""The columns of a FileRecord after its path."""


class IndexState(Enum):
    """What was found when an index was opened, each with the sentence a person reads."""

    READY = "the index is ready"
    NEW = "there was no index yet"
    DAMAGED = "the index was damaged and has to be rebuilt"
    OTHER_FORMAT = "the index is of another version of Hunch and has to be rebuilt"
    OTHER_CONTENT = "the model or the way code is read has changed: the index has to be rebuilt"
    READ_ONLY = "the cache folder cannot be written: what is found here is kept in memory only"
    FULL = "the disk is full: the index is not up to date, search goes on with what is there"
    LOCKED = "another process is indexing this folder: search goes on with what is there so far"
    NO_MODEL = "the model cannot be loaded: search goes by words only"


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What is known of one file without its content."""

    path: str
    language: str
    size: int
    mtime_ns: int
    digest: bytes
    """BLAKE2b of the content, 16 bytes; empty for a file that was not read."""
    skipped: str | None
    """Why its content does not count, None when it does."""
    chunks: int
    ctime_ns: int = 0
    """Of the last change of the file or of what is noted about it; on Windows of its creation."""
    inode: int = 0
    """0 where the system has none."""
    read_ns: int = field(default=0, compare=False)
    """By this machine's clock, before the content was read; see hunch.index.stamps."""
    problem: str | None = None
    """What kept it from being read by its grammar, see hunch.index.isolation; None when nothing did."""


@dataclass(frozen=True, slots=True)
class FileContent:
    """What is derived from one file's content: n chunks."""

    records: list[bytes]
    """One JSON array a chunk, in the order of hunch.index.records."""
    vectors: NDArray[np.float16]
    """float16 [n, dim]; dim 0 without a model"""
    postings: Postings


class Store:
    """A connection to one workspace's database. Use it from one thread."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Let everything that is read inside come from one moment, whatever another process writes meanwhile."""
        self._connection.execute("BEGIN")
        try:
            yield
        finally:
            self._connection.rollback()

    def close(self) -> None:
        """Close the connection; whatever was committed stays."""
        self._connection.close()

    def known_files(self) -> dict[str, tuple[int, FileRecord]]:
        """Return every file of the index with its id, by path."""
        rows = self._connection.execute(f"SELECT path, {_KNOWN}, id FROM files")
        return {row[0]: (row[-1], FileRecord(*row[:-1])) for row in rows}

    def known_file(self, path: str) -> FileRecord | None:
        """Return what is known of one file."""
        row = self._connection.execute(f"SELECT path, {_KNOWN} FROM files WHERE path = ?", (path,)).fetchone()
        return None if row is None else FileRecord(*row)

    def id_of(self, path: str) -> int | None:
        """Return the id of one file; it changes whenever the file is replaced."""
        row = self._connection.execute("SELECT id FROM files WHERE path = ?", (path,)).fetchone()
        return None if row is None else int(row[0])

    def known_under(self, paths: Iterable[str]) -> dict[str, tuple[int, FileRecord]]:
        """Return the files of the index that are one of some paths or lie in one of them, with their ids, by path."""
        found: dict[str, tuple[int, FileRecord]] = {}
        for path in paths:
            rows = self._connection.execute(
                f"SELECT path, id, {_KNOWN} FROM files WHERE path = ? OR (path > ? AND path < ?)",
                (path, f"{path}/", f"{path}0"),  # 0 is the character after /
            )
            found.update({known: (number, FileRecord(known, *rest)) for known, number, *rest in rows})
        return found

    @property
    def data_version(self) -> int:
        """A number that changes when another connection has committed."""
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def chunk_counts(self) -> dict[int, int]:
        """Return how many chunks each file has that has any, by id, in the order of the ids."""
        return dict(self._connection.execute("SELECT id, chunks FROM files WHERE chunks > 0 ORDER BY id"))

    def records(self, ids: Iterable[int]) -> Iterator[tuple[int, FileRecord]]:
        """Yield what is known of some files, in the order of the ids given."""
        for number in ids:
            row = self._connection.execute(f"SELECT path, {_KNOWN} FROM files WHERE id = ?", (number,)).fetchone()
            if row is not None:
                yield number, FileRecord(*row)

    def counts(self) -> tuple[int, int]:
        """Return how many files have chunks, and how many chunks there are."""
        files, chunks = self._connection.execute(
            "SELECT count(*), total(chunks) FROM files WHERE chunks > 0"
        ).fetchone()
        return int(files), int(chunks)

    def problems(self) -> dict[str, str]:
        """Return what kept files from being read by their grammar, by path."""
        return dict(self._connection.execute("SELECT path, problem FROM files WHERE problem IS NOT NULL ORDER BY path"))

    def contents(self, ids: Iterable[int]) -> Iterator[tuple[int, FileContent]]:
        """Yield what is derived from some files, in the order of the ids given.

        Raises:
            DamagedStoreError: a row is not as it was written.
        """
        for number in ids:
            row = self._connection.execute(CONTENT_ROW, (number,)).fetchone()
            if row is None:
                known = self._connection.execute("SELECT chunks FROM files WHERE id = ?", (number,)).fetchone()
                if known is None or not known[0]:
                    continue
            if is_content_damaged(row, number):
                raise DamagedStoreError(f"the row of file {number} is torn")
            yield number, FileContent(*unpack_content(*row[:3]))

    def entries(self, ids: Iterable[int]) -> Iterator[tuple[int, FileRecord, FileContent]]:
        """Yield record and content of some files, one after the other, in the order of the ids given.

        Raises:
            DamagedStoreError: a row is not as it was written.
        """
        for number, record in self.records(ids):
            for _, content in self.contents([number]):
                yield number, record, content

    def count_chunks(self, ids: Iterable[int]) -> int:
        """Return how many chunks some files have in all."""
        return sum(record.chunks for _, record in self.records(ids))

    def contextual(self, ids: Iterable[int] | None = None) -> Iterator[tuple[int, NDArray[np.int8]]]:
        """Yield the contextual embeddings of some files, or of all that have them, int8 [chunks, dim] each.

        Raises:
            DamagedStoreError: a row is not as it was written.
        """
        query = (
            "SELECT c.file_id, f.chunks, CAST(c.vectors AS BLOB), c.seal"
            " FROM contextual c JOIN files f ON f.id = c.file_id"
        )
        if ids is None:
            rows: Iterable[tuple[int, int, bytes, int]] = self._connection.execute(query)
        else:
            found = (self._connection.execute(f"{query} WHERE c.file_id = ?", (number,)).fetchone() for number in ids)
            rows = (row for row in found if row is not None)
        dim = 0
        for number, chunks, packed, seal in rows:
            if is_contextual_damaged((packed, seal), number):
                raise DamagedStoreError(f"the contextual embeddings of file {number} are torn")
            if not chunks:
                continue
            dim = dim or len(packed) // chunks
            if not dim or len(packed) != chunks * dim:
                raise DamagedStoreError(f"the contextual embeddings of file {number} are torn")
            yield number, np.frombuffer(packed, np.int8).reshape(chunks, dim)

    def contextual_ids(self) -> set[int]:
        """Return the ids of the files that have contextual embeddings."""
        return {number for (number,) in self._connection.execute("SELECT file_id FROM contextual")}

    def without_contextual(self, limit: int) -> list[int]:
        """Return the ids of some files with chunks and without contextual embeddings, the newest first."""
        rows = self._connection.execute(
            "SELECT id FROM files WHERE chunks > 0 AND id NOT IN (SELECT file_id FROM contextual)"
            " ORDER BY id DESC LIMIT ?",
            (limit,),
        )
        return [number for (number,) in rows]

    def contextual_counts(self) -> tuple[int, int]:
        """Return how many chunks have contextual embeddings, and how many there are."""
        done, total = self._connection.execute(
            "SELECT total(CASE WHEN c.file_id IS NULL THEN 0 ELSE f.chunks END), total(f.chunks)"
            " FROM files f LEFT JOIN contextual c ON c.file_id = f.id"
        ).fetchone()
        return int(done), int(total)

    def put_contextual(self, number: int, vectors: NDArray[np.int8]) -> bool:
        """Keep the contextual embeddings of a file, in one transaction; false when the file has gone meanwhile."""
        with self._connection:
            there = self._connection.execute("SELECT chunks FROM files WHERE id = ?", (number,)).fetchone()
            if there is None or there[0] != len(vectors):
                return False
            packed = vectors.tobytes()
            self._connection.execute("DELETE FROM contextual WHERE file_id = ?", (number,))
            self._connection.execute("INSERT INTO contextual VALUES (?,?,?)", (number, packed, seal_of(number, packed)))
        return True

    def replace_file(self, record: FileRecord, content: FileContent | None) -> tuple[int | None, int]:
        """Put a file in the place of what was known under its path, in one transaction; return its old and new id.

        Ids are never used twice, so a snapshot tells by them alone which of its files are gone.
        """
        with self._connection:
            before = self._connection.execute("SELECT id FROM files WHERE path = ?", (record.path,)).fetchone()
            if before is not None:
                self._connection.execute("DELETE FROM files WHERE id = ?", before)
            number = 1 + int(
                self._connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'last id'").fetchone()[0]
            )
            seal = file_seal(
                number, record.path, record.language, record.digest, record.skipped, record.chunks, record.problem
            )
            self._connection.execute(
                f"INSERT INTO files (id, path, {_KNOWN}, seal) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
                (number, record.path, record.language, record.size, record.mtime_ns, record.digest, record.skipped,
                 record.chunks, record.ctime_ns, record.inode, record.read_ns, record.problem, seal),
            )  # fmt: skip
            if content is not None and content.records:
                packed = pack_content(content.records, content.vectors, content.postings)
                self._connection.execute(
                    "INSERT INTO contents VALUES (?,?,?,?,?)", (number, *packed, seal_of(number, *packed))
                )
        return before[0] if before else None, number

    def touch_file(self, record: FileRecord) -> None:
        """Note the stamps under which the content that is known of a file was found unchanged."""
        with self._connection:
            self._connection.execute(
                "UPDATE files SET size = ?, mtime_ns = ?, ctime_ns = ?, inode = ?, read_ns = ?"
                " WHERE path = ? AND digest = ?",
                (record.size, record.mtime_ns, record.ctime_ns, record.inode, record.read_ns,
                 record.path, record.digest),
            )  # fmt: skip

    def remove_files(self, paths: Iterable[str]) -> None:
        """Forget files, each in a transaction of its own."""
        for path in paths:
            with self._connection:
                self._connection.execute("DELETE FROM files WHERE path = ?", (path,))

    def checkpoint_apart(self) -> None:
        """Leave checkpoints to hunch.index.wal_checkpoint, unless the log it grows beyond measure (128 MB)."""
        self._connection.execute("PRAGMA wal_autocheckpoint = 32000")

    @property
    def is_in_memory(self) -> bool:
        """Whether the store ends with the process."""
        return not self._connection.execute("PRAGMA database_list").fetchone()[2]

    @property
    def identity(self) -> str:
        """What tells this database from one that was begun anew in its place."""
        return self.get_meta("identity") or ""

    def get_meta(self, key: str) -> str | None:
        """Return a note about the whole index."""
        row = self._connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def set_meta(self, key: str, value: str) -> None:
        """Write a note about the whole index."""
        with self._connection:
            put_note(self._connection, key, value)

    def damage(self) -> Generator[None, None, Damage]:
        """Look at every row in small steps; see look_over."""
        return look_over(self._connection, SCHEMA)

    def forget(self, damage: Damage) -> dict[str, bool]:
        """Drop damaged rows, in one transaction; return the files' paths and whether they had contextual embeddings."""
        with self._connection:
            found = [
                self._connection.execute(
                    "SELECT path, id IN (SELECT file_id FROM contextual) FROM files WHERE id = ?", (number,)
                ).fetchone()
                for number in damage.contents | damage.contextual
            ]
            for number in damage.contextual:
                self._connection.execute("DELETE FROM contextual WHERE file_id = ?", (number,))
            for number in damage.contents:
                self._connection.execute("DELETE FROM files WHERE id = ?", (number,))
        return {str(row[0]): bool(row[1]) for row in found if row is not None}

    def bytes_used(self) -> int:
        """Return the size of the database's pages in bytes."""
        pages, size = (self._connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
        return int(pages) * int(size)


def damage_of(store: Store) -> Damage:
    """Return what of a store is damaged."""
    steps = store.damage()
    while True:
        try:
            next(steps)
        except StopIteration as end:
            damage: Damage = end.value
            return damage


def open_store(file: Path, content: str) -> tuple[Store, IndexState]:
    """Open the database for writing, or begin it anew when it is damaged or of another version.

    Args:
        file: where the database is.
        content: what the rows must have been made by; see content_version.

    Raises:
        OSError, sqlite3.OperationalError: the folder cannot be written, or the disk is full.
    """
    state = inspect(file, content)
    if state in (IndexState.DAMAGED, IndexState.OTHER_FORMAT, IndexState.OTHER_CONTENT):
        discard(file)
    with suppress(FileExistsError):  # private from the start: SQLite gives its journals the mode of the database
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    connection = connect(str(file))
    if state is not IndexState.READY:
        create_tables(connection, content)
    return Store(connection), state


def open_for_reading(file: Path) -> Store:
    """Open an existing database without ever writing to it.

    Raises:
        sqlite3.Error: it cannot be read.
    """
    connection = connect_for_reading(file)
    connection.execute("SELECT count(*) FROM meta").fetchone()
    return Store(connection)


def open_in_memory(content: str) -> Store:
    """Return an empty store that ends with the process."""
    connection = connect(":memory:")
    create_tables(connection, content)
    return Store(connection)


def inspect(file: Path, content: str) -> IndexState:
    """Say what is at that place without changing it: READY, NEW, DAMAGED, OTHER_FORMAT or OTHER_CONTENT."""
    try:
        file.stat()
    except OSError:
        return IndexState.NEW  # or out of reach, which comes out when it is to be written
    try:
        with closing(connect_for_reading(file)) as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version == 0 and not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                return IndexState.NEW  # killed before the schema was committed
            if version != STORAGE_FORMAT:
                return IndexState.OTHER_FORMAT
            found = connection.execute("SELECT value FROM meta WHERE key = 'content'").fetchone()
            check_tables(connection, SCHEMA)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            return IndexState.READY  # as far as one can tell
        return IndexState.DAMAGED
    return IndexState.READY if found and found[0] == content else IndexState.OTHER_CONTENT


def content_version(model: str | None) -> str:
    """Return what identifies the content of an index: the content format and the model's identity."""
    return f"{CONTENT_FORMAT}:{model or 'words-only'}"


def checkpoint(file: Path) -> None:
    """Copy the write-ahead log into the database, from any thread; neither readers nor the writer wait for it."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(file, timeout=0)) as connection:
        connection.execute("PRAGMA wal_checkpoint(PASSIVE)")


def discard(file: Path) -> None:
    """Delete a database with its journal."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
